import { readdirSync, readFileSync } from 'node:fs'
import jsonLogic from 'json-logic-js'
import { decide } from '../dist/policy/decide.js'
import { loadPolicies } from '../dist/policy/policy.js'
import {
  isStrict,
  median,
  ms,
  perSecond,
  printTable,
  quantile,
  ratio,
  verdict,
} from './figures.mjs'

const rounds = 15
const roundMs = 150
const sizes = [10, 1_000, 10_000]
const applying = 10
/** Cost follows the policies that apply: so much more may a thousand times as many cost. */
const growthMost = 1.2
const shippedP99MsMost = 1
const bombMsMost = 50

const folder = new URL('../policies/', import.meta.url)
const read = (path) => readFileSync(new URL(path, folder), 'utf8')
const filesIn = (path) =>
  readdirSync(new URL(path, folder))
    .filter((name) => name.endsWith('.json') && name !== 'policy.schema.json')
    .map((name) => [name, read(path + name)])
const load = (entries, version = 'bench') => loadPolicies({ version, files: new Map(entries) })

const nowMs = Date.parse('2026-11-23T09:30:00Z')
const facts = {
  app: 'web',
  env: 'production',
  artifact: {
    id: 'web-1',
    version: { branch: 'main', event: 'push', tag: 'v1.2.3', message: 'Show the price with tax' },
  },
  actor: { login: 'alice', kind: 'token', roles: ['releaser'], teams: ['platform'] },
  request: { kind: 'release', source: 'api', reason: '' },
  approvals: { by: ['bob', 'carol'], roles: { approver: ['bob', 'carol'] }, teams: {} },
  locks: { by: [], reasons: [] },
  current: { artifactId: 'web-0', minutes: 90 },
  envs: { staging: { artifactId: 'web-1', minutes: 45, releasedAt: nowMs / 1000 - 2_700 } },
}
const question = { app: 'web', env: 'production', facts, nowMs }

/** Rules that both engines read, and that hold. */
const rule = (number) => ({
  and: [
    { '==': [{ var: 'envs.staging.artifactId' }, { var: 'artifact.id' }] },
    { '>=': [{ var: 'envs.staging.minutes' }, number] },
    { in: [{ var: 'artifact.version.branch' }, ['main', 'master']] },
    { '!': [{ '==': [{ var: 'request.source' }, 'nobody'] }] },
  ],
})
const own = Array.from({ length: applying }, (_, at) => rule(at))
const gate = (require, scope) => JSON.stringify({ kind: 'gate', ...scope, require })

/** Ten gates for the place that is asked about; all others are about other apps and environments. */
function policiesOf(size) {
  const files = own.map((one, at) => [
    `own-${at}.json`,
    gate(one, { env: 'production', app: 'web' }),
  ])
  for (let at = applying; at < size; at++) {
    const scope = at % 2 ? { app: `other-${at}`, env: 'production' } : { env: `env-${at}-*` }
    files.push([`other-${at}.json`, gate(rule(at % 60), scope)])
  }
  const begin = performance.now()
  const policies = load(files)
  const loadMs = performance.now() - begin
  if (policies.invalid.length > 0) throw new Error(JSON.stringify(policies.invalid[0]))
  const cold = performance.now()
  if (decide(policies, question).verdict !== 'allow') throw new Error('the gates must hold')
  return { name: `decide, ${size} policies`, loadMs, coldMs: performance.now() - cold, run: () => decide(policies, question) } // biome-ignore format: one value
}

/** Measures the policy room: it reads and writes nothing, so everything runs in this process. */
export function policy() {
  console.log(
    `policy: ${rounds} interleaved rounds of ${roundMs} ms, medians; ${applying} policies apply.\n`,
  )
  const subjects = [
    ...sizes.map(policiesOf),
    {
      name: 'json-logic-js, the same ten rules',
      run: () => own.every((one) => jsonLogic.apply(one, facts) === true),
    },
  ]
  const rates = subjects.map(() => [])
  for (let round = 0; round <= rounds; round++)
    for (const [at, { run }] of subjects.entries()) {
      const rate = rateOf(run)
      if (round > 0) rates[at].push(rate)
    }
  printTable([
    ['subject', 'per second', 'of the library', 'loaded in', 'first decision'],
    ...subjects.map(({ name, loadMs, coldMs }, at) => [
      ...[name, perSecond(median(rates[at]))],
      ratio(median(rates[at].map((rate, round) => rate / rates.at(-1)[round]))),
      ...[loadMs === undefined ? '' : ms(loadMs), coldMs === undefined ? '' : ms(coldMs)],
    ]),
  ])
  const growth = median(rates[0].map((rate, round) => rate / rates[sizes.length - 1][round]))
  return report([
    {
      name: `cost of ${sizes.at(-1)} beside ${sizes[0]}`,
      got: ratio(growth),
      limit: `at most ${growthMost}`,
      isMet: growth <= growthMost,
    },
    ...shipped(),
    ...bombs(),
  ])
}

