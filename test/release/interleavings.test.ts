import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lock } from '../../src/domain/control.ts'
import { isOver, type TargetedEvent } from '../../src/domain/event.ts'
import { readTrailers } from '../../src/release/commit-message.ts'
import { alice, gate } from '../support/builders.ts'
import { drain, run, type TestParts, type TestPorts, testParts } from '../support/parts.ts'
import type { Later } from '../support/temp.ts'

/** What one transaction changes: it may come between the last look and the intent to push, too. */
const controlSteps = ['lock', 'lock the app', 'lock for a minute', 'unlock', 'block', 'unblock', 'approve', 'reject'] as const // biome-ignore format: one list
/** What may happen between any two things that the server does, its decision and its push included. */
const worldSteps = [
  ...controlSteps,
  'demote',
  'promote',
  'close the gate',
  'open the gate',
  'commit by hand',
  'wait',
] as const
/** What people and policies ask for, and one step of the loop. */
const steps = [...worldSteps, 'ask', 'ask by policy', 'force', 'look'] as const
type Step = (typeof steps)[number]

type Run = {
  readonly steps: readonly Step[]
  /** One each time a decision was made, before its commit is built. */
  readonly decided: readonly (typeof worldSteps)[number][]
  /** One each time the commit is built, before the intent to push it is kept. */
  readonly built: readonly (typeof controlSteps)[number][]
  /** One each time the intent is kept, before the push: it comes too late to stop it. */
  readonly intended: readonly (typeof worldSteps)[number][]
}

const quiet: Run = { steps: [], decided: [], built: [], intended: [] }

/** What is true now, as the test knows it apart from the product. */
type World = {
  readonly parts: TestParts
  /** Until when each lock holds, in Unix seconds. */
  readonly locks: Map<string, number>
  readonly blocked: Set<string>
  readonly approved: Set<string>
  readonly rejected: Set<string>
  readonly asked: { readonly id: string; readonly artifactId: string; readonly isForced: boolean }[]
  isApprover: boolean
  isClosed: boolean
}

const policies = {
  'bob.json': gate({ otherwise: 'hold', expires: '9d', require: { approvedBy: { role: 'approver' } } }), // biome-ignore format: one value
}
const closed = gate({ otherwise: 'hold', expires: '9d', message: 'Closed' })
const people = (roles: readonly string[]) => ({
  'people.json': JSON.stringify({ people: [{ login: 'bob', roles }] }),
})
const automatic = { ...alice, login: 'policy:nightly', kind: 'policy', roles: [] } as const

async function newWorld(later: Later): Promise<World> {
  const parts = await testParts({ policies: { ...policies, ...people(['approver']) } }, later)
  const sets = { blocked: new Set<string>(), approved: new Set<string>(), rejected: new Set<string>() } // biome-ignore format: one value
  const world = { parts, locks: new Map(), ...sets, asked: [], isApprover: true, isClosed: false }
  await ask(world, 'ask')
  return world
}

const unixOf = ({ parts }: World) => Math.floor(parts.clock.nowMs() / 1000)
const newestOf = ({ asked }: World) => asked.at(-1) ?? { id: '', artifactId: '' }

/** Every request is of an artifact of its own. */
async function ask({ parts, asked }: World, step: 'ask' | 'ask by policy' | 'force') {
  const number = asked.length + 1
  const request = { id: `r-${number}`, artifactId: `web-${number}`, isForced: step === 'force' }
  const by = step === 'ask by policy' ? ({ actor: automatic, source: 'policy' } as const) : {}
  await parts.push({ id: request.artifactId })
  await parts.ask({ ...by, id: request.id, artifactId: request.artifactId, forced: request.isForced }) // biome-ignore format: one call
  asked.push(request)
}

async function lock(world: World, given: Partial<Lock> = {}) {
  const freeze = { kind: 'freeze', env: 'production', app: null, reason: 'x', by: 'bob', untilUnix: null } as const // biome-ignore format: one value
  const made = { ...freeze, id: `l-${Math.random()}`, createdUnix: unixOf(world), ...given }
  if (await world.parts.controls.lock(made))
    world.locks.set(made.id, made.untilUnix ?? Number.POSITIVE_INFINITY)
}

