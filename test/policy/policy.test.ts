import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { factDeclarations } from '../../src/domain/facts.ts'
import { ruleOperators } from '../../src/policy/operators.ts'
import { loadPolicies } from '../../src/policy/policy.ts'
import { load, problemsOf, shippedFiles } from './support/policies.ts'

const gate = { kind: 'gate', require: { '==': [{ var: 'app' }, 'web'] } }
const trigger = { kind: 'trigger', on: 'artifact', env: 'staging' }
const hourMs = 3_600_000

describe('a folder', () => {
  test('gives its policies in the order of their names', () => {
    const { version, triggers, gates } = load({ 'b-2': gate, t: trigger, b: gate, a: gate })
    expect(version).toBe('v1')
    expect(gates.map(({ name }) => name)).toEqual(['a', 'b', 'b-2'])
    expect(triggers.map(({ name }) => name)).toEqual(['t'])
  })

  test('gives no policies for people, schema, sub-folders and other files', () => {
    const others = ['policy.schema.json', 'tests/a.json', 'a.yaml', 'README.md']
    const files = new Map(others.map((path) => [path, 'nonsense']))
    files.set('people.json', '{ "people": [] }')
    expect(loadPolicies({ version: 'v1', files })).toMatchObject({
      version: 'v1',
      triggers: [],
      gates: [],
      objects: [],
      invalid: [],
    })
  })

  test('that is shipped is valid, and its version of editors is not needed to load it', () => {
    const set = loadPolicies({ version: 'v1', files: shippedFiles() })
    expect(problemsOf(set)).toEqual([])
    expect(set.triggers.map(({ name }) => name)).toEqual(['main-to-staging'])
    expect(set.gates.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['no-releases-on-weekend-nights', false],
      ['production-only-what-runs-in-staging', true],
    ])
  })
})

test('what a policy leaves out has a default', () => {
  const { gates, triggers } = load({ g: gate, t: trigger })
  expect(gates[0]).toMatchObject({
    enabled: true,
    timeZone: 'UTC',
    otherwise: 'deny',
    expiresInMs: 24 * hourMs,
    when: null,
    message: 'The policy g does not allow it',
  })
  expect(triggers[0]).toMatchObject({ events: ['push', 'tag'], when: null })
})

test.each([
  { expires: '30m', want: hourMs / 2 },
  { expires: '24h', want: 24 * hourMs },
  { expires: '7d', want: 7 * 24 * hourMs },
])('$expires is a time to hold', ({ expires, want }) => {
  const { gates } = load({ g: { ...gate, otherwise: 'hold', expires } })
  expect(gates[0]?.expiresInMs).toBe(want)
})

describe('a policy is about', () => {
  test.each<{ app?: unknown; yes: string[]; no: string[] }>([
    { yes: ['web', 'api'], no: [] },
    { app: 'web', yes: ['web'], no: ['web-1', 'we'] },
    { app: 'web-*', yes: ['web-1', 'web-'], no: ['web'] },
    { app: ['web', 'api-*'], yes: ['web', 'api-1'], no: ['api'] },
    { app: '!{web,api}', yes: ['job'], no: ['web', 'api'] },
  ])('the apps of $app', ({ app, yes, no }) => {
    const { gates, invalid } = load({ g: { ...gate, ...(app === undefined ? {} : { app }) } })
    expect(invalid).toEqual([])
    expect(yes.filter((name) => !gates[0]?.apps.matches(name))).toEqual([])
    expect(no.filter((name) => gates[0]?.apps.matches(name))).toEqual([])
  })
})

describe('an invalid file touches', () => {
  test.each<{ name: string; given: unknown; staging: boolean; production: boolean }>([
    {
      name: 'its env',
      given: { ...gate, env: 'staging', otherwise: 1 },
      staging: true,
      production: false,
    },
    {
      name: 'all when its env is misspelt',
      given: { ...gate, evn: 'staging' },
      staging: true,
      production: true,
    },
    {
      name: 'all when its env is no pattern',
      given: { ...gate, env: '{' },
      staging: true,
      production: true,
    },
    {
      name: 'all when its app is no pattern',
      given: { ...gate, env: 'staging', app: 1 },
      staging: true,
      production: true,
    },
    {
      name: 'all when it is no JSON',
      given: '{ "env": "staging"',
      staging: true,
      production: true,
    },
    {
      name: 'all when its env stands twice',
      given: '{"env":"staging","env":"staging"}',
      staging: true,
      production: true,
    },
  ])('$name', ({ given, staging, production }) => {
    const [invalid] = load({ p: given }).invalid
    expect(invalid?.envs.matches('staging')).toBe(staging)
    expect(invalid?.envs.matches('production')).toBe(production)
  })
})

describe('F25: no mutation of a shipped policy is loaded as something else', () => {
  const shipped = [...shippedFiles()].filter(
    ([path]) => !/^tests\/|people\.json$|policy\.schema\.json$/.test(path),
  )
  const words = [
    ...ruleOperators.filter((operator) => /\w/.test(operator)),
    ...factDeclarations.map(({ path }) => path),
    ...[
      'kind',
      'on',
      'env',
      'when',
      'require',
      'gate',
      'trigger',
      'artifact',
      'deny',
      'hold',
      'var',
    ],
    ...['events', 'otherwise', 'expires', 'timeZone', 'enabled', 'message', 'Europe/Budapest'],
  ]

  test.each(shipped)('%s', (path, text) => {
    const isInvalid = (mutated: string) => problemsOf(load({ p: mutated })).length > 0
    expect(isInvalid(text), path).toBe(false)
    for (let end = 0; end < text.trimEnd().length; end++)
      expect(isInvalid(text.slice(0, end)), `cut at ${end}`).toBe(true)
    const found = words.filter((word) => text.includes(`"${word}"`))
    expect(found.length).toBeGreaterThan(3)
    for (const word of found)
      expect(isInvalid(text.replaceAll(`"${word}"`, `"${word}x"`)), word).toBe(true)
  })
})

test('loading never throws, whatever the files say', () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  const keys = ['kind', 'on', 'app', 'env', 'when', 'require', 'events', 'expires', 'timeZone']
  const policyLike = fc
    .dictionary(fc.constantFrom(...keys, '__proto__'), value)
    .chain((policy) => fc.constantFrom({ ...policy, kind: 'gate' }, { ...policy, kind: 'trigger' }))
    .map((policy) => JSON.stringify(policy))
  fc.assert(
    fc.property(fc.string(), fc.oneof(fc.string(), fc.json(), policyLike), (name, text) => {
      const files = new Map([[`${name}.json`, text]])
      const { gates, triggers, invalid } = loadPolicies({ version: 'v1', files })
      expect(gates.length + triggers.length + invalid.length).toBe(name.includes('/') ? 0 : 1)
    }),
    { numRuns: 2_000 },
  )
})
