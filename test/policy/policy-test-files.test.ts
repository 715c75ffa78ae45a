import { describe, expect, test } from 'vitest'
import { runPolicyTests } from '../../src/policy/policy-test.ts'
import { allowed, base, denied, gate, run, runCases, trigger } from './support/cases.ts'
import { load } from './support/policies.ts'

const problemsIn = (file: unknown) =>
  run({ gate, trigger }, file).problems.map((one) => `${one.file} ${one.pointer} ${one.message}`)

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
