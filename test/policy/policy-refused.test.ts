import { describe, expect, test } from 'vitest'
import { policyCharsMax } from '../../src/policy/policy.ts'
import { load, problemsOf } from './support/policies.ts'

const gate = { kind: 'gate', require: { '==': [{ var: 'app' }, 'web'] } }
const trigger = { kind: 'trigger', on: 'artifact', env: 'staging' }

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
      name: 'a kind that has a field toString',
      given: { ...gate, kind: { toString: 1 } },
      want: '/kind there is no kind "{\\"toString\\":1}": write "trigger", "gate" or',
    },
    {
      name: 'a day that has a field toString',
      given: { ...gate, require: { within: { days: [{ toString: 1 }], timeZone: 'UTC' } } },
      want: 'is no day of the week',
    },
    {
      name: 'a role that has a field toString',
      given: { ...gate, require: { hasRole: [{ toString: 1 }] } },
      want: 'takes one of',
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
