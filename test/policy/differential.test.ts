import fc from 'fast-check'
import jsonLogic, { type RulesLogic } from 'json-logic-js'
import { expect, test } from 'vitest'
import { evaluate } from '../../src/policy/rule.ts'
import { checkRule } from '../../src/policy/rule-check.ts'

const texts = ['', 'web', 'api', '0', '1', 'true', 'Web']
const numbers = [0, -0, 1, -1, 30, 0.5, 1e21]

const facts = fc.record({
  app: fc.constantFrom(...texts),
  env: fc.constantFrom(...texts),
  now: fc.record({ hour: fc.constantFrom(...numbers), minute: fc.constantFrom(...numbers) }),
  actor: fc.record({ roles: fc.subarray(texts) }),
  container: fc.record({ privileged: fc.boolean(), isLatest: fc.boolean() }),
})

const fact = (...paths: readonly string[]) => fc.constantFrom(...paths).map((path) => ({ var: path })) // biome-ignore format: one value
/** A fact that is there, or one that never is, with what counts instead. */
const withDefault = (path: string, values: readonly unknown[]) => fc.constantFrom(...values).map((value) => ({ var: [path, value] })) // biome-ignore format: one value
const text = fc.oneof(fact('app', 'env'), withDefault('current.sha', texts))
const number = fc.oneof(fact('now.hour', 'now.minute'), withDefault('current.minutes', numbers))
const flag = fc.oneof(fact('container.privileged', 'container.isLatest'), withDefault('container.limitsCpu', [true, false])) // biome-ignore format: one value
const roles = fc.oneof(fact('actor.roles'), withDefault('actor.teams', [[], ['web'], texts]))

/** Two operands of a type, on either side; at most one of them is written down. */
const pairs = (one: fc.Arbitrary<unknown>, values: readonly unknown[]) =>
  fc
    .tuple(one, fc.oneof(one, fc.constantFrom(...values)), fc.boolean())
    .map(([left, right, isTurned]) => (isTurned ? [right, left] : [left, right]))
const equality = fc.constantFrom('==', '!=')
const order = fc.constantFrom('<', '<=', '>', '>=')
const someOf = (values: readonly unknown[]) => fc.subarray([...values], { minLength: 1 })

const comparison = fc
  .oneof(
    fc.tuple(equality, pairs(text, texts)),
    fc.tuple(equality, pairs(number, numbers)),
    fc.tuple(equality, pairs(flag, [true, false])),
    fc.tuple(order, pairs(number, numbers)),
    fc.tuple(fc.constant('in'), fc.tuple(text, fc.oneof(roles, someOf(texts)))),
    fc.tuple(fc.constant('in'), fc.tuple(number, someOf(numbers))),
    fc.tuple(fc.constant('in'), fc.tuple(flag, someOf([true, false]))),
    fc.tuple(fc.constant('in'), fc.tuple(fc.constantFrom(...texts), roles)),
  )
  .map(([operator, operands]) => ({ [operator]: operands }))

const rule = fc.letrec<{ rule: unknown }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 4, arbitrary: comparison },
    { weight: 2, arbitrary: tie('rule').map((one) => ({ '!': one })) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('and', 'or'), fc.array(tie('rule'), { minLength: 1, maxLength: 4 }))
        .map(([operator, rules]) => ({ [operator]: rules })),
    },
  ),
})).rule

test('A20: of facts that are there and of the right type, JSON-Logic says the same', () => {
  const answers = { true: 0, false: 0 }
  fc.assert(
    fc.property(rule, facts, (one, given) => {
      const checked = checkRule(one)
      expect(checked.kind).toBe('rule')
      if (checked.kind !== 'rule') return
      const { result } = evaluate(checked.rule, given)
      expect(result).toBe(jsonLogic.apply(one as RulesLogic, given))
      answers[`${result as boolean}`]++
    }),
    { numRuns: 5_000 },
  )
  // Both come out often: what is compared is not one answer with itself.
  expect(Math.min(answers.true, answers.false)).toBeGreaterThan(1_000)
})
