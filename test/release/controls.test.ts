import { describe, expect, test } from 'vitest'
import type { Lock } from '../../src/domain/control.ts'
import type { ReleaseEvent } from '../../src/domain/event.ts'
import { gate, healthOf, manifest, trigger } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'

const found = async ({ events }: TestParts, id: string) => (await events.find(id)) as ReleaseEvent
const bothEnvs = {
  'web-p.yaml': manifest(),
  'web-s.yaml': manifest({ env: 'staging' }),
}
const automatic = { login: 'policy:nightly', kind: 'policy', roles: [], teams: [], repositories: [] } as const // biome-ignore format: one value
const people = (...all: readonly Record<string, unknown>[]) => ({
  'people.json': JSON.stringify({ people: all }),
})
const approver = (login: string, more: Record<string, unknown> = {}) => ({
  login,
  roles: ['approver'],
  ...more,
})
const needsTwo = gate({
  otherwise: 'hold',
  require: { approvedBy: { count: 2, role: 'approver' } },
  message: 'Two approvals are needed',
})

const freeze = (given: Partial<Lock> = {}): Lock => ({
  id: 'l-1',
  kind: 'freeze',
  env: 'production',
  app: null,
  reason: 'incident 42',
  by: 'bob',
  createdUnix: 0,
  untilUnix: null,
  ...given,
})
const approve = (parts: TestParts, eventId: string, login: string) =>
  parts.controls.approve({ eventId, login, createdUnix: 0 })

describe('F30: a lock', () => {
  test.each([
    { name: 'of the environment', lock: freeze() },
    { name: 'of the app', lock: freeze({ app: 'web' }) },
  ])('$name denies what a person asks for, and says who, why and how on', async ({ lock }) => {
    const parts = await testParts()
    await parts.push()
    await parts.controls.lock(lock)
    await parts.ask()
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({
      status: 'denied',
      statusDesc: expect.stringMatching(/locked by bob: incident 42; to end it: unlock production/),
    })
    expect(await parts.gitops.log()).toHaveLength(1)
  })

  test.each([
    { name: 'of another environment', lock: freeze({ env: 'staging' }) },
    { name: 'of another app', lock: freeze({ app: 'api' }) },
    { name: 'that is over', lock: freeze({ untilUnix: 1 }) },
    { name: 'that a rollback left, for a person', lock: freeze({ kind: 'rollback', app: 'web' }) },
  ])('$name stops nothing', async ({ lock }) => {
    const parts = await testParts()
    await parts.push()
    await parts.controls.lock(lock)
    await parts.ask()
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
  })

  test('holds what a policy asks for, until it is gone', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.controls.lock(freeze())
    await parts.ask({ actor: automatic, source: 'policy' })
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'held' })
    await parts.controls.unlock(['l-1'], { login: 'bob', unix: 1 })
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
  })

  test('that comes between the decision and the push counts: nothing is committed', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const { gitops } = parts.ports
    const late: typeof gitops = {
      ...gitops,
      url: gitops.url,
      tip: () => gitops.tip(),
      landed: (refs) => gitops.landed(refs),
      async commit(...args) {
        await parts.controls.lock(freeze())
        return gitops.commit(...args)
      },
    }
    await drain({ ...parts.ports, gitops: late })
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'denied' })
    expect(await parts.gitops.log()).toHaveLength(1)
  })
})

describe('after a rollback', () => {
  async function rolledBack() {
    const parts = await testParts()
    await parts.push()
    await parts.push({ id: 'web-2' })
    await parts.ask({ id: 'r-1' })
    await parts.ask({ id: 'r-2', artifactId: 'web-2' })
    await drain(parts.ports)
    const [, first] = await parts.releases.history({ env: 'production', app: 'web', limit: 9 })
    await parts.ask({ id: 'r-3', kind: 'rollback', toRef: first?.gitopsRef ?? '' })
    await drain(parts.ports)
    return parts
  }

  test('nothing automatic is released there until someone unlocks', async () => {
    const parts = await rolledBack()
    await parts.ask({ id: 'r-4', artifactId: 'web-2', actor: automatic, source: 'policy' })
    await drain(parts.ports)
    expect(await found(parts, 'r-4')).toMatchObject({
      status: 'held',
      statusDesc: expect.stringContaining('unlock production web'),
    })
    const [lock] = await parts.controls.locks(0)
    await parts.controls.unlock([lock?.id ?? ''], { login: 'bob', unix: 1 })
    await drain(parts.ports)
    expect(await found(parts, 'r-4')).toMatchObject({ status: 'processed' })
  })

  test('a person may release', async () => {
    const parts = await rolledBack()
    await parts.ask({ id: 'r-4', artifactId: 'web-2' })
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
  })
})

