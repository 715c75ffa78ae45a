import { describe, expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { askedFor, decide, type Question } from '../../src/policy/decide.ts'
import { load } from './support/policies.ts'

const hourMs = 3_600_000
const isWeb = { '==': [{ var: 'app' }, 'web'] }
const isApi = { '==': [{ var: 'app' }, 'api'] }
const needsStaging = { '==': [{ var: 'envs.staging.artifactId' }, { var: 'artifact.id' }] }
const gate = { kind: 'gate', require: isApi }
const hold = { ...gate, otherwise: 'hold' }
const warn = { ...gate, otherwise: 'warn' }
const trigger = { kind: 'trigger', on: 'artifact', env: 'staging' }

const facts: Facts = {
  app: 'web',
  env: 'production',
  artifact: { id: 'a-1', version: { branch: 'main', event: 'push' } },
  request: { kind: 'release' },
}
const question: Question = {
  app: 'web',
  env: 'production',
  facts,
  nowMs: Date.parse('2026-11-23T09:30:00Z'),
}
const toStaging = { ...question, env: 'staging' }
const push = { ...toStaging, on: 'artifact', event: 'push' } as const

describe('a decision', () => {
  test('is allow when no policy stands in the way', () => {
    expect(decide(load({ 'a-gate': { ...gate, require: isWeb } }), question)).toEqual({
      verdict: 'allow',
      policy: null,
      message: 'No policy stands in the way',
      warnings: [],
      forced: [],
      newer: 'supersedes',
      expiresInMs: null,
      trace: [
        {
          policy: 'a-gate',
          kind: 'gate',
          description: '',
          outcome: 'holds',
          rule: { op: '==', result: true, facts: { app: 'web' }, rule: isWeb },
        },
      ],
    })
  })

  test.each<{ name: string; given: Record<string, unknown>; want: object }>([
    { name: 'allow without policies', given: {}, want: { verdict: 'allow', trace: [] } },
    {
      name: 'deny when a gate fails',
      given: { a: gate },
      want: { verdict: 'deny', policy: 'a', message: 'The policy a does not allow it' },
    },
    {
      name: 'told by the description',
      given: { a: { ...gate, description: 'Why' } },
      want: { message: 'Why' },
    },
    {
      name: 'told by the message',
      given: { a: { ...gate, description: 'Why', message: 'Do this' } },
      want: { message: 'Do this' },
    },
    {
      name: 'hold when a gate says so',
      given: { a: { ...hold, expires: '2h' } },
      want: { verdict: 'hold', policy: 'a', expiresInMs: 2 * hourMs },
    },
    {
      name: 'allow with a warning',
      given: { a: { ...warn, message: 'Mind this' } },
      want: { verdict: 'allow', policy: null, warnings: ['Mind this'] },
    },
    {
      name: 'deny before hold',
      given: { a: hold, b: gate },
      want: { verdict: 'deny', policy: 'b', expiresInMs: null },
    },
    {
      name: 'deny by the first name',
      given: { c: gate, b: gate },
      want: { verdict: 'deny', policy: 'b' },
    },
    {
      name: 'hold by the first name, for the shortest time',
      given: { b: { ...hold, expires: '1h' }, a: { ...hold, expires: '3h' } },
      want: { verdict: 'hold', policy: 'a', expiresInMs: hourMs },
    },
    {
      name: 'deny and warn at once',
      given: { a: { ...warn, message: 'Mind this' }, b: gate },
      want: { verdict: 'deny', warnings: ['Mind this'] },
    },
    {
      name: 'not about other apps',
      given: { a: { ...gate, app: 'api' } },
      want: { verdict: 'allow', trace: [] },
    },
    {
      name: 'not about other environments',
      given: { a: { ...gate, env: '!production' } },
      want: { verdict: 'allow', trace: [] },
    },
    {
      name: 'not about triggers',
      given: { a: { ...trigger, env: '*' } },
      want: { verdict: 'allow', trace: [] },
    },
  ])('is $name', ({ given, want }) => {
    expect(decide(load(given), question)).toMatchObject(want)
  })

  test.each<{ name: string; given: object; problem: string }>([
    { name: 'is disabled', given: { ...gate, enabled: false }, problem: 'is disabled' },
    {
      name: 'has a when that is false',
      given: { ...gate, when: isApi },
      problem: 'its when is false',
    },
  ])('skips a gate that $name, and its trace says so', ({ given, problem }) => {
    const { verdict, trace } = decide(load({ a: given }), question)
    expect(verdict).toBe('allow')
    expect(trace).toMatchObject([{ policy: 'a', outcome: 'skipped', problem }])
  })

  test('reads the clock in the time zone of each policy', () => {
    const require = { '==': [{ var: 'now.hour' }, 10] }
    const policies = load({
      a: { ...gate, require, timeZone: 'Europe/Budapest' },
      b: { ...gate, require, timeZone: 'UTC' },
    })
    expect(decide(policies, question).trace.map(({ outcome }) => outcome)).toEqual([
      'holds',
      'fails',
    ])
  })
})

describe('F26: what cannot be answered is a no', () => {
  const message = 'Release it to staging first'
  const problem = 'needs the fact envs.staging.artifactId, which is not there'

  test.each([
    { otherwise: 'deny', verdict: 'deny', warnings: 0 },
    { otherwise: 'hold', verdict: 'hold', warnings: 0 },
    { otherwise: 'warn', verdict: 'allow', warnings: 1 },
  ])('an error in require follows otherwise: $otherwise', ({ otherwise, verdict, warnings }) => {
    const policies = load({ a: { ...gate, require: needsStaging, otherwise, message } })
    const judgement = decide(policies, question)
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.warnings).toHaveLength(warnings)
    const said = judgement.warnings[0] ?? judgement.message
    expect(said).toBe(`${message} (a ${problem})`)
    expect(judgement.trace).toMatchObject([{ outcome: 'error', problem }])
  })

  test.each(['deny', 'hold', 'warn'])(
    'an error in when denies, whatever otherwise: %s',
    (otherwise) => {
      const policies = load({
        a: { ...gate, require: true, when: { '!': needsStaging }, otherwise },
      })
      const judgement = decide(policies, question)
      expect(judgement).toMatchObject({ verdict: 'deny', policy: 'a' })
      expect(judgement.message).toContain(problem)
      expect(judgement.trace).toMatchObject([{ outcome: 'error', problem }])
    },
  )
})

