import fc from 'fast-check'
import type { Facts } from '../../../src/domain/facts.ts'
import { libraryOperators, textOperators } from '../../../src/policy/operators.ts'
import { type Evaluation, evaluate } from '../../../src/policy/rule.ts'
import { checkRule } from '../../../src/policy/rule-check.ts'

/** `!` around `true`, so many operators deep. */
export const nested = (depth: number): unknown => (depth === 0 ? true : { '!': nested(depth - 1) })

/** Evaluates a rule that must be fine. */
export function run(rule: unknown, facts: Facts): Evaluation {
  const checked = checkRule(rule)
  if (checked.kind === 'problems') throw new Error(JSON.stringify(checked.problems))
  return evaluate(checked.rule, facts)
}

const path = fc.constantFrom(
  'app',
  'env',
  'now.hour',
  'current.minutes',
  'current.branch',
  'envs.staging.artifactId',
  'actor.roles',
  'artifact.context.CI',
)
const literal = fc.oneof(
  fc.constantFrom<unknown>('a', 'web', '', 0, 1, 30, true, false),
  fc.constantFrom<unknown>(['a', 'web'], [0, 1], [], null),
)
const operand = fc.oneof(
  { weight: 4, arbitrary: path.map((name) => ({ var: name })) },
  { weight: 1, arbitrary: fc.tuple(path, literal).map((pair) => ({ var: pair })) },
  { weight: 4, arbitrary: literal },
)
const comparison = fc
  .tuple(fc.constantFrom(...libraryOperators, ...textOperators, 'glob'), operand, operand)
  .map(([op, left, right]) => ({ [op]: [left, right] }))

/** Rules, right and wrong ones, of the grammar's own words. */
export const ruleLike: fc.Arbitrary<unknown> = fc.letrec<{ rule: unknown }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    comparison,
    path.map((name) => ({ has: name })),
    fc.boolean(),
    tie('rule').map((rule) => ({ '!': rule })),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('rule'), { minLength: 1, maxLength: 3 }))
      .map(([op, rules]) => ({ [op]: rules })),
  ),
})).rule
