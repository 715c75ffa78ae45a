import { describe, expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { libraryOperators, ownOperators, textOperators } from '../../src/policy/operators.ts'
import { evaluate } from '../../src/policy/rule.ts'
import { checkRule } from '../../src/policy/rule-check.ts'

type Kind = 'text' | 'number' | 'boolean' | 'texts' | 'numbers' | 'booleans' | 'refused'
type Operand = {
  readonly name: string
  /** What it is to who reads it; `refused` may stand nowhere. */
  readonly kind: Kind
  readonly written: unknown
  readonly from: 'fact' | 'literal' | 'made'
  /** What comes out of it; nothing of a fact that is not there, or of another type than declared. */
  readonly value: unknown
}

const facts = {
  app: 'web',
  env: 'production',
  artifact: { version: { branch: 'web', tag: '1.2.3' } },
  actor: { login: 'alice', roles: ['web', 'admin'], teams: ['web', 'web'] },
  approvals: { by: ['bob'], roles: {}, teams: {} },
  envs: {
    staging: { minutes: 1 },
    odd: { minutes: '1', artifactId: 7, sha: ['web'], branch: null, health: {}, releasedAt: true },
  },
  current: { minutes: Number.NaN, releasedAt: 0 },
  locks: { by: [1], reasons: 'web' },
  now: { hour: 1, unix: 60 },
  container: { privileged: true, isLatest: false, limitsCpu: 'true', limitsMemory: 1 },
} as unknown as Facts

const fact = (path: string, kind: Kind, value?: unknown): Operand => ({ name: path, kind, written: { var: path }, from: 'fact', value }) // biome-ignore format: one value
const made = (kind: Kind, written: object, value?: unknown): Operand => ({ name: JSON.stringify(written), kind, written, from: 'made', value }) // biome-ignore format: one value
const literal = (kind: Kind, value: unknown): Operand => ({ name: JSON.stringify(value), kind, written: value, from: 'literal', value }) // biome-ignore format: one value

const operands: readonly Operand[] = [
  fact('app', 'text', 'web'),
  fact('artifact.version.tag', 'text', '1.2.3'),
  fact('now.hour', 'number', 1),
  fact('envs.staging.minutes', 'number', 1),
  fact('container.privileged', 'boolean', true),
  fact('container.isLatest', 'boolean', false),
  fact('actor.roles', 'texts', ['web', 'admin']),
  { ...fact('envs.qa.branch', 'text', 'web'), written: { var: ['envs.qa.branch', 'web'] } },
  { ...fact('locks.by', 'texts', []), written: { var: ['approvals.teams.x', []] } },
  // Not there.
  fact('envs.qa.artifactId', 'text'),
  fact('envs.qa.minutes', 'number'),
  fact('container.runAsNonRoot', 'boolean'),
  fact('approvals.roles.approver', 'texts'),
  // Of another type.
  fact('envs.odd.artifactId', 'text'),
  fact('envs.odd.sha', 'text'),
  fact('envs.odd.branch', 'text'),
  fact('envs.odd.health', 'text'),
  fact('envs.odd.minutes', 'number'),
  fact('envs.odd.releasedAt', 'number'),
  fact('current.minutes', 'number'),
  fact('container.limitsCpu', 'boolean'),
  fact('container.limitsMemory', 'boolean'),
  fact('locks.by', 'texts'),
  fact('locks.reasons', 'texts'),
  // Of another type, and a default does not help.
  { ...fact('default', 'text'), written: { var: ['envs.odd.artifactId', 'web'] } },
  made('number', { count: { var: 'actor.roles' } }, 2),
  made('number', { count: { var: 'approvals.teams.x' } }),
  made('texts', { distinct: { var: 'actor.teams' } }, ['web']),
  made('texts', { distinct: { var: 'locks.by' } }),
  made('number', { minutesSince: 'current.releasedAt' }, 1),
  made('number', { minutesSince: 'envs.odd.releasedAt' }),
  { ...made('text', { image: 'tag' }), from: 'fact' },
  literal('text', 'web'),
  literal('text', '1'),
  literal('number', 1),
  literal('number', 0),
  literal('boolean', true),
  literal('boolean', false),
  literal('texts', ['web']),
  literal('numbers', [1]),
  literal('booleans', [true]),
  ...[null, {}, [], [null], [['web']], ['web', 1]].map((value) => literal('refused', value)),
  made('refused', { var: 'nothing' }),
  made('refused', { var: 'app', in: 'x' }),
  made('refused', { minutesSince: { var: 'envs.qa.releasedAt', in: [] } }),
]
const pairOperators = [...libraryOperators, ...textOperators, 'glob', 'semver', 'subset'] as const
const oneOperators = ['!', 'and', 'or', 'has', ...ownOperators] as const
type Pair = readonly [Operand, Operand]

/** Whether the operator says anything of such a pair, by the words of docs/policies.md. */
function isMeant(operator: string, [left, right]: Pair): boolean {
  const [a, b] = [left.kind, right.kind]
  if (a === 'refused' || (left.from === 'literal' && right.from === 'literal')) return false
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
      return `${a}s` === b
    case 'subset':
      return a === 'texts' && b === 'texts'
    case 'glob':
    case 'semver': {
      const isWritten = left.from === 'fact' && right.from === 'literal'
      const isRange = operator === 'glob' || right.value === '1'
      return isWritten && a === 'text' && b === 'text' && isRange
    }
    default:
      return a === 'text' && b === 'text'
  }
}

