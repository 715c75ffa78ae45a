import { describe, expect, test } from 'vitest'
import { handle } from '../../src/commands/handle.ts'
import type { CommandPorts } from '../../src/commands/ports.ts'
import type { Actor, Grant } from '../../src/domain/actor.ts'
import type { Command } from '../../src/domain/command.ts'
import { TokenStore } from '../../src/store/tokens.ts'
import { UserStore } from '../../src/store/users.ts'
import { gate, manifest } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'

const needsApproval = gate({ otherwise: 'hold', require: { approvedBy: { role: 'approver' } } })
const peopleFile = (...people: readonly Record<string, unknown>[]) => ({
  'people.json': JSON.stringify({ people }),
})
const actor = (login: string, ...roles: readonly Grant[]): Actor => ({
  login,
  kind: 'token',
  roles,
  teams: [],
  repositories: [],
})
const bob = actor('bob', 'approver')

/** Gives commands to the parts, with nobody who carries out what was asked but `drain`. */
async function commanded(given: Parameters<typeof testParts>[0] = {}) {
  const parts = await testParts(given)
  const ports: CommandPorts = {
    ...parts.ports,
    ...{ artifacts: parts.artifacts, events: parts.events, releases: parts.releases },
    controls: parts.controls,
    users: new UserStore(parts.database),
    source: 'api',
    tokens: new TokenStore(parts.database),
    wake: () => undefined,
    gitops: parts.commandGitops,
  }
  const say = (by: Actor, command: Command) => handle(ports, by, command)
  return { ...parts, say, commands: ports }
}

async function held(parts: TestParts) {
  await parts.push()
  await parts.ask()
  await drain(parts.ports)
  expect(await parts.events.find('r-1')).toMatchObject({ status: 'held' })
}

describe('A27: two logins that have become one person since', () => {
  const one = peopleFile({ login: 'ann', tokens: ['alice'], roles: ['approver'] })

  test('may not approve what either of them asked for, but withdraw it', async () => {
    const parts = await commanded({ policies: { 'bob.json': needsApproval } })
    await held(parts)
    await parts.putPolicies(one)
    const refused = await parts.say(actor('ann', 'approver'), { verb: 'approve', id: 'r-1' })
    expect(refused).toMatchObject({ kind: 'refusal', code: 'forbidden' })
    expect(await parts.controls.approvals('r-1')).toEqual([])
    const back = await parts.say(actor('ann', 'releaser'), { verb: 'reject', id: 'r-1' })
    expect(back).toMatchObject({ kind: 'rejected', what: 'withdrawn' })
  })

  test('count once, whatever rule counts them', async () => {
    const two = gate({ otherwise: 'hold', require: { approvedBy: { count: 2 } } })
    const parts = await commanded({ policies: { 'two.json': two } })
    await held(parts)
    await parts.putPolicies(
      peopleFile({ login: 'bob', tokens: ['bob-phone'], roles: ['approver'] }),
    )
    for (const login of ['bob', 'bob-phone'])
      await parts.controls.approve({ eventId: 'r-1', login, createdUnix: 0 })
    await drain(parts.ports)
    const { decisionId } = (await parts.events.find('r-1')) ?? {}
    const decision = await parts.events.decision(decisionId ?? '')
    expect(decision?.facts.approvals).toMatchObject({ by: ['bob'] })
  })
})

describe('a request of every app that nobody has looked at yet', () => {
  async function asked() {
    const parts = await commanded()
    await parts.push()
    await parts.ask({ app: null })
    return parts
  }

  test.each(['approve', 'reject'] as const)(
    'cannot be judged: %s says to try again',
    async (verb) => {
      const parts = await asked()
      const answer = await parts.say(bob, { verb, id: 'r-1' })
      expect(answer).toMatchObject({ kind: 'refusal', code: 'conflict' })
      expect(answer).toMatchObject({ message: expect.stringMatching(/try again/) })
    },
  )

  test('is no stranger’s to who asked for it', async () => {
    const parts = await asked()
    const answer = await parts.say(actor('alice', 'releaser'), { verb: 'reject', id: 'r-1' })
    expect(answer).toMatchObject({ kind: 'refusal', code: 'conflict' })
    const other = await parts.say(actor('erin', 'releaser'), { verb: 'reject', id: 'r-1' })
    expect(other).toMatchObject({ kind: 'refusal', code: 'forbidden' })
  })
})

