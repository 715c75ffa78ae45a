import { describe, expect, test } from 'vitest'
import { factDeclarations } from '../../src/domain/facts.ts'
import { operandOperators, ruleOperators } from '../../src/policy/operators.ts'
import { loadPolicies } from '../../src/policy/policy.ts'
import { runPolicyTests } from '../../src/policy/policy-test.ts'
import { artifactEvents, triggerSources } from '../../src/policy/schema.ts'
import { shippedFiles } from './support/policies.ts'

/** What a policy tells people, and what editors read: no decision depends on it. */
const words = new Set(['description', 'message', '$schema'])
const operators: readonly string[] = ruleOperators
const values: readonly string[] = operandOperators
const others: Readonly<Record<string, readonly string[]>> = {
  kind: ['gate', 'trigger', 'object'],
  on: triggerSources,
  events: artifactEvents,
  otherwise: ['deny', 'hold', 'warn'],
}
/** Every fact of releases, with a name in place of the star. */
const facts = factDeclarations.map(({ path }) => path.replace('*', 'production'))

type Json = Readonly<Record<string, unknown>>
/** A value that differs from another in a single token: where, and what stands there now. */
type Mutant = { readonly at: string; readonly to: string; readonly value: unknown }

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function mutantsOf(value: unknown, key = ''): Mutant[] {
  if (Array.isArray(value)) return listMutants(value, key)
  if (isObject(value)) return objectMutants(value)
  const here = typeof value === 'string' ? textMutants(value, key) : scalarMutants(value)
  return here.map((one) => ({ at: '', to: JSON.stringify(one), value: one }))
}

const scalarMutants = (value: unknown): unknown[] =>
  typeof value === 'number'
    ? [value + 1, value - 1, -value, 0, String(value), null]
    : [!value, String(value), null]

function textMutants(text: string, key: string): unknown[] {
  const near = ['var', 'has'].includes(key)
    ? [...facts, `${text}x`]
    : (others[key] ?? [`${text}x`, '', text.slice(1), text.toUpperCase(), '*', `!${text}`])
  return [...near, null].filter((one) => one !== text)
}

const below = (name: string | number, inner: readonly Mutant[]): Mutant[] =>
  inner.map((one) => ({ ...one, at: `/${name}${one.at}` }))

const listMutants = (list: readonly unknown[], key: string): Mutant[] =>
  list.flatMap((one, nth) => [
    { at: `/${nth}`, to: 'left out', value: list.toSpliced(nth, 1) },
    ...below(nth, mutantsOf(one, key)).map((other) => ({
      ...other,
      value: list.with(nth, other.value),
    })),
  ])

/** What may stand in place of a key: of an operator, every other one. */
function renamed(key: string): string[] {
  const known = [operators, values].find((names) => names.includes(key)) ?? []
  return [...known, `${key}x`].filter((name) => name !== key)
}

const objectMutants = (node: Json): Mutant[] =>
  Object.keys(node)
    .filter((key) => !words.has(key))
    .flatMap((key) => {
      const { [key]: value, ...rest } = node
      const names = renamed(key).map((name) => ({ at: `/${key}`, to: `the key ${name}`, value: { ...rest, [name]: value } })) // biome-ignore format: one value
      const inner = below(key, mutantsOf(value, key))
      return [
        { at: `/${key}`, to: 'left out', value: rest },
        ...names,
        ...inner.map((other) => ({ ...other, value: { ...node, [key]: other.value } })),
      ]
    })

const noOtherKind = 'request.kind is release, rollback or delete and nothing else'
const isOff = 'policy.test.ts says that it is off; its tests turn it on, so that it can be tried'
const howLong = 'the tests ask for the answer, not for how long it waits'
const looks = {
  '/when/==: the key contains': noOtherKind,
  '/when/==: the key endsWith': noOtherKind,
  '/when/==: the key glob': noOtherKind,
  '/when/==: the key startsWith': noOtherKind,
}
/** What no test can tell from the policy itself, and why. */
const equal: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'main-to-staging.json': {},
  'no-releases-on-weekend-nights.json': {
    '/enabled: left out': isOff,
    '/enabled: true': isOff,
    '/expires: "2h"': howLong,
    '/expires: left out': howLong,
    '/timeZone: "EUROPE/BUDAPEST"': 'the names of time zones have no case',
    ...looks,
  },
  'production-only-what-runs-in-staging.json': {
    '/otherwise: left out': 'deny is what it means without',
    ...looks,
  },
}

const shipped = shippedFiles()
const policies = [...shipped].filter(([path]) => !path.includes('/') && path !== 'policy.schema.json') // biome-ignore format: one list

function survives(path: string, mutant: unknown): boolean {
  const files = new Map(shipped).set(path, JSON.stringify(mutant))
  const sources = { version: 'mutant', files }
  const set = loadPolicies(sources)
  if (set.invalid.length > 0) return false
  const { problems, cases } = runPolicyTests(set, sources)
  return problems.length === 0 && cases.every(({ passed }) => passed)
}

describe('A20, F25: every single-token change of a shipped policy is refused or caught by its tests', () => {
  test('of every shipped policy', () => {
    expect(policies.map(([path]) => path).sort()).toEqual(Object.keys(equal))
  })

  test.each(policies)('%s', (path, text) => {
    const mutants = mutantsOf(JSON.parse(text))
    expect(mutants.length).toBeGreaterThan(100)
    const survivors = mutants
      .filter(({ value }) => survives(path, value))
      .map(({ at, to }) => `${at}: ${to}`)
    expect(survivors.sort()).toEqual(Object.keys(equal[path] ?? {}).sort())
  })
})
