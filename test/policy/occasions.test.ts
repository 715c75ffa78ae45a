import { describe, expect, test } from 'vitest'
import { askedFor, type Occasion } from '../../src/policy/decide.ts'
import { load } from './support/policies.ts'

const trigger = { kind: 'trigger', env: 'staging' }
const failed = { '==': [{ var: 'current.health' }, 'failed'] }
const policies = {
  artifact: { ...trigger, on: 'artifact' },
  deleted: { ...trigger, on: 'branchDeleted' },
  health: { ...trigger, on: 'health', when: failed },
  night: { ...trigger, on: 'schedule', at: '02:00', from: 'qa' },
  noon: { ...trigger, on: 'schedule', at: '12:00', ask: 'delete' },
  released: { ...trigger, on: 'released' },
}
const question = { app: 'web', env: 'staging', facts: { current: { health: 'failed' } }, nowMs: 0 }
const ask = (occasion: Occasion, env = 'staging') => askedFor(load(policies), { ...question, env, ...occasion }) // biome-ignore format: one value

describe('a trigger answers to what it is on, and to nothing else', () => {
  test.each<{ occasion: Occasion; by: string | null; ask: string; from: string | null }>([
    { occasion: { on: 'artifact', event: 'push' }, by: 'artifact', ask: 'release', from: null },
    { occasion: { on: 'artifact', event: 'pr' }, by: null, ask: 'release', from: null },
    { occasion: { on: 'branchDeleted' }, by: 'deleted', ask: 'delete', from: null },
    { occasion: { on: 'health' }, by: 'health', ask: 'rollback', from: null },
    { occasion: { on: 'released' }, by: 'released', ask: 'release', from: null },
    { occasion: { on: 'schedule', trigger: 'night' }, by: 'night', ask: 'release', from: 'qa' },
    { occasion: { on: 'schedule', trigger: 'noon' }, by: 'noon', ask: 'delete', from: null },
    { occasion: { on: 'schedule', trigger: 'never' }, by: null, ask: 'release', from: null },
  ])('$occasion: $by', ({ occasion, ...want }) => {
    const asked = ask(occasion)
    expect(asked).toMatchObject(want)
    const isOfAnother = occasion.on === 'artifact' && occasion.event === 'pr'
    const seen = isOfAnother ? ['artifact'] : [want.by].filter((name) => name !== null)
    expect(asked.trace.map(({ policy }) => policy)).toEqual(seen)
  })

  test.each<Occasion>([
    { on: 'artifact', event: 'push' },
    { on: 'branchDeleted' },
    { on: 'schedule', trigger: 'night' },
  ])('not of another environment: $on', (occasion) => {
    expect(ask(occasion, 'production')).toMatchObject({ by: null, trace: [] })
  })
})

describe('F25: of several triggers', () => {
  const on = { ...trigger, on: 'released' }

  test('the first that asks is told, and no later one is asked', () => {
    const set = { a: { ...on, when: false }, b: on, c: on }
    const asked = askedFor(load(set), { ...question, on: 'released' })
    expect(asked.by).toBe('b')
    expect(asked.trace.map(({ policy, outcome }) => `${policy} ${outcome}`)).toEqual(['a skipped', 'b holds']) // biome-ignore format: one claim
  })

  test('one that cannot tell does not ask, and stands in no other’s way', () => {
    const unsure = { ...on, when: { '==': [{ var: 'current.sha' }, 'x'] } }
    const asked = askedFor(load({ a: unsure, b: on }), { ...question, on: 'released' })
    expect(asked.by).toBe('b')
    expect(asked.trace[0]).toMatchObject({ policy: 'a', outcome: 'error' })
    expect(askedFor(load({ a: unsure }), { ...question, on: 'released' }).by).toBeNull()
  })

  test('none asks beside a file that is not valid, and all invalid ones are named', () => {
    const set = { a: on, x: '{', y: { ...on, evn: 'staging' } }
    const asked = askedFor(load(set), { ...question, on: 'released' })
    expect(asked).toMatchObject({ by: null, problem: expect.stringContaining('x.json') })
    expect(asked.trace.map(({ policy }) => policy)).toEqual(['x', 'y'])
  })
})
