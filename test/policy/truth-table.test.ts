import { describe, expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { libraryOperators, ownOperators, textOperators } from '../../src/policy/operators.ts'
import { evaluate } from '../../src/policy/rule.ts'
import { checkRule } from '../../src/policy/rule-check.ts'

/** One operand of each kind: what it is to the checker, and what it is at the evaluation. */
type Kind = 'text' | 'number' | 'boolean' | 'texts' | 'numbers' | 'refused'
type Operand = {
  readonly name: string
  readonly kind: Kind
  readonly value: unknown
  /** A fact that is not there, or of another type than it is declared. */
  readonly isBroken?: boolean
}

const facts: Facts = {
  app: 'web',
  env: 'production',
  artifact: { version: { branch: 'web', tag: '1.2.3' } },
  actor: { login: 'alice', roles: ['web', 'admin'], teams: ['web'] },
  approvals: { by: ['bob'], roles: {}, teams: {} },
  envs: { staging: { minutes: 1 }, odd: { minutes: '1', artifactId: 7, sha: ['web'] } } as unknown as Facts, // biome-ignore format: one value
  current: { minutes: Number.NaN },
  now: { hour: 1, unix: 60 },
}
const fact = (path: string, kind: Kind, isBroken = false): Operand => ({
  name: path,
  kind,
  value: { var: path },
  isBroken,
})
const operands: readonly Operand[] = [
  fact('app', 'text'),
  fact('artifact.version.tag', 'text'),
  fact('now.hour', 'number'),
  fact('envs.staging.minutes', 'number'),
  fact('actor.roles', 'texts'),
  fact('envs.qa.artifactId', 'text', true),
  fact('envs.odd.artifactId', 'text', true),
  fact('envs.odd.sha', 'text', true),
  fact('envs.qa.minutes', 'number', true),
  fact('envs.odd.minutes', 'number', true),
  fact('current.minutes', 'number', true),
  fact('approvals.roles.approver', 'texts', true),
  { name: 'default', kind: 'text', value: { var: ['envs.qa.artifactId', 'web'] } },
  { name: 'count', kind: 'number', value: { count: { var: 'actor.roles' } } },
  { name: 'count of none', kind: 'number', value: { count: { var: 'approvals.teams.x' } }, isBroken: true }, // biome-ignore format: one row
  { name: 'distinct', kind: 'texts', value: { distinct: { var: 'actor.roles' } } },
  { name: 'no image', kind: 'text', value: { image: 'tag' }, isBroken: true },
  { name: 'minutesSince', kind: 'number', value: { minutesSince: 'envs.qa.releasedAt' }, isBroken: true }, // biome-ignore format: one row
  { name: '"web"', kind: 'text', value: 'web' },
  { name: '"1"', kind: 'text', value: '1' },
  { name: '1', kind: 'number', value: 1 },
  { name: '0', kind: 'number', value: 0 },
  { name: 'true', kind: 'boolean', value: true },
  { name: 'false', kind: 'boolean', value: false },
  { name: '["web"]', kind: 'texts', value: ['web'] },
  { name: '[1]', kind: 'numbers', value: [1] },
  { name: 'null', kind: 'refused', value: null },
  { name: '{}', kind: 'refused', value: {} },
  { name: '[]', kind: 'refused', value: [] },
  { name: '[null]', kind: 'refused', value: [null] },
  { name: 'undeclared', kind: 'refused', value: { var: 'nothing' } },
  { name: 'two keys', kind: 'refused', value: { var: 'app', in: 'x' } },
]
const pairOperators = [...libraryOperators, ...textOperators, 'glob', 'semver', 'subset'] as const
const oneOperators = ['!', 'and', 'or', 'has', ...ownOperators] as const

/** What plain reading of the operator would hold for, apart from every engine. */
function reads(operator: string, left: Operand, right: Operand): boolean {
  const [a, b] = [left.kind, right.kind]
  switch (operator) {
    case '==':
    case '!=':
      return a === b && ['text', 'number', 'boolean'].includes(a)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return a === 'number' && b === 'number'
    case 'in':
      return (a === 'text' && b === 'texts') || (a === 'number' && b === 'numbers')
    case 'subset':
      return a === 'texts' && b === 'texts'
    default:
      return a === 'text' && b === 'text'
  }
}

const pairs = pairOperators.flatMap((operator) =>
  operands.flatMap((left) => operands.map((right) => ({ operator, left, right }))),
)
const wraps = [
  (rule: unknown) => rule,
  (rule: unknown) => ({ '!': rule }),
  (rule: unknown) => ({ and: [true, rule] }),
  (rule: unknown) => ({ or: [false, rule] }),
]
const results = (rule: unknown) =>
  wraps.map((wrap) => {
    const checked = checkRule(wrap(rule))
    return checked.kind === 'rule' ? evaluate(checked.rule, facts).result : 'refused'
  })

describe('A20: every operator by every kind of operand, on both sides', () => {
  test('is at least 2,000 cases', () => {
    expect(pairs.length * wraps.length + oneOperators.length * operands.length).toBeGreaterThan(2_000) // biome-ignore format: one claim
    expect(pairs.length).toBeGreaterThan(2_000)
  })

  test.each(pairOperators)('%s never says yes by accident', (operator) => {
    const wrong: string[] = []
    for (const { left, right } of pairs.filter((one) => one.operator === operator)) {
      const got = results({ [operator]: [left.value, right.value] })
      const isRefused = got.every((result) => result === 'refused')
      const isMeant = reads(operator, left, right)
      const isBroken = left.isBroken || right.isBroken
      const isFine = isMeant
        ? isRefused || !isBroken || got.every((result) => result === 'error')
        : isRefused
      if (!isFine) wrong.push(`${left.name} ${operator} ${right.name}: ${got.join(' ')}`)
    }
    expect(wrong).toEqual([])
  })

  test.each(oneOperators)(
    '%s of one bare operand is refused, but for a rule of its own',
    (operator) => {
      const fine: Record<string, readonly unknown[]> = {
        and: [true],
        or: [true],
        '!': [true, false],
      }
      const wrong = operands
        .filter(({ value }) => !(operator === '!' && fine['!']?.includes(value)))
        .filter(({ value }) =>
          results({ [operator]: value }).some((result) => result !== 'refused'),
        )
        .map(({ name }) => name)
      // These take a name, which a text may be.
      const takesText = ['inTeam', 'has'].includes(operator)
      expect(wrong.filter((name) => !(takesText && /^"/.test(name)) && !isFine(operator, name))).toEqual([]) // biome-ignore format: one claim
    },
  )
})

/** A list of one is taken as the one, and an approval that asks for nothing more is anyone's. */
const isFine = (operator: string, name: string): boolean =>
  (operator === 'inTeam' && name === '["web"]') || (operator === 'approvedBy' && name === '{}')

test('A20: what is meant and there is what it says', () => {
  const yes = [
    { '==': [{ var: 'app' }, 'web'] },
    { '!=': [{ var: 'app' }, '1'] },
    { '<': [0, { var: 'now.hour' }] },
    { in: [{ var: 'app' }, { distinct: { var: 'actor.roles' } }] },
    { subset: [['web'], { var: 'actor.roles' }] },
    { semver: [{ var: 'artifact.version.tag' }, '^1'] },
    { glob: [{ var: 'app' }, 'w*'] },
    { hasRole: 'admin' },
    { inTeam: 'web' },
    { approvedBy: { count: 1 } },
  ]
  for (const rule of yes) expect([rule, ...results(rule)]).toEqual([rule, true, false, true, true])
})
