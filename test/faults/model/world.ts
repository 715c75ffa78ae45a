import type { Command } from '../../../src/domain/command.ts'
import type { Outcome } from '../../../src/domain/outcome.ts'
import { manifest } from '../../support/builders.ts'
import { settableClock } from '../../support/clock.ts'
import type { Request } from './folder.ts'
import type { Host } from './host.ts'
import { Model, type Seen } from './model.ts'
import { serverOn } from './place.ts'
import { type Login, Rules } from './rules.ts'
import { keptSources, previewManifest, sourcesOf } from './sources.ts'

export type World = Awaited<ReturnType<typeof newWorld>>

/** A request as the database has it. */
type Row = Pick<Request, 'kind' | 'artifact' | 'by' | 'status'> & {
  readonly id: string
  readonly why: string
}

/** The product with its host and its clock, and beside it the model of what it should do. */
export async function newWorld(host: Host, databaseFile: string) {
  const clock = settableClock('2030-01-07T09:30:00Z')
  const rules = new Rules(() => clock.nowMs())
  const model = new Model(rules)
  // What did not change is not read anew, as from a folder.
  const policies = keptSources(() => rules.files())
  const ground = { databaseFile, access: host.access, clock, policies, manifests: () => manifests }
  let server = await serverOn(ground)
  const accepted: string[] = []
  /** What was asked, and answered, since it was looked at. */
  const said: string[] = []
  const rowsOf = async () => {
    const rows = await server.database.read(
      `select * from events where env is not null and app is not null order by seq`,
    )
    const byPlace = new Map<string, Row[]>()
    for (const { id, env, app, kind, artifact_id, actor, status, status_desc } of rows) {
      const { login } = JSON.parse(String(actor)) as { login: string }
      const artifact = kind === 'delete' ? '' : String(artifact_id)
      const row = { id: String(id), kind, artifact, by: login, status, why: status_desc } as Row
      byPlace.set(`${env}/${app}`, [...(byPlace.get(`${env}/${app}`) ?? []), row])
    }
    return byPlace
  }
  return {
    ...{ host, model, rules, clock, said },
    /** Asks the product, and answers whether it takes it. */
    async ask(login: Login, command: Command): Promise<Outcome> {
      const outcome = await server.ask(rules.actor(login), command)
      said.push(`${login} ${JSON.stringify(command)} ${outcome.kind}`)
      if (outcome.kind === 'accepted') accepted.push(outcome.id)
      if (outcome.kind === 'artifact-stored') accepted.push(outcome.artifact.id)
      return outcome
    },
    look: () => server.look(),
    async idOf({ place, at }: Request): Promise<string> {
      return (await rowsOf()).get(place)?.[at]?.id ?? 'nothing'
    },
    /** The loop steps, in the product and in the model. */
    async step(): Promise<void> {
      clock.moveMs(20_000)
      const begun = await server.database.read('select event_id from commits')
      const before = await host.pushed()
      if (!host.isAway()) await server.look()
      await server.step()
      const rows = await rowsOf()
      const expanded = await server.database.read(
        `select artifact_id from events where kind = 'artifact' and status = 'processed'`,
      )
      const rowOf = ({ place, at }: Request) => rows.get(place)?.[at]
      const begunIds = new Set(begun.map(({ event_id }) => String(event_id)))
      const seen: Seen = {
        isAway: host.isAway(),
        statusOf: (request) => rowOf(request)?.status ?? 'new',
        isPushed: (request) => before.has(rowOf(request)?.id ?? ''),
        isBegun: (request) => begunIds.has(rowOf(request)?.id ?? ''),
        isExpanded: (id) => expanded.some(({ artifact_id }) => artifact_id === id),
      }
      model.step(seen)
    },
    /** The commit of an open request may be on its way. */
    mayBePushed: async (): Promise<boolean> =>
      (
        await server.database.read(
          `select 1 from commits c join events e on e.id = c.event_id
           where e.status in ('new', 'held')`,
        )
      ).length > 0,
    async restart(): Promise<void> {
      server.stop()
      server = await serverOn(ground)
    },
    /** What the model and the product do not say alike, by place. */
    async differences(): Promise<string[]> {
      const rows = await rowsOf()
      const running = await server.releases.running({})
      const runs = new Map(running.map(({ env, app, artifactId }) => [`${env}/${app}`, artifactId]))
      const places = new Set([...rows.keys(), ...runs.keys(), ...model.folders.keys()])
      return [...places].flatMap((place) => {
        const folder = model.folder(place)
        const wanted = [folder.runs?.artifact ?? 'nothing', ...folder.requests.map(textOf)]
        const asked = rows.get(place) ?? []
        const found = [runs.get(place) ?? 'nothing', ...asked.map(textOf)]
        const at = wanted.findIndex((text, index) => text !== found[index])
        if (at === -1 && wanted.length === found.length) return []
        return [
          `${place}: the model says ${wanted.join(', ')}; the product ${found.join(', ')}: ${asked.at(-1)?.why}`,
        ]
      })
    },
    judged: () => host.judged({ database: databaseFile, accepted }),
    stop: () => server.stop(),
  }
}

const textOf = ({ kind, artifact, by, status }: Omit<Row, 'id' | 'why'>) =>
  `${kind} ${artifact} by ${by}: ${status}`

const own = { extra: 'repository: example/web\n' }
const api = { app: 'api', extra: 'repository: example/api\n' }
const manifests = sourcesOf(
  new Map([
    ['web-staging.yaml', manifest({ env: 'staging', ...own })],
    ['web-production.yaml', manifest(own)],
    ['web-preview.yaml', previewManifest(own.extra)],
    ['api-staging.yaml', manifest({ env: 'staging', ...api })],
    ['api-production.yaml', manifest(api)],
  ]),
)
