import fc from 'fast-check'
import type { Command } from '../../../src/domain/command.ts'
import { isRefusal } from '../../../src/domain/fault.ts'
import { artifact } from '../../support/builders.ts'
import type { Request } from './folder.ts'
import { branches } from './model-previews.ts'
import { type Login, logins } from './rules.ts'
import type { World } from './world.ts'

/** Something that people, the host or time do: to the product and to the model, which have to agree on it. */
export type Deed = {
  /** Whether it can happen now. */
  can?(world: World): boolean
  run(world: World): Promise<void>
}

/** A person asks for something, which is taken by both or by neither. */
async function asked(
  { ask }: World,
  { by, command, isTaken }: { by: Login; command: Command; isTaken: boolean },
): Promise<void> {
  const outcome = await ask(by, command)
  if (isRefusal(outcome) === isTaken)
    throw new Error(
      `${by} asks for ${JSON.stringify(command)}: ${JSON.stringify(outcome)}, and the model ${isTaken ? 'takes it' : 'refuses'}`,
    )
}

// Most of one app: what follows on each other there is what is worth to be tried.
const app = fc.constantFrom('web', 'web', 'web', 'api')
const env = fc.constantFrom('staging', 'staging', 'production')
const by = fc.constantFrom(...logins)
const releaser = fc.constantFrom('alice', 'alice', 'alice', 'bob', 'bob', 'dave', 'vera')
const nth = fc.nat(99)
const pick = <T>(all: readonly T[], at: number): T | undefined => all[at % Math.max(1, all.length)]

type Posted = { number: number; app: string; branch: string | null; by: Login }

/** CI posts a build of main, or of a branch with a pull request. */
export async function posts(world: World, { number, app, branch, by }: Posted): Promise<void> {
  const id = `build-${number}`
  const commit = {
    repositoryName: `example/${app}`,
    sha: number.toString(16).repeat(40).slice(0, 40),
  }
  const built = branch ? { event: 'pr', sourceBranch: branch, targetBranch: 'main' } : {}
  const version = { ...commit, branch: 'main', ...built }
  const items = [{ name: 'image', repository: `quay.io/example/${app}`, tag: `v${number}` }]
  const command = { verb: 'push-artifact', artifact: artifact({ id, items, version }) } as const
  const isTaken = world.rules.may(by, 'post') && world.model.post({ id, app, branch })
  await asked(world, { by, command, isTaken })
}

const post = fc
  .record({
    number: fc.nat(9),
    app,
    isPull: fc.nat(3).map((n) => n === 0),
    branch: fc.constantFrom(...branches),
    by: fc.constantFrom('ci', 'ci', 'ci', 'alice'),
  })
  .map(
    ({ isPull, branch, ...given }): Deed => ({
      run: (world) =>
        posts(world, { ...given, branch: isPull && given.app === 'web' ? branch : null }),
    }),
  )

const release = fc.record({ by: releaser, env, nth, isForced: fc.nat(9).map((n) => n === 0) }).map(
  ({ by, env, nth, isForced }): Deed => ({
    can: ({ model }) => model.artifacts.size > 0,
    async run(world) {
      const { model, rules } = world
      const built = pick([...model.artifacts.values()], nth)
      if (!built) return
      const { id: artifactId, app } = built
      const forced = isForced ? { force: true, reason: 'now' } : {}
      const command = { verb: 'release', env, app, artifactId, ...forced } as const
      const isTaken = rules.may(by, 'release') && (!isForced || rules.may(by, 'force'))
      await asked(world, { by, command, isTaken })
      if (isTaken)
        model.folder(`${env}/${app}`).ask({ kind: 'release', artifact: artifactId, by, isForced })
    },
  }),
)

const rollback = fc.record({ by: releaser, env, app }).map(
  ({ by, env, app }): Deed => ({
    async run(world) {
      const folder = world.model.folder(`${env}/${app}`)
      const to = folder.runs ? (folder.before() ?? null) : null
      const isTaken = world.rules.may(by, 'release') && to !== null
      await asked(world, { by, command: { verb: 'rollback', env, app }, isTaken })
      if (isTaken) folder.ask({ kind: 'rollback', artifact: to.artifact, by, to })
    },
  }),
)

const place = fc.oneof(
  fc.record({ env, app }),
  fc.constantFrom(...branches).map((branch) => ({ env: 'preview', app: `web-${branch}` })),
)

const remove = fc.record({ by: releaser, place }).map(
  ({ by, place: { env, app } }): Deed => ({
    async run(world) {
      const folder = world.model.folder(`${env}/${app}`)
      const isTaken = world.rules.may(by, 'release') && folder.runs !== null
      await asked(world, { by, command: { verb: 'delete', env, app }, isTaken })
      if (isTaken) folder.ask({ kind: 'delete', artifact: '', by })
    },
  }),
)

/** Requests that are open come first: to speak of one that is over is tried as well, and rarely. */
const requestOf = ({ model }: World, nth: number): Request | undefined => {
  const all = model.requests()
  const open = all.filter(({ status }) => status === 'held' || status === 'new')
  return nth % 10 === 0 || open.length === 0 ? pick(all, nth) : pick(open, nth)
}

const approve = fc.record({ by, nth }).map(
  ({ by, nth }): Deed => ({
    can: (world) => requestOf(world, nth) !== undefined,
    async run(world) {
      const request = requestOf(world, nth)
      if (!request) return
      const isOpen = request.status === 'held' || request.status === 'new'
      const isTaken = world.rules.may(by, 'approve') && isOpen && request.by !== by
      await asked(world, {
        by,
        command: { verb: 'approve', id: await world.idOf(request) },
        isTaken,
      })
      if (isTaken) request.approvedBy.add(by)
    },
  }),
)

