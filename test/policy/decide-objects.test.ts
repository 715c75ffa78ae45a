import { describe, expect, test } from 'vitest'
import { decide } from '../../src/policy/decide.ts'
import { load } from './support/policies.ts'

const question = { app: 'web', env: 'production', facts: { app: 'web' }, nowMs: 0 }

describe('A20, F26: object policies', () => {
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
      name: 'look into lists in lists',
      policy: noLatest,
      objects: [{ kind: 'List', items: [pod('y:2'), { kind: 'List', items: [pod('y')] }] }],
      want: { verdict: 'deny', message: 'No latest: Pod web, container side' },
    },
    {
      name: 'look at the containers that only begin, too',
      policy: noLatest,
      objects: [{ ...pod('y:2'), spec: { initContainers: [{ name: 'first', image: 'z' }] } }],
      want: { verdict: 'deny', message: 'No latest: Pod web, container first' },
    },
    {
      name: 'of containers are not about what has none',
      policy: noLatest,
      objects: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } }],
      want: { verdict: 'allow', trace: [{ outcome: 'skipped' }] },
    },
    {
      name: 'of containers see their object',
      policy: { ...noLatest, when: { '==': [{ var: 'object.name' }, 'api'] } },
      objects: [pod('y')],
      want: { verdict: 'allow' },
    },
    {
      name: 'of objects name those without a name',
      policy: named,
      objects: [{ kind: 'Service' }],
      want: { verdict: 'deny', message: 'Whose is it: Service unnamed' },
    },
    {
      name: 'say no of what is no object at all',
      policy: { ...named, require: { '==': [{ var: 'object.isPod' }, false] } },
      objects: ['kind: Pod'],
      want: { verdict: 'deny' },
    },
    {
      name: 'say no of a fact that is not there, and which',
      policy: { ...named, require: { '!=': [{ var: 'object.labels.team' }, 'x'] } },
      objects: [pod('y')],
      want: {
        verdict: 'deny',
        message: 'Whose is it: Pod web needs the fact object.labels.team, which is not there',
      },
    },
    {
      name: 'of another environment are not asked',
      policy: { ...noLatest, env: 'staging' },
      objects: [pod('y')],
      want: { verdict: 'allow', trace: [] },
    },
    {
      name: 'that are turned off say nothing',
      policy: { ...noLatest, enabled: false },
      objects: [pod('y')],
      want: { verdict: 'allow', warnings: [] },
    },
    {
      name: 'warn of the first, however many there are',
      policy: { ...noLatest, otherwise: 'warn' },
      objects: [pod('y:1'), pod('y'), pod('z', { name: 'other' })],
      want: { warnings: ['No latest: Pod web, container side'], trace: [{ outcome: 'fails' }] },
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

  test('deny when their when cannot tell of one object, in whatever order they come', () => {
    const inX = { ...named, otherwise: 'warn', when: { '==': [{ var: 'object.namespace' }, 'x'] } }
    const objects = [pod('y', { namespace: 'x' }), pod('y', { namespace: 'z' }), pod('y')]
    for (const order of [objects, objects.toReversed()])
      expect(decide(load({ p: inX }), { ...question, objects: order })).toMatchObject({
        verdict: 'deny',
        policy: 'p',
        message: 'Whose is it: Pod web needs the fact object.namespace, which is not there',
      })
  })

  test('deny before a gate holds, and each is told of', () => {
    const hold = { kind: 'gate', otherwise: 'hold', require: { has: 'current.sha' } }
    const policies = load({ hold, latest: noLatest, named: { ...named, otherwise: 'warn' } })
    const judgement = decide(policies, { ...question, objects: [pod('y')] })
    expect(judgement).toMatchObject({
      verdict: 'deny',
      policy: 'latest',
      warnings: ['Whose is it: Pod web'],
      expiresInMs: null,
    })
    expect(judgement.trace.map(({ policy, kind, outcome }) => [policy, kind, outcome])).toEqual([
      ['hold', 'gate', 'fails'],
      ['latest', 'object', 'fails'],
      ['named', 'object', 'fails'],
    ])
  })

  test('know the facts of the release, and the clock of their own time zone', () => {
    const policy = {
      ...named,
      timeZone: 'Asia/Kathmandu',
      require: { and: [{ '==': [{ var: 'app' }, 'web'] }, { '==': [{ var: 'now.minute' }, 30] }] },
    }
    // The offset was 5:30 in 1970.
    expect(decide(load({ p: policy }), { ...question, objects: [pod('y')] }).verdict).toBe('allow')
  })

  test('that warn are no thing to force', () => {
    const asked = { ...question, objects: [pod('y')], isForced: true }
    expect(decide(load({ p: { ...noLatest, otherwise: 'warn' } }), asked)).toMatchObject({
      verdict: 'allow',
      warnings: ['No latest: Pod web, container side'],
      forced: [],
    })
  })

  test('are not passed by force', () => {
    const asked = { ...question, objects: [pod('y')], isForced: true }
    expect(decide(load({ p: noLatest }), asked)).toMatchObject({ verdict: 'deny', forced: [] })
  })
})
