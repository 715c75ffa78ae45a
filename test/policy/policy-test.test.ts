import { describe, expect, test } from 'vitest'
import { type PolicyTestReport, runPolicyTests } from '../../src/policy/policy-test.ts'
import { load, shippedFiles } from './support/policies.ts'

const isBranch = (branch: string) => ({ '==': [{ var: 'artifact.version.branch' }, branch] })
const isApp = (app: string) => ({ '==': [{ var: 'app' }, app] })
const isHour = (hour: number) => ({ '==': [{ var: 'now.hour' }, hour] })
const trigger = { kind: 'trigger', on: 'artifact', env: 'staging', when: isBranch('main') }
const gate = { kind: 'gate', require: isBranch('main'), message: 'Only main' }
const base = {
  app: 'web',
  env: 'production',
  now: '2026-11-23T09:30:00Z',
  facts: { artifact: { id: 'web-1', version: { branch: 'main', sha: 'abc' } } },
}
const allowed = { name: 'main may', expect: 'allow' }
const onX = { artifact: { version: { branch: 'x' } } }
const denied = { name: 'x may not', facts: onX, expect: 'deny' }

/** Runs one file of tests on policies that are given by name. */
function run(policies: Readonly<Record<string, unknown>>, file: unknown): PolicyTestReport {
  const json = typeof file === 'string' ? file : JSON.stringify(file)
  return runPolicyTests(load(policies), { version: 'v1', files: new Map([['tests/t.json', json]]) })
}
const runCases = (policies: Readonly<Record<string, unknown>>, ...cases: readonly object[]) =>
  run(policies, { ...base, cases })
const outcomes = ({ cases, problems }: PolicyTestReport) => {
  expect(problems).toEqual([])
  return cases.map(({ passed }) => passed)
}
const problemsIn = (file: unknown) =>
  run({ gate, trigger }, file).problems.map((one) => `${one.file} ${one.pointer} ${one.message}`)

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

describe('a bad file', () => {
  const fact = (facts: object) => ({ ...base, facts, cases: [allowed] })
  const one = (given: object) => ({ ...base, cases: [{ ...allowed, ...given }] })

  test.each<{ file: unknown; want: string }>([
    { file: '{', want: ' line 1, column 2: a key in double quotes' },
    { file: '[]', want: ' must be an object such as { "facts": …, "cases": [ … ] }' },
    { file: base, want: '/cases must be a list of cases' },
    { file: { ...base, cases: [] }, want: '/cases has no case: write one' },
    { file: { ...base, case: [] }, want: '/case there is no key "case"; did you mean cases?' },
    { file: { ...base, cases: ['x'] }, want: '/cases/0 must be an object such as' },
    { file: one({ expects: 1 }), want: '/cases/0/expects there is no key "expects"; did you mean' },
    { file: one({ expect: 'denied' }), want: '/cases/0/expect must be allow, deny, hold, asked' },
    { file: one({ name: undefined }), want: '/cases/0/name is missing: say in a few words' },
    { file: { ...base, cases: [allowed, allowed] }, want: '/cases/1/name "main may" stands twice' },
    { file: one({ app: 'web-*' }), want: '/cases/0/app must be one name' },
    { file: one({ now: 'noon' }), want: '/cases/0/now must be a time such as "2026-' },
    { file: one({ event: 'merge' }), want: '/cases/0/event must be push, tag or pr' },
    { file: one({ by: 'gate' }), want: '/cases/0/by no policy decides "allow": remove it' },
    {
      file: one({ expect: 'deny', by: 'gaet' }),
      want: '/cases/0/by there is no policy "gaet"; did you mean gate?',
    },
    { file: one({ enable: ['gat'] }), want: '/cases/0/enable/0 there is no policy "gat"; did' },
    {
      file: { ...base, enable: ['trigge'], cases: [allowed] },
      want: '/enable/0 there is no policy "trigge"; did you mean trigger?',
    },
    { file: one({ expect: 'asked' }), want: '/cases/0/event is missing: write "event": "push"' },
    {
      file: one({ expect: 'asked', event: 'push', warnings: [] }),
      want: '/cases/0/warnings triggers do not warn: remove it',
    },
    { file: { ...one({}), app: undefined }, want: '/cases/0/app is missing: write "app": "web"' },
    { file: { ...one({}), env: undefined }, want: '/cases/0/env is missing: write "env"' },
    { file: { ...one({}), now: undefined }, want: '/cases/0/now is missing: write "now"' },
    { file: one({ facts: 1 }), want: '/cases/0/facts must be an object such as' },
    {
      file: one({ facts: { artifact: { version: { brnch: 'main' } } } }),
      want: '/cases/0/facts/artifact/version/brnch there is no fact "artifact.version.brnch"; did you mean artifact.version.branch?',
    },
    {
      file: fact({ current: { minutes: '30' } }),
      want: '/facts/current/minutes must be a number, as current.minutes is',
    },
    {
      file: fact({ actor: { roles: 'admin' } }),
      want: '/facts/actor/roles must be a list of texts',
    },
    { file: fact({ artifact: 'web-1' }), want: '/facts/artifact there is no fact "artifact"' },
    { file: fact({ current: { sha: {} } }), want: '/facts/current/sha must be text' },
    { file: fact({ enfs: {} }), want: '/facts/enfs there is no fact "enfs"' },
    { file: one({ facts: { artefact: null } }), want: '/cases/0/facts/artefact there is no fact' },
    { file: fact({ 'artifact.id': 'web-1' }), want: '/facts/artifact.id has a dot in a name' },
    {
      file: fact({ constructor: { a: 1 } }),
      want: '/facts/constructor/a "constructor" is no name',
    },
    { file: '{"facts": {"__proto__": {"a": 1}}, "cases": []}', want: '/cases has no case' },
    { file: fact({ app: 'web' }), want: '/facts/app is no fact to write here: write "app": "web"' },
    { file: fact({ now: { hour: 3 } }), want: '/facts/now/hour is no fact to write here: write' },
    {
      file: fact({ artifact: { version: { event: 'tag' } } }),
      want: '/facts/artifact/version/event is no fact to write here: write "event": "push"',
    },
  ])('is told of: $want', ({ file, want }) => {
    const problems = problemsIn(file)
    expect(problems).toEqual(
      expect.arrayContaining([expect.stringContaining(`tests/t.json ${want}`)]),
    )
  })

  test('has all of its problems told, and none of its cases run', () => {
    const report = runCases({ gate }, allowed, { ...denied, by: 'x', facts: { a: 1, b: 1 } })
    expect(report.problems.map(({ pointer }) => pointer)).toEqual([
      '/cases/1/by',
      '/cases/1/facts/a',
      '/cases/1/facts/b',
    ])
    expect(report.cases).toEqual([])
  })

  test('leaves the other files alone', () => {
    const good = JSON.stringify({ ...base, cases: [allowed] })
    const files = new Map(Object.entries({ 'tests/a.json': '{', 'tests/b.json': good }))
    const report = runPolicyTests(load({ gate }), { version: 'v1', files })
    expect(report.problems).toHaveLength(1)
    expect(report.cases).toMatchObject([{ file: 'tests/b.json', passed: true }])
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
