import { describe, expect, test } from 'vitest'
import { loadPolicies } from '../../src/policy/policy.ts'
import { runPolicyTests } from '../../src/policy/policy-test.ts'
import { shippedFiles } from './support/policies.ts'

/** What a policy tells people, and what editors read: no decision depends on it. */
const words = new Set(['description', 'message', '$schema'])
const operators = ['==', '!=', '<', '<=', '>', '>=', 'in', 'and', 'or', '!', 'startsWith', 'contains', 'glob', 'has'] // biome-ignore format: one list
const others: Readonly<Record<string, readonly unknown[]>> = {
  kind: ['gate', 'trigger', 'object'],
  on: ['artifact', 'released'],
  otherwise: ['deny', 'hold', 'warn'],
}
const facts = ['app', 'env', 'artifact.id', 'artifact.version.tag', 'envs.production.artifactId', 'now.minute', 'request.source'] // biome-ignore format: one list

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every value that differs from this one in a single token. */
function mutantsOf(value: unknown, key = ''): unknown[] {
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'number') return [value + 1, value - 1, -value, String(value)]
  if (typeof value === 'string') return textMutants(value, key)
  if (Array.isArray(value)) return listMutants(value, key)
  return isObject(value) ? objectMutants(value) : []
}

function textMutants(text: string, key: string): unknown[] {
  if (key === 'var' || key === 'has') return [...facts, `${text}x`].filter((one) => one !== text)
  const near = others[key] ?? [`${text}x`, '', text.slice(1)]
  return near.filter((one) => one !== text)
}

const listMutants = (list: readonly unknown[], key: string): unknown[] =>
  list.flatMap((one, at) => [
    list.filter((_, index) => index !== at),
    ...mutantsOf(one, key).map((other) => list.with(at, other)),
  ])

function objectMutants(node: Json): Json[] {
  const keys = Object.keys(node).filter((key) => !words.has(key))
  return keys.flatMap((key) => {
    const { [key]: value, ...rest } = node
    const renamed = operators.includes(key) ? operators.filter((one) => one !== key) : [`${key}x`]
    return [
      rest,
      ...renamed.map((one) => ({ ...rest, [one]: value })),
      ...mutantsOf(value, key).map((other) => ({ ...node, [key]: other })),
    ]
  })
}

/** What no test can tell from the policy itself, and why. */
const equal: Readonly<Record<string, string>> = {
  '"otherwise" left out': 'deny is what it means without',
  '"enabled" left out or true': 'the tests turn the policy on, so that it can be tried at all',
  '"when" with another look at request.kind': 'it is release, rollback or delete and nothing else',
  '"expires"': 'the tests ask for the answer, not for how long it waits',
}
function reasonOf(original: Json, mutant: Json): string | undefined {
  const changed = Object.keys({ ...original, ...mutant }).filter(
    (key) => JSON.stringify(original[key]) !== JSON.stringify(mutant[key]),
  )
  if (changed.join() === 'expires') return '"expires"'
  if (changed.join() === 'enabled') return '"enabled" left out or true'
  if (changed.join() === 'otherwise' && mutant.otherwise === undefined) return '"otherwise" left out' // biome-ignore format: one line
  const looks = ['startsWith', 'contains', 'glob'].filter((one) => isObject(mutant.when) && one in mutant.when) // biome-ignore format: one line
  if (changed.join() === 'when' && looks.length > 0) return '"when" with another look at request.kind' // biome-ignore format: one line
  return undefined
}

const shipped = shippedFiles()
const policies = [...shipped].filter(([path]) => !path.includes('/') && path !== 'policy.schema.json') // biome-ignore format: one list

function survives(path: string, mutant: Json): boolean {
  const files = new Map(shipped).set(path, JSON.stringify(mutant))
  const sources = { version: 'mutant', files }
  const set = loadPolicies(sources)
  if (set.invalid.length > 0) return false
  const { problems, cases } = runPolicyTests(set, sources)
  return problems.length === 0 && cases.every(({ passed }) => passed)
}

describe('A20: every single-token change of a shipped policy is refused or caught by its tests', () => {
  test.each(policies)('%s', (path, text) => {
    const original = JSON.parse(text) as Json
    const mutants = objectMutants(original)
    expect(mutants.length).toBeGreaterThan(25)
    const survivors = mutants.filter((mutant) => survives(path, mutant))
    const unexplained = survivors.filter((mutant) => !((reasonOf(original, mutant) ?? '') in equal))
    expect(unexplained.map((mutant) => JSON.stringify(mutant))).toEqual([])
  })
})