describe('a blocked artifact', () => {
  const block = { artifactId: 'web-1', reason: 'loses orders', by: 'bob', createdUnix: 0 }

  test.each([
    { name: 'a person', asked: {} },
    { name: 'a policy', asked: { actor: automatic, source: 'policy' as const } },
    { name: 'force', asked: { forced: true } },
  ])('is denied to $name', async ({ asked }) => {
    const parts = await testParts()
    await parts.push()
    await parts.controls.addBlock(block)
    await parts.ask(asked)
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({
      status: 'denied',
      statusDesc: 'web-1 is blocked by bob: loses orders',
    })
  })

  test('is released once it is unblocked', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.controls.addBlock(block)
    await parts.controls.removeBlock('web-1')
    await parts.ask()
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
  })
})

describe('A27: approvals', () => {
  const team = people(approver('bob'), approver('carol'), approver('alice'), { login: 'dave' })

  async function held(more: Record<string, string> = team) {
    const parts = await testParts({ policies: { 'two.json': needsTwo, ...more } })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'held' })
    return parts
  }

  test('of two others wake the request and let it land', async () => {
    const parts = await held()
    const { decisionId: first } = await found(parts, 'r-1')
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).decisionId).toBe(first)
    await approve(parts, 'r-1', 'bob')
    await drain(parts.ports)
    const { status, decisionId } = await found(parts, 'r-1')
    expect(status).toBe('held')
    const told = await parts.events.decision(decisionId ?? '')
    expect(told?.facts.approvals).toMatchObject({ by: ['bob'] })
    await approve(parts, 'r-1', 'carol')
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
  })

  test.each([
    { name: 'of one person twice', by: ['bob', 'bob'] },
    { name: 'of who asked', by: ['bob', 'alice'] },
    { name: 'of someone without the role', by: ['bob', 'dave'] },
    { name: 'of someone who is known no more', by: ['bob', 'erin'] },
  ])('$name are not enough', async ({ by }) => {
    const parts = await held()
    for (const login of by) await approve(parts, 'r-1', login)
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'held' })
  })

  test('of someone who lost the role since do not count', async () => {
    const parts = await held()
    await approve(parts, 'r-1', 'bob')
    await parts.putPolicies(people(approver('carol'), { login: 'bob' }))
    await approve(parts, 'r-1', 'carol')
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'held' })
  })

  test('of an approver of another environment do not count', async () => {
    const elsewhere = [{ role: 'approver', env: 'staging' }]
    const parts = await held(people(approver('bob'), { login: 'carol', roles: elsewhere }))
    await approve(parts, 'r-1', 'bob')
    await approve(parts, 'r-1', 'carol')
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'held' })
  })

  test('a rejection ends the request', async () => {
    const parts = await held()
    expect(await parts.controls.reject('r-1', 'rejected by bob')).toBe(true)
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'denied' })
    expect(await parts.controls.reject('r-1', 'again')).toBe(false)
  })
})

describe('force', () => {
  const admins = people({ login: 'alice', roles: ['admin'] })

  test('F3: is of no use to someone who is no admin any more at the push', async () => {
    const parts = await testParts({
      policies: { 'no.json': gate(), ...people({ login: 'alice' }) },
    })
    await parts.push()
    await parts.ask({ forced: true, reason: 'the shop is down' })
    expect(await drain(parts.ports)).toMatchObject([{ landed: [], failed: [] }])
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'denied', statusDesc: 'Not now' })
  })

  test('passes gates and locks, and is loud in the commit', async () => {
    const parts = await testParts({ policies: { 'no.json': gate(), ...admins } })
    await parts.push()
    await parts.controls.lock(freeze())
    await parts.ask({ forced: true, reason: 'the shop is down' })
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
    expect((await parts.gitops.log())[0]).toBe(
      '[Gimlet] production/web release web-1 (forced past lock:l-1, no)',
    )
    const { statusDesc, decisionId } = await found(parts, 'r-1')
    expect(statusDesc).toContain('forced past no: Not now')
    expect((await parts.events.decision(decisionId ?? ''))?.forced).toEqual(['lock:l-1', 'no'])
  })
})

