import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRule, ruleDepthMax, ruleNodesMax } from '../../src/policy/rule-check.ts'
import { nested, ruleLike } from './support/rules.ts'

const problems = (rule: unknown): string[] => {
  const checked = checkRule(rule)
  return checked.kind === 'rule'
    ? []
    : checked.problems.map(({ pointer, message }) => `${pointer} ${message}`)
}
const app = { var: 'app' }
const hour = { var: 'now.hour' }
const rolesFact = { var: 'actor.roles' }

describe('a rule is accepted', () => {
  test.each<{ name: string; rule: unknown }>([
    { name: 'a literal', rule: true },
    {
      name: 'two facts',
      rule: { '==': [{ var: 'envs.staging.artifactId' }, { var: 'artifact.id' }] },
    },
    { name: 'a literal on the left', rule: { '==': ['web', app] } },
    { name: 'a list of literals', rule: { in: [app, ['web', 'api']] } },
    { name: 'a list of numbers', rule: { in: [hour, [8, 9]] } },
    { name: 'a fact that is a list', rule: { in: ['admin', rolesFact] } },
    { name: 'a default', rule: { '>': [{ var: ['envs.staging.minutes', 0] }, 30] } },
    { name: 'an empty list as a default', rule: { in: ['admin', { var: ['actor.roles', []] }] } },
    { name: 'a negation', rule: { '!': { has: 'current.sha' } } },
    { name: 'a negation in a list', rule: { '!': [{ has: 'current.sha' }] } },
    { name: 'a context value', rule: { '==': [{ var: 'artifact.context.CI' }, 'true'] } },
    { name: 'a pattern', rule: { glob: [{ var: 'artifact.version.branch' }, '!{a,b}/*'] } },
    { name: 'the deepest rule', rule: nested(ruleDepthMax) },
  ])('with $name', ({ rule }) => {
    expect(problems(rule)).toEqual([])
  })
})

