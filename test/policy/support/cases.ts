import { type PolicyTestReport, runPolicyTests } from '../../../src/policy/policy-test.ts'
import { load } from './policies.ts'

export const isBranch = (branch: string) => ({ '==': [{ var: 'artifact.version.branch' }, branch] })
export const isApp = (app: string) => ({ '==': [{ var: 'app' }, app] })
export const isHour = (hour: number) => ({ '==': [{ var: 'now.hour' }, hour] })
export const trigger = { kind: 'trigger', on: 'artifact', env: 'staging', when: isBranch('main') }
export const gate = { kind: 'gate', require: isBranch('main'), message: 'Only main' }
export const base = {
  app: 'web',
  env: 'production',
  now: '2026-11-23T09:30:00Z',
  facts: { artifact: { id: 'web-1', version: { branch: 'main', sha: 'abc' } } },
}
export const allowed = { name: 'main may', expect: 'allow' }
export const onX = { artifact: { version: { branch: 'x' } } }
export const denied = { name: 'x may not', facts: onX, expect: 'deny' }

/** Runs one file of tests on policies that are given by name. */
export function run(policies: Readonly<Record<string, unknown>>, file: unknown): PolicyTestReport {
  const json = typeof file === 'string' ? file : JSON.stringify(file)
  return runPolicyTests(load(policies), { version: 'v1', files: new Map([['tests/t.json', json]]) })
}
export const runCases = (
  policies: Readonly<Record<string, unknown>>,
  ...cases: readonly object[]
) => run(policies, { ...base, cases })
