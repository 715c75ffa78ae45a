import { expect, test } from 'vitest'
import { applying } from '../../src/policy/applying.ts'
import { decide } from '../../src/policy/decide.ts'
import { load } from './support/policies.ts'

const never = { kind: 'gate', require: false }
const ask = { kind: 'trigger', on: 'artifact', env: 'staging' }
const object = { kind: 'object', require: true, app: 'web-*' }
const policies = load({
  ask,
  'of-shop': { ...never, app: 'shop' },
  'of-staging': { ...never, env: 'staging' },
  'of-web': object,
  'x-broken': { ...never, app: 'api', otherwise: 'never' },
})
const names = (app: string, env: string) => {
  const { triggers, gates, objects, invalid } = applying(policies, { app, env })
  return [...triggers, ...gates, ...objects, ...invalid].map(({ name }) => name)
}
const rows = [
  { app: 'shop', env: 'staging', want: ['ask', 'of-shop', 'of-staging'] },
  { app: 'shop', env: 'production', want: ['of-shop'] },
  { app: 'web-eu', env: 'production', want: ['of-web'] },
  { app: 'web-eu', env: 'staging', want: ['ask', 'of-staging', 'of-web'] },
  { app: 'api', env: 'production', want: ['x-broken'] },
  { app: 'job', env: 'production', want: [] },
]

test.each(rows)('$app in $env has its own policies', ({ app, env, want }) => {
  expect(names(app, env)).toEqual(want)
})

test('A26: what was found for one place is never taken for another, however many are asked about', () => {
  const places = Array.from({ length: 5_000 }, (_, nth) => `job-${nth}`)
  for (const app of places) expect(names(app, 'production')).toEqual([])
  for (const order of [rows, rows.toReversed(), rows])
    for (const { app, env, want } of order) expect(names(app, env)).toEqual(want)
})

test('two sets of policies share nothing', () => {
  const question = { app: 'shop', env: 'production', facts: {}, nowMs: 0 }
  expect(decide(policies, question).verdict).toBe('deny')
  expect(decide(load({ ask }), question).verdict).toBe('allow')
  expect(decide(policies, question).verdict).toBe('deny')
})