async function takeControl(world: World, step: (typeof controlSteps)[number]): Promise<void> {
  const { parts, locks, blocked, approved } = world
  const { id, artifactId } = newestOf(world)
  switch (step) {
    case 'lock':
      return lock(world)
    case 'lock the app':
      return lock(world, { app: 'web' })
    case 'lock for a minute':
      return lock(world, { app: 'web', untilUnix: unixOf(world) + 60 })
    case 'unlock':
      await parts.controls.unlock([...locks.keys()], { login: 'bob', unix: 0 })
      return locks.clear()
    case 'block':
      blocked.add(artifactId)
      await parts.controls.addBlock({ artifactId, reason: 'x', by: 'bob', createdUnix: 0 })
      return
    case 'unblock':
      blocked.delete(artifactId)
      await parts.controls.removeBlock(artifactId)
      return
    case 'approve':
      approved.add(id)
      return parts.controls.approve({ eventId: id, login: 'bob', createdUnix: 0 })
    case 'reject':
      if (await parts.controls.reject(id, 'rejected by bob')) world.rejected.add(id)
  }
}

/** Does a step to the product and to what the test knows. */
async function take(world: World, step: Step): Promise<void> {
  const { parts } = world
  switch (step) {
    case 'demote':
    case 'promote':
      world.isApprover = step === 'promote'
      return parts.putPolicies(people(world.isApprover ? ['approver'] : []))
    case 'close the gate':
    case 'open the gate':
      world.isClosed = step === 'close the gate'
      return parts.putPolicies({ 'closed.json': world.isClosed ? closed : null })
    case 'commit by hand':
      await parts.gitops.someoneCommits({ 'note.txt': String(Math.random()) })
      return
    case 'wait':
      return parts.clock.moveMs(30_000)
    case 'ask':
    case 'ask by policy':
    case 'force':
      return ask(world, step)
    case 'look':
      return
    default:
      return takeControl(world, step)
  }
}

/** Why nothing may be committed for a request now. */
function objection(world: World, eventId: string): string | undefined {
  const { id, artifactId, isForced } = world.asked.find((one) => one.id === eventId) ?? newestOf(world) as never // biome-ignore format: one value
  if (world.rejected.has(id)) return 'rejected'
  if (world.blocked.has(artifactId)) return 'blocked'
  if (isForced) return undefined
  if ([...world.locks.values()].some((until) => until > unixOf(world))) return 'locked'
  if (world.isClosed) return 'closed'
  return world.isApprover && world.approved.has(id) ? undefined : 'not approved'
}

/** The ports, with steps between what the server does, and a look at every intent to push. */
function watched(world: World, run: Run, tell: (ref: string, why: string | undefined) => void) {
  const { ports } = world.parts
  const { gitops, landings } = ports
  const left = { decided: [...run.decided], built: [...run.built], intended: [...run.intended] }
  const next = async (when: keyof typeof left) => {
    const step = left[when].shift()
    if (step) await take(world, step)
  }
  return {
    ...ports,
    gitops: {
      url: gitops.url,
      tip: () => gitops.tip(),
      lastTip: () => gitops.lastTip(),
      landed: gitops.landed.bind(gitops),
      async commit(...args: Parameters<typeof gitops.commit>) {
        await next('decided')
        return gitops.commit(...args)
      },
    },
    landings: {
      land: landings.land.bind(landings),
      async intend(intents: Parameters<typeof landings.intend>[0]) {
        await next('built')
        const isCurrent = await landings.intend(intents)
        if (isCurrent) for (const { ref, event } of intents) tell(ref, objection(world, event.id))
        if (isCurrent) await next('intended')
        return isCurrent
      },
    },
  }
}

/** One step of the loop. */
async function look({ parts }: World, ports: TestPorts) {
  parts.clock.moveMs(20_000)
  const events = await ports.events.claimTargeted(parts.clock.nowMs(), 1, ports.environments)
  if (events.length > 0) await run(ports, events as TargetedEvent[])
}

