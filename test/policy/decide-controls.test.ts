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

describe('F30, A25, A27: blocks, locks, force and gates', () => {
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
      name: 'a block denies a policy, past holds and warnings',
      policies: { a: hold, b: { ...never, otherwise: 'warn' } },
      given: { block, isAutomatic: true },
      want: {
        verdict: 'deny',
        policy: 'block',
        message: 'a-1 is blocked by bob: bad',
        warnings: ['Not now'],
      },
    },
    {
      name: 'force passes what it can and is still denied by a block',
      policies: { a: never },
      given: { block, locks: [lock], isForced: true },
      want: { verdict: 'deny', policy: 'block', forced: ['lock:l-1', 'a'], expiresInMs: null },
    },
    {
      name: 'a freeze says by whom, why, until when, and how to end it',
      given: { locks: [{ ...lock, untilUnix: 3_600 }] },
      want: {
        message:
          'production is locked by bob until 1970-01-01T01:00:00Z: incident; to end it: unlock production',
      },
    },
    {
      name: 'a freeze of one app says which',
      given: { locks: [{ ...lock, app: 'web' }] },
      want: {
        message: 'web in production is locked by bob: incident; to end it: unlock production web',
      },
    },
    {
      name: 'a freeze comes before a gate that holds',
      policies: { a: hold },
      given: { locks: [lock] },
      want: { verdict: 'deny', policy: 'lock:l-1' },
    },
    {
      name: 'a gate that denies comes before a lock that holds',
      policies: { a: never },
      given: { locks: [lock], isAutomatic: true },
      want: { verdict: 'deny', policy: 'a' },
    },
    {
      name: 'a lock that holds waits for a week, or as long as a gate does',
      policies: { a: hold },
      given: { locks: [lock], isAutomatic: true },
      want: { verdict: 'hold', policy: 'lock:l-1', expiresInMs: 3_600_000 },
    },
    {
      name: 'a lock alone waits for a week',
      given: { locks: [after], isAutomatic: true },
      want: { expiresInMs: 7 * 24 * 3_600_000, newer: 'supersedes' },
    },
    {
      name: 'force passes several, and names each',
      policies: {
        a: never,
        b: hold,
        c: '{',
        d: { ...never, otherwise: 'warn', message: 'Careful' },
      },
      given: { locks: [lock], isForced: true },
      want: {
        verdict: 'allow',
        policy: null,
        forced: ['lock:l-1', 'c', 'a', 'b'],
        expiresInMs: null,
        warnings: [
          expect.stringContaining('forced past lock:l-1: production is locked by bob'),
          expect.stringContaining('forced past c: The policy file c.json cannot be used'),
          'forced past a: Not now',
          'forced past b: Not now',
          'Careful',
        ],
      },
    },
    {
      name: 'force passes a gate that misses a fact, and says which',
      policies: {
        a: { ...never, when: { has: 'app' }, require: { '==': [{ var: 'current.sha' }, 'x'] } },
      },
      given: { isForced: true },
      want: {
        forced: ['a'],
        warnings: ['forced past a: Not now (a needs the fact current.sha, which is not there)'],
      },
    },
    {
      name: 'a gate that would only warn denies when nobody knows whether it applies',
      policies: {
        a: { ...never, otherwise: 'warn', when: { '==': [{ var: 'current.sha' }, 'x'] } },
      },
      given: {},
      want: { verdict: 'deny', policy: 'a', warnings: [] },
    },
    {
      name: 'a gate that would hold denies when nobody knows whether it applies',
      policies: { a: { ...hold, when: { '==': [{ var: 'current.sha' }, 'x'] } } },
      given: {},
      want: { verdict: 'deny', policy: 'a', expiresInMs: null },
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
      name: 'without a queue a newer request takes the place',
      policies: { a: hold, b: hold },
      given: {},
      want: { newer: 'supersedes' },
    },
    {
      name: 'a hold that is passed by force does not queue',
      policies: { a: { ...hold, newer: 'queues' } },
      given: { isForced: true },
      want: { verdict: 'allow', newer: 'supersedes' },
    },
    {
      name: 'a gate that holds true queues nobody',
      policies: { a: { ...hold, newer: 'queues', require: true } },
      given: {},
      want: { verdict: 'allow', newer: 'supersedes' },
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
})