function report(targets) {
  console.log()
  printTable([
    ['target', 'GimletD', 'limit', ''],
    ...targets.map(({ name, got, limit, isMet }) => [
      name,
      got,
      limit,
      limit === '' ? '' : verdict(isMet),
    ]),
  ])
  return targets.every(({ limit, isMet }) => limit === '' || isMet) || !isStrict
}

function rateOf(run) {
  const end = performance.now() + roundMs
  let count = 0
  while (performance.now() < end) for (let at = 0; at < 50; at++, count++) run()
  return (count * 1000) / roundMs
}

function p99Of(run) {
  for (let at = 0; at < 500; at++) run()
  const samples = Array.from({ length: 3_000 }, () => {
    const begin = performance.now()
    run()
    return performance.now() - begin
  })
  return quantile(samples, 0.99)
}

function shipped() {
  const plain = load(filesIn(''))
  const secure = load([...filesIn(''), ...filesIn('examples/pod-security/')])
  const objects = Array.from({ length: 20 }, (_, at) => deployment(at))
  const own99 = p99Of(() => decide(plain, question))
  const secure99 = p99Of(() => decide(secure, { ...question, objects }))
  return [
    {
      name: 'p99 of a decision, the shipped set',
      got: ms(own99),
      limit: `at most ${shippedP99MsMost} ms`,
      isMet: own99 <= shippedP99MsMost,
    },
    { name: 'p99 with Pod Security on 20 Deployments', got: ms(secure99), limit: '' },
  ]
}

const deployment = (at) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: `web-${at}` },
  spec: {
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'x:1' },
          { name: 'side', image: 'y:2' },
        ],
      },
    },
  },
})

const long = 'ab'.repeat(512 * 1024)
const many = Array.from({ length: 20_000 }, (_, at) => `approver-${at}`)
const hostile = {
  ...facts,
  artifact: {
    id: 'a',
    version: { message: long, branch: long, tag: `1.2.3-${'a.'.repeat(120)}a` },
  },
  approvals: { by: many, roles: { approver: many }, teams: {} },
}
const message = { var: 'artifact.version.message' }
const filled = (make, chars = 4_096) => {
  let at = 1
  while (JSON.stringify(make(at + 1)).length < chars) at++
  return make(at)
}
const repeated = (one) => filled((count) => ({ or: Array.from({ length: count }, () => one) }))
const nested = (count) =>
  count === 0 ? { '==': [{ var: 'app' }, 'x'] } : { '!': nested(count - 1) }

const bombRules = {
  'deep nesting': filled(nested),
  'many contains of a 1 MiB text': repeated({ contains: [message, 'abc'] }),
  'a glob of stars': { glob: [message, `${'*a'.repeat(120)}c`] },
  'many globs of stars': repeated({ glob: [message, '*a*b*a*b*c'] }),
  'braces in a glob': {
    glob: [{ var: 'artifact.version.branch' }, `${'{a,b,{a,b}}'.repeat(20)}*c`],
  },
  'a long list': filled((count) => ({
    in: [message, Array.from({ length: count }, (_, at) => `x${at}`)],
  })),
  'count and distinct of 20,000': repeated({
    '<': [{ count: { distinct: { var: 'approvals.by' } } }, 0],
  }),
  'approvals of 20,000': repeated({ approvedBy: { count: 20, role: 'viewer' } }),
  'subset of 20,000': repeated({ subset: [{ var: 'approvals.by' }, ['x']] }),
  'a range of versions': {
    semver: [
      { var: 'artifact.version.tag' },
      filled((count) => Array(count).fill('<1.0.0').join(' || '), 3_900),
    ],
  },
  'many ranges': repeated({ semver: [{ var: 'artifact.version.tag' }, '<1 || <1.1 || ~0.1'] }),
  'many windows': repeated({
    within: { from: '2026-01-01T00:00', to: '2026-01-02T00:00', timeZone: 'UTC' },
  }),
}

/** Each is at most 4 KiB of policy, loaded (or refused) and asked about the worst of facts. */
function bombs() {
  const times = Object.entries(bombRules).map(([name, one]) => {
    const text = gate(one, { env: 'production' })
    const taken = Array.from({ length: 5 }, () => {
      const begin = performance.now()
      decide(load([['bomb.json', text]]), { ...question, facts: hostile })
      return performance.now() - begin
    })
    return { name, slowest: Math.max(...taken.slice(1)) }
  })
  return times
    .sort((one, other) => other.slowest - one.slowest)
    .map(({ name, slowest }) => ({
      name: `bomb: ${name}`,
      got: ms(slowest),
      limit: `at most ${bombMsMost} ms`,
      isMet: slowest <= bombMsMost,
    }))
}