describe('a request whose push lost its race, and that is held since', () => {
  test('can be rejected: no commit of it is on its way', async () => {
    const policies = { 'bob.json': needsApproval, ...peopleFile({ login: 'bob', roles: ['approver'] }) } // biome-ignore format: one value
    const parts = await commanded({ policies })
    await held(parts)
    await parts.controls.approve({ eventId: 'r-1', login: 'bob', createdUnix: 0 })
    const { landings } = parts.ports
    await drain({
      ...parts.ports,
      landings: {
        land: landings.land.bind(landings),
        async intend(...args) {
          const isCurrent = await landings.intend(...args)
          await parts.gitops.someoneCommits({ 'note.txt': 'first' })
          await parts.putPolicies(peopleFile({ login: 'bob' }))
          return isCurrent
        },
      },
    })
    expect(await parts.events.find('r-1')).toMatchObject({ status: 'held' })
    expect(await parts.events.commits('r-1')).toMatchObject([{ state: 'intended' }])
    expect(await parts.say(bob, { verb: 'reject', id: 'r-1' })).toMatchObject({ kind: 'rejected' })
    expect(await parts.gitops.log()).toEqual(['by hand', 'The GitOps repository begins'])
  })

  test('tells the decision that holds it, not the one that let it go', async () => {
    const policies = { 'no.json': gate({ otherwise: 'hold', expires: '1h' }) }
    const parts = await commanded({ policies })
    await held(parts)
    await parts.putPolicies({ 'no.json': null })
    await parts.controls.unlock([], { login: 'bob', unix: 0 })
    const { landings } = parts.ports
    await drain({
      ...parts.ports,
      landings: {
        land: landings.land.bind(landings),
        async intend(...args) {
          const isCurrent = await landings.intend(...args)
          await parts.gitops.someoneCommits({ 'note.txt': 'first' })
          await parts.putPolicies(policies)
          return isCurrent
        },
      },
    })
    const { status, decisionId } = (await parts.events.find('r-1')) ?? {}
    expect(status).toBe('held')
    expect(await parts.events.decision(decisionId ?? '')).toMatchObject({ verdict: 'hold' })
    expect(await parts.say(bob, { verb: 'reject', id: 'r-1' })).toMatchObject({ kind: 'rejected' })
  })
})

describe('A26: a role that is limited to some apps', () => {
  const both = {
    'web.yaml': manifest({ env: 'staging', extra: 'repository: owner/web\n' }),
    'api.yaml': manifest({ app: 'api', env: 'staging', extra: 'repository: owner/web\n' }),
  }
  const erin = actor('erin', { role: 'releaser', env: 'staging', app: 'web*' })
  const asked = (more: Record<string, string>): Command => ({
    verb: 'release',
    env: 'staging',
    dryRun: true,
    ...more,
  })

  test.each([
    { name: 'its app', more: { app: 'web', artifactId: 'web-1' }, want: { kind: 'plans' } },
    {
      name: 'every app of an artifact',
      more: { artifactId: 'web-1' },
      want: { code: 'forbidden' },
    },
    { name: 'an artifact’s id in the place of an app', more: { app: 'web-1' }, want: { code: 'forbidden' } }, // biome-ignore format: one row
    { name: 'another app', more: { app: 'api', artifactId: 'web-1' }, want: { code: 'forbidden' } },
    { name: 'another environment', more: { app: 'web', artifactId: 'web-1', env: 'production' }, want: { code: 'forbidden' } }, // biome-ignore format: one row
  ])('answers to $name', async ({ more, want }) => {
    const parts = await commanded({ manifests: both })
    await parts.push()
    expect(await parts.say(erin, asked(more))).toMatchObject(want)
  })
})

describe('F30: a lock with an end', () => {
  const lock = { verb: 'lock', env: 'production', reason: 'x' } as const
  const nowOf = ({ clock }: TestParts) => clock.nowMs() / 1000

  test('is refused when its end is not to come', async () => {
    const parts = await commanded()
    const answer = await parts.say(bob, { ...lock, untilUnix: nowOf(parts) })
    expect(answer).toMatchObject({ code: 'invalid' })
    expect(await parts.controls.locks(0)).toEqual([])
  })

  test('is over then, and the place can be locked again', async () => {
    const parts = await commanded()
    const untilUnix = nowOf(parts) + 60
    expect(await parts.say(bob, { ...lock, untilUnix })).toMatchObject({ kind: 'locked' })
    expect(await parts.say(bob, lock)).toMatchObject({ code: 'conflict' })
    parts.clock.moveMs(60_000)
    expect(await parts.say(bob, { verb: 'locks' })).toMatchObject({ locks: [] })
    expect(await parts.say(bob, { verb: 'unlock', env: 'production' })).toMatchObject({ code: 'not_found' }) // biome-ignore format: one claim
    expect(await parts.say(bob, lock)).toMatchObject({ kind: 'locked' })
    expect(await parts.say(bob, { verb: 'unlock', env: 'production' })).toMatchObject({ locks: [{ untilUnix: null }] }) // biome-ignore format: one claim
  })
})

describe('a promotion', () => {
  test.each([{ artifactId: 'web-1' }, { sha: 'abcdef0' }])(
    'names no artifact besides: %j',
    async (more) => {
      const parts = await commanded()
      await parts.push()
      await parts.ask()
      await drain(parts.ports)
      const command = { verb: 'release', app: 'web', env: 'production', from: 'production', ...more } as const // biome-ignore format: one value
      expect(await parts.say(actor('alice', 'releaser'), command)).toMatchObject({
        code: 'invalid',
      })
    },
  )
})

describe('F10: while the git host hangs', () => {
  test('a release is accepted on what was known, and a mistake is looked at again', async () => {
    const { commands, push } = await commanded()
    await push()
    const hanging = new Promise<never>(() => undefined)
    const cut = { ...commands, gitops: { ...commands.gitops, tip: () => hanging } }
    const asked = { verb: 'release', app: 'web', env: 'production', artifactId: 'web-1' } as const
    expect(await handle(cut, actor('alice', 'releaser'), asked)).toMatchObject({ kind: 'accepted' })
    const fresh = {
      ...commands,
      gitops: { ...commands.gitops, lastTip: () => commands.gitops.tip() },
    }
    const wrong = { ...asked, env: 'nowhere' }
    expect(await handle(fresh, actor('alice', 'releaser'), wrong)).toMatchObject({
      code: 'not_found',
    })
  })
})
