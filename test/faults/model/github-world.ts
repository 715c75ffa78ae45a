import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { githubParts } from '../../../src/github-parts.ts'
import { makeLog } from '../../../src/log.ts'
import { artifact } from '../../support/builders.ts'
import { settableClock } from '../../support/clock.ts'
import { githubStandIn } from '../../support/github.ts'
import { githubSecret, shas } from '../../support/github-server.ts'
import type { Json } from '../../support/github-state.ts'
import type { Later } from '../../support/temp.ts'
import { memoryHost } from './memory-host.ts'
import { copyOf, serverOn } from './place.ts'
import { Rules } from './rules.ts'
import { previewManifest, sourcesOf } from './sources.ts'

export type GithubWorld = Awaited<ReturnType<typeof githubWorld>>
/** One thing that is delivered, as often as it is called. */
export type Delivery = { readonly name: string; readonly payload: string }

const manifests = sourcesOf(
  new Map([['preview.yaml', previewManifest('repository: example/web\n')]]),
)

/** The door for GitHub's deliveries with all that stands behind it, on a GitOps repository in memory. */
export async function githubWorld(
  given: { folder: string; template: string; name: string },
  later: Later,
) {
  const github = await githubStandIn(later)
  const known = github.repository({ fullName: 'example/web', id: 7 })
  const clock = settableClock()
  github.nowMs = () => clock.nowMs()
  const rules = new Rules(() => clock.nowMs())
  const databaseFile = await copyOf(given.template, join(given.folder, `${given.name}.db`))
  const host = memoryHost()
  const sources = { policies: () => sourcesOf(new Map()), manifests: () => manifests }
  const server = await serverOn({ databaseFile, access: host.access, clock, ...sources })
  later(() => server.stop())
  const parts = await githubParts({
    config: {
      ...{ appId: '1', privateKey: github.privateKey, baseUrl: github.apiUrl },
      secrets: [githubSecret],
    },
    ...{ database: server.database, server: '', commands: server.commands, policies: null },
    gitopsPushed: () => Promise.resolve(),
    isSweeping: false,
    log: makeLog('silent', []),
  })
  later(() => parts.stop())
  const accepted: string[] = []
  return {
    ...{ github, repository: known, clock, server, parts, host },
    /** Listens, for a GitHub that sends by itself, and answers the address. */
    async listen(): Promise<string> {
      const listener = createAdaptorServer({ fetch: parts.handle })
      await new Promise<void>((done) => void listener.listen(0, '127.0.0.1', done))
      later(() => void listener.close())
      const address = listener.address()
      return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
    },
    /** Answers with what the door says. */
    async deliver({ name, payload }: Delivery): Promise<number> {
      const headers = {
        'content-type': 'application/json',
        'x-github-event': name,
        'x-github-delivery': crypto.randomUUID(),
        'x-hub-signature-256': `sha256=${createHmac('sha256', githubSecret).update(payload).digest('hex')}`,
      }
      const url = 'http://localhost/api/github/webhooks'
      return (await parts.handle(new Request(url, { method: 'POST', headers, body: payload })))
        .status
    },
    /** CI posts the artifact of a commit of a pull request's branch. */
    async post(id: string, { sha, branch }: { sha: string; branch: string }): Promise<void> {
      const version = { repositoryName: 'example/web', sha, branch, event: 'pr' }
      const command = { verb: 'push-artifact', artifact: artifact({ id, version }) } as const
      const outcome = await server.ask(rules.actor('ci'), command)
      if (outcome.kind !== 'artifact-stored') throw new Error(JSON.stringify(outcome))
      accepted.push(id)
    },
    /** Everything that was taken is carried out, and the loop comes to rest. */
    async step(): Promise<void> {
      while (parts.isBusy()) await nextTurn()
      clock.moveMs(20_000)
      await server.step()
    },
    /** Nobody here writes to GitHub: what is to be told there waits, against I8. */
    async judged(): Promise<string[]> {
      const wrong = await host.judged({ database: databaseFile, accepted })
      return wrong.filter((one) => !one.startsWith('I8 '))
    },
    /** What runs of previews, by the app's name. */
    async runs(): Promise<ReadonlyMap<string, string>> {
      const running = await server.releases.running({ env: 'preview' })
      return new Map(running.map(({ app, artifactId }) => [app, artifactId]))
    },
  }
}

/** What GitHub tells of the life of one pull request, seconds apart; of others it differs in names only. */
export async function lifeOf({ github, repository, clock }: GithubWorld) {
  const pull = github.pull({ repository, number: 12, headSha: shas.one, headRef: 'its-branch' })
  const sender = github.sender('http://nobody/', { secret: githubSecret })
  const told = async (send: () => Promise<unknown>): Promise<Delivery> => {
    clock.moveMs(5_000)
    await send()
    const { event: name, request } = github.deliveries.at(-1)!
    const pull_request = request.payload.pull_request as Json | undefined
    const shown = pull_request && { pull_request: { ...pull_request, updated_at: github.now() } }
    return { name, payload: JSON.stringify({ ...request.payload, ...shown }) }
  }
  const isLost = true
  const change = (action: string, step: () => void) =>
    told(async () => {
      step()
      await sender.pullRequest(pull, action, { isLost })
    })
  return {
    opened: await change('opened', () => undefined),
    push: await told(() =>
      sender.push({ repository, ref: 'its-branch', before: shas.one, after: shas.two, isLost }),
    ),
    synchronize: await change('synchronize', () => pull.push(shas.two)),
    closed: await change('closed', () => pull.close()),
    deleted: await told(() => sender.deleteBranch({ repository, branch: 'its-branch', isLost })),
  }
}

/** The same of another pull request. */
export function ofAnother(
  { name, payload }: Delivery,
  { number, branch, one, two }: { number: number; branch: string; one: string; two: string },
): Delivery {
  const changed = payload
    .replaceAll('"number":12', `"number":${number}`)
    .replaceAll('its-branch', branch)
    .replaceAll(shas.one, one)
    .replaceAll(shas.two, two)
  return { name, payload: changed }
}