describe('A20: what JSON-Logic lets pass is refused, with what to write', () => {
  test.each<{ name: string; rule: unknown; want: string }>([
    {
      name: 'an object with two operators',
      rule: { '==': [app, 'a'], '>': [hour, 1] },
      want: 'one operator',
    },
    { name: 'a comment key', rule: { '==': [app, 'a'], comment: 'x' }, want: 'one operator' },
    { name: 'an empty object', rule: {}, want: 'is empty' },
    { name: 'an empty list', rule: [], want: 'must be a rule' },
    { name: 'the text "false"', rule: 'false', want: 'must be a rule' },
    { name: 'a number', rule: 1, want: 'must be a rule' },
    { name: 'null', rule: null, want: 'must be a rule' },
    { name: 'nothing', rule: undefined, want: 'must be a rule' },
    { name: 'a bare fact', rule: app, want: 'write { "=="' },
    { name: 'a bare fact in and', rule: { and: [app] }, want: '/and/0 is a value' },
    { name: 'a bare fact under !', rule: { '!': app }, want: '/! is a value' },
    { name: 'and of nothing', rule: { and: [] }, want: 'one or more rules' },
    { name: 'or of no list', rule: { or: true }, want: 'one or more rules' },
    { name: '! of two', rule: { '!': [true, false] }, want: 'takes one rule' },
    { name: '! of none', rule: { '!': [] }, want: 'takes one rule' },
    {
      name: 'a text compared with a number',
      rule: { '==': [app, 1] },
      want: 'these are text and a number',
    },
    { name: 'texts by size', rule: { '>=': [app, '2'] }, want: 'compares numbers' },
    { name: 'a list by size', rule: { '>=': [['9'], hour] }, want: 'compares numbers' },
    { name: 'lists for being the same', rule: { '!=': [rolesFact, ['a']] }, want: 'write in' },
    { name: 'a part of a text by in', rule: { in: ['prod', app] }, want: 'write { "contains"' },
    { name: 'a number in a list of texts', rule: { in: [hour, ['8']] }, want: 'of its type' },
    { name: 'a list in a list', rule: { in: [['a'], rolesFact] }, want: 'of its type' },
    { name: 'an empty haystack', rule: { in: [app, []] }, want: 'empty list' },
    { name: 'a mixed list', rule: { in: [app, ['a', 1]] }, want: 'texts only' },
    { name: 'a list of facts', rule: { in: [app, [{ var: 'env' }]] }, want: 'texts only' },
    { name: 'an empty text to look for', rule: { contains: [app, ''] }, want: 'empty text' },
    { name: 'two literals', rule: { '==': ['a', 'a'] }, want: 'write true or false' },
    { name: 'null as a value', rule: { '==': [app, null] }, want: 'write { "has"' },
    { name: 'an infinite number', rule: { '<': [hour, Infinity] }, want: 'finite' },
    { name: 'one operand', rule: { '==': [app] }, want: 'two operands' },
    { name: 'three operands', rule: { '==': [app, 'a', 'b'] }, want: 'two operands' },
    { name: 'a between', rule: { '<': [1, hour, 5] }, want: 'write and with two <' },
    { name: '===', rule: { '===': [app, 'a'] }, want: 'write ==' },
    { name: '!==', rule: { '!==': [app, 'a'] }, want: 'write !=' },
    { name: '=', rule: { '=': [app, 'a'] }, want: 'write ==' },
    { name: '!!', rule: { '!!': app }, want: 'write a comparison' },
    { name: 'if', rule: { if: [true, true, false] }, want: 'write and, or and !' },
    {
      name: 'none over a missing list',
      rule: { none: [{ var: 'x' }, true] },
      want: 'write ! with in',
    },
    { name: 'missing', rule: { missing: ['app'] }, want: 'write { "!": { "has"' },
    {
      name: 'a misspelt operator',
      rule: { startWith: [app, 'a'] },
      want: 'did you mean startsWith?',
    },
    { name: 'an operator in capitals', rule: { AND: [true] }, want: 'did you mean and?' },
    { name: 'log', rule: { log: 'x' }, want: 'no operator "log"' },
    { name: 'method', rule: { method: [app, 'constructor'] }, want: 'no operator "method"' },
    { name: 'constructor', rule: { constructor: [app] }, want: 'no operator "constructor"' },
    { name: '__proto__', rule: JSON.parse('{"__proto__": [1]}'), want: 'no operator "__proto__"' },
    {
      name: 'a computed operand',
      rule: { '==': [{ cat: ['a', 'b'] }, app] },
      want: 'must be a literal, or one of',
    },
    {
      name: 'an unknown fact',
      rule: { '==': [{ var: 'artifact.branch' }, 'a'] },
      want: 'did you mean artifact.version.branch?',
    },
    {
      name: 'a misspelt fact',
      rule: { '==': [{ var: 'envs.staging.artifactID' }, 'a'] },
      want: 'did you mean envs.staging.artifactId?',
    },
    {
      name: 'a misspelt freeze flag under !',
      rule: { '!': { '==': [{ var: 'frozn' }, true] } },
      want: 'no fact "frozn"',
    },
    { name: 'a branch of the facts', rule: { has: 'current' }, want: 'no fact "current"' },
    { name: 'all facts', rule: { '==': [{ var: '' }, 'a'] }, want: 'no fact ""' },
    { name: 'a * in a path', rule: { has: 'envs.*.sha' }, want: 'a name in place of *' },
    {
      name: 'constructor in a path',
      rule: { '==': [{ var: 'constructor.name' }, 'a'] },
      want: 'is no name',
    },
    { name: '__proto__ in a path', rule: { has: 'envs.__proto__.sha' }, want: 'is no name' },
    {
      name: 'a default of another type',
      rule: { '>': [{ var: ['now.hour', '0'] }, 1] },
      want: 'must be a number, as now.hour is',
    },
    { name: 'a path in a list', rule: { '==': [{ var: ['app'] }, 'a'] }, want: 'must be a path' },
    {
      name: 'a computed path',
      rule: { '==': [{ var: { var: 'app' } }, 'a'] },
      want: 'must be the path',
    },
    {
      name: 'a pattern that does not compile',
      rule: { glob: [app, '{a'] },
      want: '/glob/1 the pattern leaves',
    },
    {
      name: 'a pattern that is a fact',
      rule: { glob: [app, { var: 'env' }] },
      want: 'a text in quotes',
    },
    { name: 'a pattern for a number', rule: { glob: [hour, '1*'] }, want: 'a fact that is text' },
    { name: 'a rule too deep', rule: nested(ruleDepthMax + 1), want: 'nests deeper' },
    {
      name: 'a rule too big',
      rule: { or: Array(ruleNodesMax).fill(true) },
      want: 'more than 1000 values',
    },
  ])('$name', ({ rule, want }) => {
    expect(problems(rule).join('\n')).toContain(want)
  })
})

test('all problems of a rule are found at once, each at its place', () => {
  const rule = { and: [{ '==': [app, 1] }, { or: [{ has: 'a/b' }, { '===': [app, 'a'] }] }] }
  expect(problems(rule).map((problem) => problem.split(' ')[0])).toEqual([
    '/and/0/==',
    '/and/1/or/0/has',
    '/and/1/or/1',
  ])
})

test('any JSON is accepted or refused with a reason, never thrown at', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue({ maxDepth: 6 }), ruleLike), (value) => {
      const checked = checkRule(value)
      expect(checked.kind === 'rule' || checked.problems.length > 0).toBe(true)
    }),
    { numRuns: 3_000 },
  )
})

test.each([
  { name: 'lists', open: '[', close: ']' },
  { name: 'operators', open: '{"!":', close: '}' },
])('A21: a tower of $name does not exhaust the stack', ({ open, close }) => {
  const tower: unknown = JSON.parse(`${open.repeat(50_000)}true${close.repeat(50_000)}`)
  expect(problems(tower)).toHaveLength(1)
})

test('A21: the bombs of JSON-Logic are refused when they are loaded', () => {
  const doubling = {
    reduce: [Array(20).fill(1), { cat: [{ var: 'accumulator' }, { var: 'accumulator' }] }, 'aaaa'],
  }
  const maps = { map: [Array(30).fill(1), { map: [Array(30).fill(1), { map: [[1], 1] }] }] }
  expect(problems(doubling)).toHaveLength(1)
  expect(problems(maps)).toHaveLength(1)
  expect(problems({ '==': [doubling, 'a'] })).toHaveLength(1)
})
