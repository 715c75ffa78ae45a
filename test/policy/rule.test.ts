import fc from 'fast-check'
import jsonLogic, { type RulesLogic } from 'json-logic-js'
import { describe, expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { evaluate, type Rule, stepsMax } from '../../src/policy/rule.ts'
import { checkRule } from '../../src/policy/rule-check.ts'
import { ruleLike, run } from './support/rules.ts'

const facts: Facts = {
  app: 'web',
  env: 'production',
  artifact: { version: { branch: 'release/1', message: 'fix [ship] it', tag: '' } },
  actor: { roles: ['releaser', 'admin'] },
  envs: { staging: { artifactId: 'a-1', minutes: 45 } },
  now: { hour: 15 },
}
const branch = { var: 'artifact.version.branch' }
const minutes = { var: 'envs.staging.minutes' }
const missing = { var: 'current.minutes' }

describe('a rule is evaluated', () => {
  test.each<{ rule: unknown; want: boolean | 'error' }>([
    { rule: true, want: true },
    { rule: false, want: false },
    { rule: { '==': [{ var: 'app' }, 'web'] }, want: true },
    { rule: { '==': [{ var: 'app' }, 'api'] }, want: false },
    { rule: { '!=': [{ var: 'app' }, 'api'] }, want: true },
    { rule: { '<': [{ var: 'now.hour' }, 15] }, want: false },
    { rule: { '<=': [{ var: 'now.hour' }, 15] }, want: true },
    { rule: { '>': [minutes, 30] }, want: true },
    { rule: { '>=': [minutes, 45] }, want: true },
    { rule: { in: [{ var: 'app' }, ['web', 'api']] }, want: true },
    { rule: { in: [{ var: 'app' }, ['website']] }, want: false },
    { rule: { in: ['admin', { var: 'actor.roles' }] }, want: true },
    { rule: { in: ['adm', { var: 'actor.roles' }] }, want: false },
    { rule: { startsWith: [branch, 'release/'] }, want: true },
    { rule: { endsWith: [branch, '/2'] }, want: false },
    { rule: { contains: [{ var: 'artifact.version.message' }, '[ship]'] }, want: true },
    { rule: { glob: [branch, '{release,hotfix}/*'] }, want: true },
    { rule: { glob: [branch, '!release/*'] }, want: false },
    { rule: { has: 'envs.staging.minutes' }, want: true },
    { rule: { has: 'envs.qa.minutes' }, want: false },
    { rule: { '!': { has: 'current.sha' } }, want: true },
    { rule: { '!': [{ has: 'app' }] }, want: false },
    { rule: { and: [{ has: 'app' }, { '==': [{ var: 'app' }, 'web'] }] }, want: true },
    { rule: { or: [{ has: 'current.sha' }, { '>': [minutes, 30] }] }, want: true },
    { rule: { '>': [{ var: ['current.minutes', 31] }, 30] }, want: true },
    { rule: { '>': [{ var: ['envs.staging.minutes', 0] }, 30] }, want: true },
  ])('$rule is $want', ({ rule, want }) => {
    expect(run(rule, facts).result).toBe(want)
  })
})

describe('A20: a missing fact is an error, not null', () => {
  test.each<{ rule: unknown }>([
    { rule: { '<=': [missing, 5] } },
    { rule: { '<': [missing, 5] } },
    { rule: { '>=': [missing, 0] } },
    { rule: { '!=': [{ var: 'current.sha' }, 'frozen'] } },
    { rule: { '!': { '==': [{ var: 'current.sha' }, 'frozen'] } } },
    { rule: { '!': { in: [{ var: 'current.branch' }, ['frozen']] } } },
    { rule: { '!': { glob: [{ var: 'current.branch' }, '*'] } } },
    { rule: { or: [{ '<=': [missing, 5] }, true] } },
    { rule: { and: [true, { '!': { and: [{ '>': [missing, 5] }] } }] } },
  ])('$rule', ({ rule }) => {
    const { result, trace } = run(rule, facts)
    expect(result).toBe('error')
    expect(JSON.stringify(trace)).toMatch(/needs the fact current\.\w+, which is not there/)
  })
})

describe('A20: a fact of another type than declared is an error', () => {
  test.each<{ name: string; given: unknown }>([
    { name: 'text', given: '45' },
    { name: 'a list', given: ['45'] },
    { name: 'null', given: null },
    { name: 'NaN', given: Number.NaN },
    { name: 'Infinity', given: Infinity },
    { name: 'true', given: true },
    { name: 'a tree', given: { valueOf: () => 45 } },
  ])('$name where a number is declared', ({ given }) => {
    const wrong = { envs: { staging: { minutes: given } } } as unknown as Facts
    for (const rule of [{ '>=': [minutes, 2] }, { '!': { has: 'envs.staging.minutes' } }])
      expect(run(rule, wrong).result).toBe('error')
  })

  test('what a fact inherits is not there', () => {
    const inherits = Object.create({ app: 'web' }) as Facts
    expect(run({ has: 'app' }, inherits).result).toBe(false)
    expect(run({ '==': [{ var: 'app' }, 'web'] }, inherits).result).toBe('error')
    expect(run({ has: 'envs.length.sha' }, { envs: 'x' }).result).toBe(false)
  })

  test('an empty text is not looked for', () => {
    const empty = { startsWith: [branch, { var: 'artifact.version.tag' }] }
    expect(run(empty, facts).result).toBe('error')
    expect(run({ '!': empty }, facts).result).toBe('error')
  })
})

const comparisonOperators = '== != < <= > >= in startsWith endsWith contains glob'.split(' ')
const operands: readonly unknown[] = [
  ...['app', 'env', 'now.hour', 'envs.staging.minutes', 'actor.roles', 'current.sha'].map(
    (path) => ({ var: path }),
  ),
  ...['', 'web', '*', 0, 45, true, false, null, [], ['web'], [45], [true], ['web', 45], {}],
]
const table = comparisonOperators.flatMap((op) =>
  operands.flatMap((left) => operands.map((right) => ({ op, left, right }))),
)

test('A20: of every operator and type, a comparison is right, false, an error or refused', () => {
  expect(table.length).toBeGreaterThan(2_000)
  const counts = { accepted: 0, missing: 0 }
  for (const { op, left, right } of table) {
    const checked = checkRule({ [op]: [left, right] })
    if (checked.kind === 'problems') continue
    counts.accepted++
    expect(evaluate(checked.rule, {}).result, `${op} without facts`).toBe('error')
    const { result } = evaluate(checked.rule, facts)
    if (!JSON.stringify([left, right]).includes('current.sha')) expect(result).toBeTypeOf('boolean')
    else {
      counts.missing++
      expect(result, `${op} with a missing fact`).toBe('error')
    }
  }
  expect(counts.accepted).toBeGreaterThan(100)
  expect(counts.missing).toBeGreaterThan(20)
})

/** True when a rule may rightly hold without any fact. */
function mayHoldWithoutFacts(rule: Rule, negated = false): boolean {
  switch (rule.kind) {
    case 'constant':
      return true
    case 'and':
    case 'or':
      return rule.of.some((part) => mayHoldWithoutFacts(part, negated))
    case 'not':
      return mayHoldWithoutFacts(rule.of, true)
    case 'has':
      return negated
    default:
      return rule.operands.some((operand) => operand.kind === 'fact' && 'fallback' in operand)
  }
}

test('A20: without a literal, a default or a negated has, no rule holds when all facts are missing', () => {
  const accepted = ruleLike.map(checkRule).filter((checked) => checked.kind === 'rule')
  const rules = accepted.filter(({ rule }) => !mayHoldWithoutFacts(rule))
  fc.assert(
    fc.property(rules, ({ rule }) => {
      expect(evaluate(rule, {}).result).not.toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

const someFacts = fc.record(
  {
    app: fc.constantFrom('a', 'web', ''),
    env: fc.constantFrom('a', 'production'),
    now: fc.record({ hour: fc.integer({ min: 0, max: 23 }) }),
    current: fc.record({ minutes: fc.nat(40), branch: fc.constantFrom('a', 'main') }),
    envs: fc.record({ staging: fc.record({ artifactId: fc.constantFrom('a', 'web') }) }),
    actor: fc.record({ roles: fc.subarray(['a', 'web', 'admin']) }),
    artifact: fc.record({ context: fc.record({ CI: fc.constantFrom('a', 'true') }) }),
  },
  { requiredKeys: [] },
)
const acceptedRule = ruleLike.filter((rule) => checkRule(rule).kind === 'rule')

test('an evaluation answers true, false or error, and never throws', () => {
  fc.assert(
    fc.property(acceptedRule, someFacts, (rule, given) => {
      expect([true, false, 'error']).toContain(run(rule, given).result)
    }),
    { numRuns: 2_000 },
  )
})

test('A20: where a rule has an answer, it is the one of JSON-Logic itself', () => {
  const ownOperator = /startsWith|endsWith|contains|glob|has/
  const shared = acceptedRule.filter((rule) => !ownOperator.test(JSON.stringify(rule)))
  fc.assert(
    fc.property(shared, someFacts, (rule, given) => {
      const { result } = run(rule, given)
      if (result !== 'error') expect(result).toBe(jsonLogic.apply(rule as RulesLogic, given))
    }),
    { numRuns: 2_000 },
  )
})

describe('A21: an evaluation that costs too much is an error', () => {
  const always: Rule = { kind: 'constant', value: true }
  const spent = `costs more than ${stepsMax} steps`

  test('by its nodes', () => {
    const rule: Rule = { kind: 'and', of: Array(stepsMax).fill(always) }
    const { result, trace } = evaluate(rule, {})
    expect(result).toBe('error')
    expect(trace.of?.at(-1)?.problem).toBe(spent)
  })

  test('by the texts that its patterns are matched with, in 4 KiB of rule', () => {
    const pattern = '*a'.repeat(100)
    const glob = { glob: [{ var: 'artifact.version.message' }, `${pattern}b`] }
    const bomb = { or: Array(14).fill(glob) }
    expect(JSON.stringify(bomb).length).toBeLessThan(4_096)
    const long = { artifact: { version: { message: 'a'.repeat(1_000_000) } } }
    const { result, trace } = run(bomb, long)
    expect(result).toBe('error')
    expect(trace.of?.map(({ problem }) => problem)).toEqual([spent])
  })

  test('by each list that is made of another', () => {
    const locks = { by: Array.from({ length: 50_000 }, (_, nth) => `login-${nth}`) }
    const more = (of: unknown) => ({ '>': [{ count: of }, 1] })
    expect(run(more({ var: 'locks.by' }), { locks }).result).toBe(true)
    const { result, trace } = run(more({ distinct: { var: 'locks.by' } }), { locks })
    expect([result, trace.problem]).toEqual(['error', spent])
  })

  test('and an honest rule is far from it', () => {
    const message = { var: 'artifact.version.message' }
    const rule = { and: [{ contains: [message, 'z'] }, { glob: [message, '*z'] }] }
    const long = { artifact: { version: { message: `${'a'.repeat(1_000_000)}z` } } }
    expect(run(rule, long).result).toBe(true)
  })
})

describe('a trace shows', () => {
  test('what was looked at, and what it was', () => {
    const rule = { and: [{ '>': [minutes, 50] }, { has: 'app' }] }
    expect(run(rule, facts).trace).toEqual({
      op: 'and',
      result: false,
      of: [
        {
          op: '>',
          result: false,
          facts: { 'envs.staging.minutes': 45 },
          rule: { '>': [minutes, 50] },
        },
      ],
    })
  })

  test('why there is no answer', () => {
    expect(run({ '<': [missing, 5] }, facts).trace).toEqual({
      op: '<',
      result: 'error',
      problem: 'needs the fact current.minutes, which is not there',
      facts: {},
      rule: { '<': [missing, 5] },
    })
  })

  test('no more of a long text than a person reads', () => {
    const long = { app: 'a'.repeat(10_000), actor: { roles: Array(100).fill('b'.repeat(1_000)) } }
    const rule = { or: [{ '==': [{ var: 'app' }, 'x'] }, { in: ['x', { var: 'actor.roles' }] }] }
    expect(JSON.stringify(run(rule, long).trace).length).toBeLessThan(10_000)
  })
})
