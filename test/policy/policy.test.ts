import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { factDeclarations } from '../../src/domain/facts.ts'
import { ruleOperators } from '../../src/policy/operators.ts'
import { loadPolicies, policyCharsMax } from '../../src/policy/policy.ts'
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

describe('F25: a file is refused, with its place and what to write, for', () => {
  test.each<{ name: string; given: unknown; want: string }>([
    {
      name: 'broken JSON',
      given: '{\n "kind": gate }',
      want: 'line 2, column 10: "g" is no value',
    },
    { name: 'an empty file', given: '', want: 'ends too early' },
    { name: 'a list', given: [gate], want: 'must be an object' },
    {
      name: 'no kind',
      given: { require: true },
      want: '/kind is missing: write "trigger", "gate" or',
    },
    {
      name: 'a hold of an object',
      given: { ...gate, kind: 'object', otherwise: 'hold' },
      want: '/otherwise must be deny or warn',
    },
    {
      name: 'a fact of objects in a gate',
      given: { ...gate, require: { '==': [{ var: 'object.kind' }, 'Pod'] } },
      want: '/require object.kind is no fact for this kind of policy: only a policy of kind "object"',
    },
    {
      name: 'a fact of containers in a policy of objects',
      given: { kind: 'object', require: { '==': [{ var: 'container.name' }, 'web'] } },
      want: 'with "each": "container" has it',
    },
    {
      name: 'a fact of releases in a trigger on artifacts',
      given: { ...trigger, when: { '==': [{ var: 'released.env' }, 'staging'] } },
      want: 'only a trigger on "released" has it',
    },
    {
      name: 'events of a trigger on releases',
      given: { ...trigger, on: 'released', events: ['push'] },
      want: '/events only a trigger on artifacts takes it',
    },
    {
      name: 'a trigger on health for any health',
      given: { ...trigger, on: 'health' },
      want: '/when is missing: write { "=="',
    },
    {
      name: 'a schedule without a time',
      given: { ...trigger, on: 'schedule', ask: 'delete' },
      want: '/at is missing: write the time of day',
    },
    {
      name: 'a scheduled release from nowhere',
      given: { ...trigger, on: 'schedule', at: '02:00' },
      want: '/from is missing',
    },
    {
      name: 'a time of what is not scheduled',
      given: { ...trigger, at: '02:00' },
      want: '/at only a trigger on schedule takes it',
    },
    {
      name: 'a rollback of what arrived',
      given: { ...trigger, ask: 'rollback' },
      want: '/ask a trigger on artifact asks for a release',
    },
    {
      name: 'a release of what is gone',
      given: { ...trigger, on: 'branchDeleted', ask: 'release' },
      want: '/ask a trigger on branchDeleted asks to delete',
    },
    {
      name: 'a queue without a hold',
      given: { ...gate, newer: 'queues' },
      want: '/newer only a hold makes others wait',
    },
    {
      name: 'a misspelt kind',
      given: { ...gate, kind: 'gates' },
      want: '/kind there is no kind "gates"',
    },
    {
      name: 'another on',
      given: { ...trigger, on: 'push' },
      want: '/on must be "artifact"',
    },
    {
      name: 'no on',
      given: { kind: 'trigger', env: 'staging' },
      want: '/on is missing: write "on"',
    },
    {
      name: 'no env of a trigger',
      given: { kind: 'trigger', on: 'artifact' },
      want: '/env is missing: name',
    },
    { name: 'no require', given: { kind: 'gate' }, want: '/require is missing: write the rule' },
    { name: 'a misspelt key', given: { ...gate, requires: true }, want: 'did you mean require?' },
    { name: 'two letters swapped', given: { ...gate, evn: 'staging' }, want: 'did you mean env?' },
    {
      name: 'a key of the other kind',
      given: { ...gate, on: 'artifact' },
      want: '/on there is no key',
    },
    { name: 'a slash in a key', given: { ...gate, 'a/b': 1 }, want: '/a~1b there is no key' },
    {
      name: 'an unknown otherwise',
      given: { ...gate, otherwise: 'wait' },
      want: 'deny, hold or warn',
    },
    {
      name: 'an unknown event',
      given: { ...trigger, events: ['pull'] },
      want: '/events/0 must be push',
    },
    { name: 'no events', given: { ...trigger, events: [] }, want: '/events must name an event' },
    {
      name: 'a time without a unit',
      given: { ...gate, otherwise: 'hold', expires: '24' },
      want: 'such as 30m',
    },
    {
      name: 'a time too long',
      given: { ...gate, otherwise: 'hold', expires: '91d' },
      want: 'at most 90d',
    },
    {
      name: 'an expiry without a hold',
      given: { ...gate, expires: '1h' },
      want: 'only a hold expires',
    },
    {
      name: 'an unknown time zone',
      given: { ...gate, timeZone: 'Mars' },
      want: 'such as Europe/Budapest',
    },
    {
      name: 'enabled as text',
      given: { ...gate, enabled: 'false' },
      want: '/enabled must be true or false',
    },
    {
      name: 'a description of two lines',
      given: { ...gate, description: 'a\nb' },
      want: 'one line',
    },
    { name: 'a colour in a message', given: { ...gate, message: '\u001b[31m' }, want: 'one line' },
    {
      name: 'an env that no one can have',
      given: { ...gate, env: 'Production' },
      want: '"Production" is no name',
    },
    { name: 'an app that is a number', given: { ...gate, app: 5 }, want: '/app must be a name' },
    { name: 'an empty list of apps', given: { ...gate, app: [] }, want: '/app is an empty list' },
    {
      name: 'an open brace',
      given: { ...gate, app: ['a', 'b{'] },
      want: '/app/1 the pattern leaves a brace',
    },
    {
      name: 'a ! in a list',
      given: { ...gate, app: ['!a', '!b'] },
      want: 'write one pattern such as !{',
    },
    {
      name: 'a rule that is not one',
      given: { ...gate, require: 'true' },
      want: '/require must be a rule',
    },
    { name: 'a null when', given: { ...gate, when: null }, want: '/when must be a rule' },
    {
      name: 'a bad when',
      given: { ...trigger, when: { and: [{ var: 'app' }] } },
      want: '/when/and/0 is a value',
    },
    {
      name: 'a file too big',
      given: ' '.repeat(policyCharsMax + 1),
      want: 'more than 65536 characters',
    },
    {
      name: 'a key twice',
      given: '{"kind":"gate","require":false,"require":true}',
      want: 'stands twice',
    },
  ])('$name', ({ given, want }) => {
    const set = load({ p: given })
    expect(problemsOf(set).join('\n')).toContain(want)
    expect([...set.gates, ...set.triggers]).toEqual([])
  })

  test.each(['Freeze', 'a_b', '-a', '', 'a'.repeat(64), '.hidden'])('the name "%s"', (name) => {
    expect(problemsOf(load({ [name]: gate })).join()).toContain('the file name must be')
  })
})

test('all problems of a file are found at once', () => {
  const given = { ...gate, app: 'A', evn: 'x', otherwise: 'no', when: 1, require: { a: 1 } }
  const places = problemsOf(load({ p: given })).map((problem) => problem.split(' ')[1])
  expect(places.sort()).toEqual(['/app', '/evn', '/otherwise', '/require', '/when'])
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