describe('a newer request', () => {
  const held = (more: object) => gate({ otherwise: 'hold', require: { approvedBy: { count: 1 } }, ...more }) // biome-ignore format: one value

  test('takes the place of one that is held', async () => {
    const parts = await testParts({ policies: { 'one.json': held({}) } })
    await parts.push()
    await parts.ask({ id: 'r-1' })
    await parts.ask({ id: 'r-2' })
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'superseded' })
  })

  test('waits behind it, when the gate says so', async () => {
    const policies = { 'one.json': held({ newer: 'queues' }), ...people(approver('bob')) }
    const parts = await testParts({ policies })
    await parts.push()
    await parts.ask({ id: 'r-1' })
    await parts.ask({ id: 'r-2' })
    await approve(parts, 'r-2', 'bob')
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('held')
    expect((await found(parts, 'r-2')).status).toBe('new')
    expect(await parts.events.nextTargetedMs()).toBeGreaterThan(parts.clock.nowMs())
    await approve(parts, 'r-1', 'bob')
    expect(await drain(parts.ports)).toHaveLength(2)
  })
})

describe('object policies', () => {
  test('are asked about what would be written', async () => {
    const noData = { kind: 'object', require: { '!=': [{ var: 'object.kind' }, 'ConfigMap'] }, message: 'No ConfigMaps' } // biome-ignore format: one value
    const parts = await testParts({ policies: { 'no-data.json': JSON.stringify(noData) } })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({
      status: 'denied',
      statusDesc: 'No ConfigMaps: ConfigMap web',
    })
  })
})

describe('a trigger on released', () => {
  test('that is followed by one back comes to an end', async () => {
    const manifests = { ...bothEnvs }
    const follows = (from: string, env: string) =>
      trigger({ on: 'released', env, when: { '==': [{ var: 'released.env' }, from] } })
    const policies = { 'a.json': follows('staging', 'production'), 'b.json': follows('production', 'staging') } // biome-ignore format: one value
    const parts = await testParts({ manifests, policies })
    await parts.push()
    await parts.ask({ env: 'staging' })
    expect(await drain(parts.ports)).toHaveLength(2)
  })

  test('asks for the next environment, and for it alone', async () => {
    const next = trigger({
      on: 'released',
      env: 'production',
      when: { '==': [{ var: 'released.env' }, 'staging'] },
    })
    const parts = await testParts({ manifests: bothEnvs, policies: { 'next.json': next } })
    await parts.push()
    await parts.ask({ env: 'staging' })
    expect(await drain(parts.ports)).toHaveLength(2)
    const [production] = await parts.releases.running({ env: 'production' })
    expect(production).toMatchObject({ artifactId: 'web-1', triggeredBy: 'policy:next' })
    expect(await parts.gitops.log()).toHaveLength(3)
  })
})

test('F30: what the cluster reports while a release is decided sends it back to deciding', async () => {
  const require = { '==': [{ var: 'envs.staging.health' }, 'healthy'] }
  const parts = await testParts({
    manifests: bothEnvs,
    policies: { 'gate.json': gate({ env: 'production', otherwise: 'hold', require }) },
  })
  await parts.push()
  await parts.ask({ id: 'r-staging', env: 'staging' })
  await drain(parts.ports)
  const report = async (state: 'healthy' | 'failed') => {
    const [{ health: known } = {}] = await parts.releases.ofEvents(['r-staging'])
    const health = healthOf({ state })
    await parts.releases.reportHealth([{ id: 'r-staging', known, health }], [])
  }
  await report('healthy')
  await parts.ask({ id: 'r-production' })
  let isFirst = true
  const running: TestParts['ports']['many']['running'] = async (apps) => {
    const seen = await parts.ports.many.running(apps)
    if (isFirst) await report('failed')
    isFirst = false
    return seen
  }
  await drain({ ...parts.ports, many: { ...parts.ports.many, running } })
  expect((await found(parts, 'r-production')).status).toBe('held')
  expect(await parts.releases.running({ env: 'production' })).toEqual([])
})