/** Takes away what stands in the way: what is not over now waits for nothing. */
async function clear(world: World) {
  const { parts, asked } = world
  for (const step of ['unlock', 'promote', 'open the gate'] as const) await take(world, step)
  for (const { id, artifactId } of asked) {
    await parts.controls.removeBlock(artifactId)
    world.blocked.delete(artifactId)
    world.approved.add(id)
    await parts.controls.approve({ eventId: id, login: 'bob', createdUnix: 0 })
  }
  parts.clock.moveMs(20_000)
}

/** Plays one interleaving, and answers how many commits there are and what is wrong. */
async function play(run: Run, later: Later): Promise<{ commits: number; wrong: string[] }> {
  const world = await newWorld(later)
  const intents = new Map<string, string | undefined>()
  const tell = (ref: string, why: string | undefined) => intents.set(ref, why)
  const ports = watched(world, run, tell)
  for (const step of run.steps)
    if (step === 'look') await look(world, ports)
    else await take(world, step)
  await look(world, ports)
  await clear(world)
  await drain(watched(world, quiet, tell))
  return judged(world, intents)
}

async function judged({ parts, asked }: World, intents: ReadonlyMap<string, string | undefined>) {
  const wrong: string[] = []
  const perEvent = new Map<string, number>()
  for (const { ref, trailers } of await commitsOf(parts)) {
    const { releaseId } = trailers
    perEvent.set(releaseId, (perEvent.get(releaseId) ?? 0) + 1)
    const why = intents.has(ref) ? intents.get(ref) : 'never intended'
    if (why) wrong.push(`${releaseId} was committed: ${why}`)
  }
  for (const { id } of asked) {
    const { status } = (await parts.events.find(id)) as TargetedEvent
    const commits = perEvent.get(id) ?? 0
    if (!isOver(status)) wrong.push(`${id} is ${status} although nothing is in its way`)
    if (commits !== (status === 'processed' ? 1 : 0)) wrong.push(`${id} is ${status}, with ${commits} commits`) // biome-ignore format: one claim
  }
  return { commits: perEvent.size, wrong }
}

/** The commits of GimletD on the remote. */
async function commitsOf({ gitops }: TestParts) {
  const printed = await gitops.remoteGit(['log', '-z', '--format=%H%n%B', 'main'])
  return printed.split('\0').flatMap((entry) => {
    const trailers = readTrailers(entry)
    return trailers ? [{ ref: entry.slice(0, entry.indexOf('\n')), trailers }] : []
  })
}

const some = <Of extends Step>(of: readonly Of[], maxLength: number) =>
  fc.array(fc.constantFrom(...of), { maxLength })

test('F3, F29, F30, A27: no commit is made against a lock, a block, a gate or a rejection of its moment, however things interleave', async () => {
  const runs = fc.record({
    steps: some([...steps, 'look', 'look', 'approve', 'approve', 'ask'], 12),
    decided: some(worldSteps, 3),
    built: some(controlSteps, 2),
    intended: some(worldSteps, 2),
  })
  let commits = 0
  const holds = async (one: Run) => {
    const ends: (() => unknown)[] = []
    try {
      const played = await play(one, (end) => void ends.push(end))
      expect(played.wrong).toEqual([])
      commits += played.commits
    } finally {
      for (const end of ends.reverse()) await end()
    }
  }
  await fc.assert(fc.asyncProperty(runs, holds), { numRuns: 40, examples: examples() })
  // A run without commits would prove nothing.
  expect(commits).toBeGreaterThan(20)
})

/** What is worth to be tried every time: each step right before the push, after a yes. */
function examples(): [Run][] {
  const none: Run = { ...quiet, steps: ['approve'] }
  const late = ['lock', 'lock for a minute', 'block', 'reject', 'demote', 'close the gate'] as const
  const cut = ['lock the app', 'block', 'reject'] as const
  return [
    ...late.map((step) => [{ ...none, decided: [step] }] as [Run]),
    ...cut.map((step) => [{ ...none, built: [step] }] as [Run]),
    ...late.map((step) => [{ ...none, intended: [step] }] as [Run]),
    [{ ...none, intended: ['commit by hand'], decided: ['wait', 'lock'] }],
    [
      {
        ...none,
        steps: ['approve', 'look', 'force'],
        decided: ['lock'],
        built: ['unlock', 'lock'],
      },
    ],
  ]
}