/** What it says of two values. */
function answer(operator: string, left: never, right: never): boolean | 'error' {
  const [text, part, list] = [String(left), String(right), [right].flat() as unknown[]]
  const answers: Readonly<Record<string, () => boolean | 'error'>> = {
    '==': () => left === right,
    '!=': () => left !== right,
    '<': () => left < right,
    '<=': () => left <= right,
    '>': () => left > right,
    '>=': () => left >= right,
    in: () => list.includes(left),
    startsWith: () => text.startsWith(part),
    endsWith: () => text.endsWith(part),
    contains: () => text.includes(part),
    subset: () => [left].flat().every((one) => list.includes(one)),
    // No pattern of the table has anything but letters.
    glob: () => left === right,
    semver: () => (text === '1.2.3' ? true : 'error'),
  }
  return answers[operator]?.() ?? 'error'
}

type Result = boolean | 'error' | 'refused'

function wanted(operator: string, pair: Pair): Result {
  if (!isMeant(operator, pair)) return 'refused'
  const [left, right] = pair.map(({ value }) => value)
  const isThere = left !== undefined && right !== undefined
  return isThere ? answer(operator, left as never, right as never) : 'error'
}

const negated = (result: Result): Result => (typeof result === 'boolean' ? !result : result)
const same = (result: Result): Result => result
const wraps: readonly (readonly [(rule: unknown) => unknown, (result: Result) => Result])[] = [
  [(rule) => rule, same],
  [(rule) => ({ '!': rule }), negated],
  [(rule) => ({ '!': [{ '!': rule }] }), same],
  [(rule) => ({ and: [true, rule] }), same],
  [(rule) => ({ or: [false, rule] }), same],
  // What stands behind it cannot make a yes of an error.
  [(rule) => ({ or: [{ '!': { or: [rule, false] } }, false] }), negated],
]
const results = (rule: unknown, around = wraps): Result[] =>
  around.map(([wrap]) => {
    const checked = checkRule(wrap(rule))
    return checked.kind === 'rule' ? evaluate(checked.rule, facts).result : 'refused'
  })

describe('A20, F26: every operator by every kind of operand, on both sides', () => {
  test('is at least 2,000 cases', () => {
    expect(pairOperators.length * operands.length ** 2).toBeGreaterThanOrEqual(2_000)
    const kinds = new Set(operands.map(({ kind, from, value }) => `${kind} ${from} ${value === undefined ? 'broken' : ''}`)) // biome-ignore format: one value
    expect(kinds.size).toBeGreaterThan(15)
  })

  test.each(pairOperators)('%s says what it means, and never yes by accident', (operator) => {
    const wrong: string[] = []
    const seen = new Set<Result>()
    for (const left of operands)
      for (const right of operands) {
        const want = wanted(operator, [left, right])
        seen.add(want)
        // Most pairs are refused, and that wherever they stand.
        const around = want === 'refused' ? wraps.slice(0, 2) : wraps
        const got = results({ [operator]: [left.written, right.written] }, around)
        if (got.join() !== around.map(([, of]) => of(want)).join())
          wrong.push(`${left.name} ${operator} ${right.name}: ${got.join(' ')}, not ${want}`)
      }
    expect(wrong).toEqual([])
    // The table tries each operator in each of the ways that it can go.
    expect([...seen].sort()).toEqual(operator === 'semver' ? ['error', 'refused', true] : ['error', false, 'refused', true]) // biome-ignore format: one claim
  })

  test.each(oneOperators)(
    '%s of one bare operand is refused, but for a rule of its own',
    (operator) => {
      const fine: Readonly<Record<string, string>> = {
        '!': 'true false [true]',
        and: '[true]',
        or: '[true]',
      }
      const isRule = ({ name }: Operand) => fine[operator]?.split(' ').includes(name)
      const wrong = operands
        .filter((one) => !isRule(one))
        .filter(({ written }) =>
          results({ [operator]: written }).some((result) => result !== 'refused'),
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
  for (const rule of yes)
    expect([rule, ...results(rule)]).toEqual([rule, ...wraps.map(([, of]) => of(true))])
})
