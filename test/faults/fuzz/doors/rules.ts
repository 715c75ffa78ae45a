import { type Facts, factDeclarations } from '../../../../src/domain/facts.ts'
import { decide } from '../../../../src/policy/decide.ts'
import { explainTrace } from '../../../../src/policy/explain.ts'
import { operandOperators, ruleOperators } from '../../../../src/policy/operators.ts'
import { loadPolicies } from '../../../../src/policy/policy.ts'
import { evaluate } from '../../../../src/policy/rule.ts'
import { checkRule } from '../../../../src/policy/rule-check.ts'
import { shippedFiles } from '../../../policy/support/policies.ts'
import { broken, type Door, same } from '../fuzz.ts'
import { gist } from './said.ts'

const nowMs = Date.UTC(2026, 10, 23, 9, 30)
const facts: Facts = {
  app: 'web',
  env: 'production',
  actor: { login: 'jane', kind: 'token', roles: ['releaser'], teams: ['web'] },
  request: { kind: 'release', source: 'api', reason: '' },
  approvals: { by: ['joe'], roles: { approver: ['joe'] }, teams: {} },
  current: { artifactId: 'web-0', branch: 'main', minutes: 90, releasedAt: nowMs / 1000 - 5_400 },
  envs: { staging: { artifactId: 'web-1', minutes: 45, health: 'healthy' } },
  artifact: { id: 'web-1', version: { branch: 'main', event: 'push', sha: 'a1b2c3d' } },
}
const names = factDeclarations.map(({ path }) => path.replace('*', 'staging'))
const words = [...ruleOperators, ...operandOperators, ...names, 'when', 'require', 'otherwise']

type Ruled = { readonly rule: unknown; readonly facts: Facts }
const rule = (one: unknown): Ruled => ({ rule: one, facts })
/** Without the functions that were made of it. */
const plain = (value: unknown): string => JSON.stringify(value)
/** Where a text is broken depends on how it is laid out. */
const place = /line \d+, column \d+/g
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A rule and the facts that it is asked about, both of them changed. */
export const rulesDoor: Door = {
  name: 'rules',
  about: 'A20, F26, I7: rules of policies, and the facts that they are asked about',
  form: 'json',
  words,
  seeds: [
    { '==': [{ var: 'artifact.version.branch' }, 'main'] },
    { and: [{ '>=': [{ var: 'envs.staging.minutes' }, 30] }, { '!': { has: 'locks.by' } }] },
    {
      or: [
        { in: ['releaser', { var: 'actor.roles' }] },
        { '<': [1, { count: { var: 'approvals.by' } }, 9] },
      ],
    },
    { glob: [{ var: ['artifact.version.tag', ''] }, 'v*'] },
    { startsWith: [{ var: 'app' }, 'we'] },
    { within: ['monday 09:00', 'friday 17:00'] },
    { '<': [{ minutesSince: { var: 'current.releasedAt' } }, 60] },
    true,
  ].map(rule),
  take(input) {
    const { rule: given, facts: known } = isObject(input) ? input : rule(input)
    const checked = checkRule(given)
    if (checked.kind === 'problems') {
      if (checked.problems.length === 0) broken('it says no and not why')
      return gist(checked.problems[0]?.message ?? '')
    }
    same(plain(checkRule(JSON.parse(JSON.stringify(given)))), plain(checked), 'checked again')
    const { result, trace } = evaluate(checked.rule, isObject(known) ? (known as Facts) : {})
    if (result !== true && result !== false && result !== 'error') broken(`it comes to ${result}`)
    if (JSON.stringify(trace).length > 2_000_000) broken('its trace has no bound')
    return `${result} ${trace.op} ${gist(trace.problem ?? '')}`
  },
}

const request = { app: 'web', env: 'production', facts, nowMs }
/** Denies whatever comes, and stands beside every mutant. */
const no = { kind: 'gate', require: false, otherwise: 'deny', message: 'Never' }

/** Policy files, `people.json` and `ci.json` as they may lie in a repository. */
export const policiesDoor: Door = {
  name: 'policies',
  about: 'A20, F25, I7: files of policies, of people and of CI, and what is decided by them',
  form: 'json',
  words: [...words, 'deny', 'hold', 'warn', 'released', 'schedule', 'Europe/Budapest'],
  share: 0.3,
  seeds: [
    ...[...shippedFiles()]
      .filter(([path]) => !path.includes('tests/') && path !== 'policy.schema.json')
      .map(([, text]) => JSON.parse(text) as unknown),
    {
      people: [
        {
          login: 'jane',
          github: 'jane',
          slack: { team: 'T0001', user: 'U0001' },
          teams: ['web'],
          roles: [{ role: 'releaser', env: 'production' }],
        },
      ],
    },
    {
      ci: [
        { issuer: 'github', repository: 'acme/web', repositoryId: 7, refs: ['refs/heads/main'] },
      ],
    },
  ],
  take(input) {
    const others = ['people', 'ci'].filter((name) => isObject(input) && name in input)
    return ['gate', ...others].map((name) => asFile(name, input)).join(' ')
  },
}

function asFile(name: string, value: unknown): string {
  const text = JSON.stringify(value)
  const of = (files: Readonly<Record<string, string>>) =>
    loadPolicies({ version: 'v1', files: new Map(Object.entries(files)) })
  const set = of({ [`${name}.json`]: text })
  const again = of({ [`${name}.json`]: `\n ${text}\n` })
  same(plain(again).replaceAll(place, ''), plain(set).replaceAll(place, ''), 'loaded again')
  const { verdict, trace } = decide(set, request)
  if (trace.length > 0 && explainTrace(trace).length === 0) broken('it is not explained')
  if (
    decide(of({ [`${name}.json`]: text, 'no.json': JSON.stringify(no) }), request).verdict !==
    'deny'
  )
    broken('what another policy denies is allowed by it')
  const [problem] = set.invalid
  if (name !== 'gate') return String(problem === undefined)
  if (problem) return `${verdict} ${gist(problem.problems[0]?.message ?? '')}`
  for (const gate of set.gates) judged(gate, verdict)
  return `${verdict} ${set.gates.length} ${set.objects.length} ${set.triggers.length}`
}

type Gate = ReturnType<typeof loadPolicies>['gates'][number]

/** Only `true` is a yes: a gate that denies and that applies allows nothing else (A20). */
function judged(gate: Gate, verdict: string): void {
  const { enabled, when, require, otherwise, apps, envs } = gate
  if (!enabled || otherwise !== 'deny' || !apps.matches('web') || !envs.matches('production'))
    return
  const known = { ...facts, now: {} }
  const result = (one: typeof require) => evaluate(one, known).result
  const applies = when === null || result(when) !== false
  if (applies && result(require) !== true && !readsTime(gate) && verdict !== 'deny')
    broken(`its rule comes to ${result(require)}, and the verdict is ${verdict}`)
}

const readsTime = (gate: Gate): boolean => /now|within|minutesSince/.test(JSON.stringify(gate))
