import { describe, expect, test } from 'vitest'
import { type PolicyTestReport, runPolicyTests } from '../../src/policy/policy-test.ts'
import {
  allowed,
  base,
  denied,
  gate,
  isApp,
  isBranch,
  isHour,
  onX,
  run,
  runCases,
  trigger,
} from './support/cases.ts'
import { load, shippedFiles } from './support/policies.ts'

const outcomes = ({ cases, problems }: PolicyTestReport) => {
  expect(problems).toEqual([])
  return cases.map(({ passed }) => passed)
}

describe('a case', () => {
  test('passes when the gates say what it expects', () => {
    expect(outcomes(runCases({ gate }, allowed, { ...denied, by: 'gate' }))).toEqual([true, true])
  })

  test('that fails tells what was expected, what came, and why', () => {
    const report = runCases({ gate }, { ...denied, expect: 'hold', by: 'gate' })
    expect(report.cases).toMatchObject([
      {
        file: 'tests/t.json',
        pointer: '/cases/0',
        name: 'x may not',
        passed: false,
        expected: 'hold by gate',
        got: 'deny by gate',
        why: 'Only main',
        trace: [{ policy: 'gate', outcome: 'fails', rule: { op: '==', result: false } }],
      },
    ])
  })

  test('fails when another policy decided than the one it names', () => {
    const report = runCases({ gate, other: gate }, { ...denied, by: 'other' })
    expect(report.cases).toMatchObject([
      { passed: false, expected: 'deny by other', got: 'deny by gate' },
    ])
  })

  test('asks the triggers when it expects asked or not asked', () => {
    const push = { env: 'staging', event: 'push' }
    const report = runCases(
      { trigger },
      { ...push, name: 'a', expect: 'asked', by: 'trigger' },
      { ...push, name: 'b', expect: 'not asked', facts: onX },
      { ...push, name: 'c', expect: 'not asked', event: 'pr' },
      { ...push, name: 'd', expect: 'asked', facts: onX },
    )
    expect(outcomes(report)).toEqual([true, true, true, false])
    expect(report.cases[3]).toMatchObject({ expected: 'asked', got: 'not asked' })
  })

  test.each([
    { warnings: ['Only'], want: true },
    { warnings: [], want: false },
    { warnings: ['Only', 'another'], want: false },
    { warnings: ['another'], want: false },
  ])('that expects the warnings $warnings of one that says Only main: $want', (given) => {
    const warn = { ...gate, otherwise: 'warn' }
    const { want, warnings } = given
    const report = runCases({ warn }, { ...denied, expect: 'allow', warnings })
    expect(outcomes(report)).toEqual([want])
    expect(report.cases[0]?.got).toBe('allow, warning "Only main"')
  })

  test('has the facts of its file, with its own laid over them', () => {
    const keeps = { and: [isBranch('x'), { '==': [{ var: 'artifact.id' }, 'web-1'] }] }
    const report = runCases({ gate: { ...gate, require: keeps } }, { ...denied, expect: 'allow' })
    expect(outcomes(report)).toEqual([true])
  })

  test('takes a fact of its file away with null', () => {
    const gone = { '!': { or: [{ has: 'artifact.version.sha' }, { has: 'artifact.id' }] } }
    const report = runCases(
      { gate: { ...gate, require: gone } },
      { name: 'one', facts: { artifact: { version: { sha: null } } }, expect: 'deny' },
      { name: 'all', facts: { artifact: null }, expect: 'allow' },
    )
    expect(outcomes(report)).toEqual([true, true])
  })

  test('has its app, environment, event and time as facts', () => {
    const require = {
      and: [
        isApp('api'),
        { '==': [{ var: 'env' }, 'staging'] },
        { '==': [{ var: 'artifact.version.event' }, 'tag'] },
        isHour(7),
      ],
    }
    const own = { app: 'api', env: 'staging', event: 'tag', now: '2026-11-23T09:30:00+02:00' }
    expect(outcomes(runCases({ gate: { ...gate, require } }, { ...allowed, ...own }))).toEqual([
      true,
    ])
  })

  test('can enable a policy that is not in force', () => {
    const draft = { ...gate, enabled: false }
    const off = { ...denied, name: 'off', expect: 'allow' }
    expect(outcomes(runCases({ draft }, off, { ...denied, enable: ['draft'] }))).toEqual([
      true,
      true,
    ])
    expect(outcomes(run({ draft }, { ...base, enable: ['draft'], cases: [denied] }))).toEqual([
      true,
    ])
  })

  test('is read from files directly in tests only', () => {
    const json = JSON.stringify({ ...base, cases: [allowed] })
    const paths = ['tests/b.json', 'tests/a.json', 'a.json', 'tests/deep/a.json', 'tests/a.yaml']
    const files = new Map(paths.map((path) => [path, json]))
    const { cases } = runPolicyTests(load({}), { version: 'v1', files })
    expect(cases.map(({ file }) => file)).toEqual(['tests/a.json', 'tests/b.json'])
  })
})