/** A no, or one's own request taken back. */
const reject = fc.record({ by, nth }).map(
  ({ by, nth }): Deed => ({
    can: (world) => requestOf(world, nth) !== undefined,
    async run(world) {
      const request = requestOf(world, nth)
      // Whether that can still be stopped is not for the model to know.
      if (!request || (await world.mayBePushed())) return
      const isOpen = request.status === 'held' || request.status === 'new'
      const isTaken = isOpen && (world.rules.may(by, 'approve') || request.by === by)
      await asked(world, {
        by,
        command: { verb: 'reject', id: await world.idOf(request) },
        isTaken,
      })
      if (isTaken) request.status = 'denied'
    },
  }),
)

const whereOf = ({ env, app }: { env: string; app: string | undefined }) =>
  app === undefined ? env : `${env}/${app}`
const where = fc.record({
  env: fc.constantFrom('staging', 'production', 'preview'),
  app: fc.option(app, { nil: undefined }),
})
const at = ({ env, app }: { env: string; app: string | undefined }) => ({
  env,
  ...(app === undefined ? {} : { app }),
})

const lock = fc.record({ by, where, hours: fc.constantFrom(null, 1) }).map(
  ({ by, where, hours }): Deed => ({
    async run(world) {
      const { rules } = world
      const until = hours === null ? {} : { untilUnix: rules.nowUnix + hours * 3600 }
      const isTaken = rules.may(by, 'control') && rules.lock(whereOf(where), hours)
      await asked(world, {
        by,
        command: { verb: 'lock', ...at(where), reason: 'x', ...until },
        isTaken,
      })
    },
  }),
)

const unlock = fc.record({ by, where }).map(
  ({ by, where }): Deed => ({
    async run(world) {
      const isTaken = world.rules.may(by, 'control') && world.rules.unlock(whereOf(where))
      await asked(world, { by, command: { verb: 'unlock', ...at(where) }, isTaken })
    },
  }),
)

const block = fc.record({ by, nth, isOn: fc.boolean() }).map(
  ({ by, nth, isOn }): Deed => ({
    can: ({ model }) => model.artifacts.size > 0,
    async run(world) {
      const { model, rules } = world
      const { id: artifactId } = pick([...model.artifacts.values()], nth) ?? { id: '' }
      const isThere = rules.blocked.has(artifactId)
      const isTaken = rules.may(by, 'control') && (isOn || isThere)
      const command = isOn
        ? ({ verb: 'block', artifactId, reason: 'x' } as const)
        : ({ verb: 'unblock', artifactId } as const)
      await asked(world, { by, command, isTaken })
      if (isTaken && isOn) rules.blocked.add(artifactId)
      if (isTaken && !isOn) rules.blocked.delete(artifactId)
    },
  }),
)

const policy = fc.constantFrom('needsApproval', 'isClosed', 'carolApproves').map(
  (which): Deed => ({
    async run({ rules }) {
      rules[which] = !rules[which]
    },
  }),
)

const branchDeleted = fc.constantFrom(...branches).map(
  (branch): Deed => ({
    async run(world) {
      const command = { verb: 'branch-deleted', repository: 'example/web', branch } as const
      await asked(world, { by: 'ci', command, isTaken: true })
      world.model.branchDeleted(branch)
    },
  }),
)

const byHand = fc.record({ place, isGone: fc.boolean(), nth }).map(
  ({ place: { env, app }, isGone, nth }): Deed => ({
    can: ({ host }) => !host.isAway(),
    async run(world) {
      const folder = world.model.folder(`${env}/${app}`)
      if (isGone) folder.takeAway()
      else folder.touch()
      const path = `${env}/${app}`
      await world.host.someoneCommits(
        isGone ? { [path]: null } : { [`${path}/note`]: `${nth} ${world.clock.nowMs()}` },
      )
      await world.look()
    },
  }),
)

const deed = (run: Deed['run'], can?: Deed['can']) =>
  fc.constant<Deed>({ run, ...(can && { can }) })
const wait = fc
  .constantFrom(1_800, 3 * 3600)
  .map((seconds): Deed => ({ run: async ({ clock }) => clock.moveMs(seconds * 1000) }))

/** How often each happens, by its name. */
export const deeds: readonly (readonly [string, number, fc.Arbitrary<Deed>])[] = [
  ['post', 8, post],
  ['release', 12, release],
  ['rollback', 8, rollback],
  ['delete', 2, remove],
  ['approve', 8, approve],
  ['reject', 2, reject],
  ['lock', 2, lock],
  ['unlock', 2, unlock],
  ['block', 1, block],
  ['policy', 2, policy],
  ['branch deleted', 2, branchDeleted],
  ['by hand', 2, byHand],
  ['wait', 2, wait],
  [
    'race',
    1,
    deed(
      ({ host }) => host.losesRace(),
      ({ host }) => !host.isAway(),
    ),
  ],
  ['away', 1, deed(({ host }) => host.goesAway())],
  [
    'away at push',
    1,
    deed(
      ({ host }) => host.goesAwayAtPush(),
      ({ host }) => !host.isAway(),
    ),
  ],
  ['back', 2, deed(({ host }) => host.comesBack())],
  ['restart', 2, deed((world) => world.restart())],
  ['step', 16, deed((world) => world.step())],
]
