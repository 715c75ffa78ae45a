import { describe, expect, test } from 'vitest'
import type { Lock } from '../../src/domain/control.ts'
import { decide, type Request } from '../../src/policy/decide.ts'
import { load } from './support/policies.ts'

const question = { app: 'web', env: 'production', facts: { app: 'web' }, nowMs: 0 }
const never = { kind: 'gate', require: { '==': [{ var: 'app' }, 'none'] }, message: 'Not now' }
const hold = { ...never, otherwise: 'hold', expires: '1h' }
const lock: Lock = { id: 'l-1', kind: 'freeze', env: 'production', app: null, reason: 'incident', by: 'bob', createdUnix: 0, untilUnix: null } // biome-ignore format: one value
const after: Lock = { ...lock, kind: 'rollback', app: 'web' }
const block = { artifactId: 'a-1', reason: 'bad', by: 'bob', createdUnix: 0 }

test.each<{
  name: string
  policies?: Record<string, unknown>
  given: Partial<Request>
  want: object
}>([
  { name: 'a block denies', given: { block }, want: { verdict: 'deny', policy: 'block' } },
  {
    name: 'force does not pass a block',
    given: { block, isForced: true },
    want: { verdict: 'deny', forced: [] },
  },
  {
    name: 'a freeze denies a person',
    given: { locks: [lock] },
    want: { verdict: 'deny', policy: 'lock:l-1' },
  },
  {
    name: 'a freeze holds a policy',
    given: { locks: [lock], isAutomatic: true },
    want: { verdict: 'hold', policy: 'lock:l-1' },
  },
  {
    name: 'a lock after a rollback lets a person',
    given: { locks: [after] },
    want: { verdict: 'allow' },
  },
  {
    name: 'a lock after a rollback holds a policy',
    given: { locks: [after], isAutomatic: true },
    want: { verdict: 'hold' },
  },
  {
    name: 'force passes a freeze',
    given: { locks: [lock], isForced: true },
    want: { verdict: 'allow', forced: ['lock:l-1'] },
  },
  {
    name: 'force passes a gate',
    policies: { a: never },
    given: { isForced: true },
    want: { verdict: 'allow', forced: ['a'], warnings: ['forced past a: Not now'] },
  },
  {
    name: 'force passes an invalid file',
    policies: { a: '{' },
    given: { isForced: true },
    want: { verdict: 'allow', forced: ['a'] },
  },
  {
    name: 'force that was not needed says nothing',
    given: { isForced: true },
    want: { verdict: 'allow', forced: [], warnings: [] },
  },
  {
    name: 'a denial comes before a hold',
    policies: { a: hold, b: never },
    given: {},
    want: { verdict: 'deny', policy: 'b', expiresInMs: null },
  },
  {
    name: 'of holds the soonest expires',
    policies: { a: hold, b: { ...hold, expires: '5m' } },
    given: {},
    want: { verdict: 'hold', policy: 'a', expiresInMs: 300_000 },
  },
  {
    name: 'one hold that queues is enough',
    policies: { a: hold, b: { ...hold, newer: 'queues' } },
    given: {},
    want: { newer: 'queues' },
  },
])('$name', ({ policies = {}, given, want }) => {
  expect(decide(load(policies), { ...question, ...given })).toMatchObject(want)
})

describe('object policies', () => {
  const noLatest = { kind: 'object', each: 'container', require: { '==': [{ var: 'container.isLatest' }, false] }, message: 'No latest' } // biome-ignore format: one value
  const named = { kind: 'object', require: { has: 'object.labels.team' }, message: 'Whose is it' }
  const pod = (image: string, more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...more },
    spec: {
      containers: [
        { name: 'app', image: 'x:1' },
        { name: 'side', image },
      ],
    },
  })

  test.each<{ name: string; policy: object; objects: unknown[]; want: object }>([
    {
      name: 'of containers hold for each',
      policy: noLatest,
      objects: [pod('y:2')],
      want: { verdict: 'allow' },
    },
    {
      name: 'of containers name the one that fails',
      policy: noLatest,
      objects: [pod('y:2'), pod('y')],
      want: { verdict: 'deny', message: 'No latest: Pod web, container side' },
    },
    {
      name: 'look into lists',
      policy: noLatest,
      objects: [{ kind: 'List', items: [pod('y')] }],
      want: { verdict: 'deny' },
    },
    {
      name: 'of objects name the one that fails',
      policy: named,
      objects: [pod('y')],
      want: { verdict: 'deny', message: 'Whose is it: Pod web' },
    },
    {
      name: 'hold for what they ask',
      policy: named,
      objects: [pod('y', { labels: { team: 'a' } })],
      want: { verdict: 'allow' },
    },
    {
      name: 'only warn when they say so',
      policy: { ...noLatest, otherwise: 'warn' },
      objects: [pod('y')],
      want: { verdict: 'allow', warnings: ['No latest: Pod web, container side'] },
    },
    {
      name: 'are about nothing when there is nothing',
      policy: noLatest,
      objects: [],
      want: { verdict: 'allow' },
    },
    {
      name: 'say no of what cannot be read',
      policy: noLatest,
      objects: [{ ...pod('y:1'), spec: { containers: 'none' } }],
      want: { verdict: 'deny' },
    },
    {
      name: 'skip what their when is not about',
      policy: { ...named, when: { '==': [{ var: 'object.kind' }, 'Service'] } },
      objects: [pod('y')],
      want: { verdict: 'allow' },
    },
    {
      name: 'deny when their when cannot tell',
      policy: { ...named, otherwise: 'warn', when: { '==': [{ var: 'object.namespace' }, 'x'] } },
      objects: [pod('y')],
      want: { verdict: 'deny' },
    },
  ])('$name', ({ policy, objects, want }) => {
    expect(decide(load({ p: policy }), { ...question, objects })).toMatchObject(want)
  })

  test('are not passed by force', () => {
    const asked = { ...question, objects: [pod('y')], isForced: true }
    expect(decide(load({ p: noLatest }), asked)).toMatchObject({ verdict: 'deny', forced: [] })
  })
})