describe('a policy is untouched', () => {
  const push = { ...allowed, env: 'staging', event: 'push', expect: 'not asked' }

  test.each<{ name: string; given: object; why: string }>([
    {
      name: 'a gate of another environment',
      given: { ...gate, env: 'staging' },
      why: 'no gate case is for its app and environment',
    },
    { name: 'a disabled gate', given: { ...gate, enabled: false }, why: 'is disabled' },
    {
      name: 'a gate of another app',
      given: { ...gate, when: isApp('x') },
      why: 'its when is false',
    },
    {
      name: 'a trigger of another app',
      given: { ...trigger, app: 'api' },
      why: 'no case for triggers is for its app and environment',
    },
    {
      name: 'a trigger of tags',
      given: { ...trigger, events: ['tag'] },
      why: 'wants tag, the artifact is of event push',
    },
  ])('$name: $why', ({ given, why }) => {
    const gateCase = { ...allowed, name: 'gates' }
    const { untouched } = runCases({ p: given }, push, gateCase)
    expect(untouched).toEqual([{ policy: 'p', why }])
  })

  test('no more once a case comes to its rule', () => {
    const asked = { ...push, expect: 'asked' }
    const { untouched } = runCases({ gate, trigger }, { ...asked }, { ...denied, name: 'gates' })
    expect(untouched).toEqual([])
  })
})

describe('the branches that no case tries', () => {
  const gapsOf = (policy: object, ...cases: readonly object[]) =>
    runCases({ p: policy }, ...cases).gaps.map(({ pointer, never }) => `${pointer} ${never}`)
  const web = { name: 'web', expect: 'allow' }
  const api = { name: 'api', app: 'api', expect: 'allow' }

  test.each<{ name: string; given: object; cases: readonly object[]; want: string[] }>([
    {
      name: 'none when a comparison came out both ways',
      given: { ...gate, require: isApp('web') },
      cases: [web, api],
      want: [],
    },
    {
      name: 'a comparison that was only ever true',
      given: { ...gate, require: isApp('web') },
      cases: [web],
      want: ['/require false'],
    },
    {
      name: 'what stands behind a false in and',
      given: { ...gate, require: { and: [isApp('x'), isApp('y'), isApp('z')] } },
      cases: [web],
      want: ['/require/and/0 true', '/require/and/1 evaluated', '/require/and/2 evaluated'],
    },
    {
      name: 'what stands behind a true in or, as a whole',
      given: { ...gate, require: { or: [isApp('web'), { and: [isApp('x'), isApp('y')] }] } },
      cases: [web],
      want: ['/require/or/0 false', '/require/or/1 evaluated'],
    },
    {
      name: 'parts of a part that was tried',
      given: { ...gate, require: { or: [isApp('web'), { and: [isApp('api'), isHour(3)] }] } },
      cases: [web, api],
      want: ['/require/or/1/and/0 false', '/require/or/1/and/1 true'],
    },
    {
      name: 'what is under a not',
      given: { ...gate, require: { '!': isApp('web') } },
      cases: [api],
      want: ['/require/! true'],
    },
    {
      name: 'a comparison that only ever was an error',
      given: { ...gate, require: { '==': [{ var: 'current.sha' }, 'x'] } },
      cases: [web],
      want: ['/require true or false'],
    },
    { name: 'none of a constant', given: { ...gate, require: true }, cases: [web], want: [] },
    {
      name: 'a when that was always false, and all of require',
      given: { ...gate, when: isApp('x'), require: { and: [isApp('web')] } },
      cases: [web],
      want: ['/when true', '/require evaluated'],
    },
    {
      name: 'the when of a trigger',
      given: trigger,
      cases: [{ name: 'a', env: 'staging', event: 'push', expect: 'asked' }],
      want: ['/when false'],
    },
    {
      name: 'all of a policy that is not reached',
      given: trigger,
      cases: [web],
      want: ['/when evaluated'],
    },
  ])('are $name', ({ given, cases, want }) => {
    expect(gapsOf(given, ...cases)).toEqual(want)
  })
})

describe('the shipped tests', () => {
  const files = shippedFiles()
  const policies = load(
    Object.fromEntries(
      [...files]
        .filter(([path]) => !path.includes('/') && path !== 'policy.schema.json')
        .map(([path, text]) => [path.slice(0, -'.json'.length), text]),
    ),
  )
  const report = runPolicyTests(policies, { version: 'v1', files })

  test('pass', () => {
    expect(report.problems).toEqual([])
    expect(report.cases.length).toBeGreaterThan(15)
    expect(report.cases.filter(({ passed }) => !passed)).toEqual([])
  })

  test('touch every shipped policy, and try each of its conditions both ways', () => {
    expect(policies.gates.length + policies.triggers.length).toBeGreaterThan(2)
    expect(report.untouched).toEqual([])
    expect(report.gaps).toEqual([])
  })
})