describe('F25: an invalid file', () => {
  const broken = { kind: 'gate', env: 'production', require: { and: [{ var: 'app' }] } }

  test('denies what it could touch, and says where it is broken', () => {
    const judgement = decide(load({ 'a-hold': hold, 'z-broken': broken }), question)
    expect(judgement).toMatchObject({ verdict: 'deny', policy: 'z-broken', expiresInMs: null })
    expect(judgement.message).toMatch(
      /^The policy file z-broken\.json cannot be used: at \/require\/and\/0, is a value/,
    )
    expect(judgement.message).toContain('until it is corrected')
    expect(judgement.trace).toMatchObject([
      { policy: 'z-broken', kind: 'invalid', outcome: 'error' },
      { policy: 'a-hold', outcome: 'fails' },
    ])
  })

  test('leaves alone what it could not touch', () => {
    expect(decide(load({ 'z-broken': broken }), toStaging).verdict).toBe('allow')
  })

  test('that is no JSON denies everything, and names the line', () => {
    const judgement = decide(load({ broken: '{\n  "kind": "gate",\n}' }), toStaging)
    expect(judgement.verdict).toBe('deny')
    expect(judgement.message).toContain('broken.json cannot be used: line 3, column 1')
  })

  test('keeps every trigger from asking', () => {
    const policies = load({ a: trigger, z: '{' })
    expect(askedFor(policies, push)).toMatchObject({
      by: null,
      problem: expect.stringContaining('z.json cannot be used'),
      trace: [{ policy: 'z', kind: 'invalid' }],
    })
  })
})

describe('a release is asked for', () => {
  test('by the first trigger that wants the artifact', () => {
    const policies = load({ c: trigger, b: trigger, a: { ...trigger, when: isApi } })
    expect(askedFor(policies, push)).toMatchObject({
      by: 'b',
      problem: null,
      trace: [
        { policy: 'a', outcome: 'skipped', problem: 'its when is false' },
        { policy: 'b', outcome: 'holds' },
      ],
    })
  })

  test.each<{ name: string; given: object; trace: object[] }>([
    { name: 'is for another environment', given: { ...trigger, env: 'production' }, trace: [] },
    { name: 'is for another app', given: { ...trigger, app: 'api' }, trace: [] },
    {
      name: 'is disabled',
      given: { ...trigger, enabled: false },
      trace: [{ outcome: 'skipped', problem: 'is disabled' }],
    },
    {
      name: 'cannot tell',
      given: { ...trigger, when: needsStaging },
      trace: [{ outcome: 'error', problem: expect.stringContaining('needs the fact') }],
    },
    { name: 'is a gate', given: { ...gate, require: true }, trace: [] },
  ])('by no policy that $name', ({ given, trace }) => {
    expect(askedFor(load({ a: given }), push)).toMatchObject({ by: null, problem: null, trace })
  })

  test('never for a pull request, unless the trigger says so', () => {
    const pr = { ...toStaging, on: 'artifact', event: 'pr' } as const
    const { by, trace } = askedFor(load({ a: trigger }), pr)
    expect(by).toBeNull()
    expect(trace).toMatchObject([
      { outcome: 'skipped', problem: 'wants push or tag, the artifact is of event pr' },
    ])
    expect(askedFor(load({ a: { ...trigger, events: ['pr'] } }), pr).by).toBe('a')
  })
})
