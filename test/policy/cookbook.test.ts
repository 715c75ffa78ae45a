import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { askedFor, decide, type Occasion } from '../../src/policy/decide.ts'
import { load, problemsOf } from './support/policies.ts'

const doc = readFileSync(join(import.meta.dirname, '../../docs/policies.md'), 'utf8')
const cookbook = doc.slice(doc.indexOf('## Cookbook'))
const recipes = new Map(
  cookbook
    .split('\n### ')
    .slice(1)
    .map((section) => [
      section.split('\n')[0] ?? '',
      /```json\n([\s\S]*?)```/.exec(section)?.[1] ?? '',
    ]),
)

type Case = {
  readonly name: string
  /** Facts, or the Kubernetes object, for which the policy lets go or asks. */
  readonly yes: Facts
  readonly no: Facts
  readonly occasion?: Occasion
  readonly app?: string
  readonly env?: string
  /** The environment of the no, when it is that which differs. */
  readonly other?: string
  readonly at?: { readonly yes: string; readonly no: string }
  readonly objects?: { readonly yes: unknown; readonly no: unknown }
}

const on = (text: string): Facts => ({ artifact: { version: { branch: text, tag: text } } })
const asked: Facts = { request: { kind: 'release' } }
const by = (kind: string, teams: readonly string[] = []): Facts => ({ actor: { login: 'alice', kind, teams } }) // biome-ignore format: one value
const approvals = (...logins: readonly string[]): Facts => ({
  actor: { login: 'alice' },
  approvals: { by: logins, roles: { approver: logins }, teams: { database: logins } },
})
const tag: Occasion = { on: 'artifact', event: 'tag' }
const push: Occasion = { on: 'artifact', event: 'push' }
const released = (env: string): Facts => ({ released: { env, by: 'alice', kind: 'release' } })
const monday = '2026-11-23T10:00:00Z'
const since = (place: string, minutes: number): Facts => ({
  [place]: { releasedAt: Date.parse(monday) / 1000 - minutes * 60 },
})
const staged = (artifactId: string, minutes: number): Facts => ({
  ...asked,
  artifact: { id: 'a-1' },
  envs: { staging: { artifactId, releasedAt: Date.parse(monday) / 1000 - minutes * 60 } },
})
const built = (created: number): Facts => ({
  ...{ ...asked, ...by('policy') },
  artifact: { version: { branch: 'main', created } },
  current: { branch: 'main', created: 15 },
})
const pod = (container: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image: 'x:1', ...container }] },
})

const cases: readonly Case[] = [
  { name: 'Every push to the default branch goes to staging', yes: on('main'), no: on('x'), occasion: push, env: 'staging' },
  { name: 'An older build that comes late stays out', yes: built(20), no: built(10) },
  { name: 'Version tags go to production', yes: on('v1.2.3'), no: on('nightly'), occasion: tag },
  { name: 'Semantic versions go to production, but no new majors', yes: on('v2.7.1'), no: on('3.0.0'), occasion: tag },
  { name: 'What staging got goes on to canary', yes: released('staging'), no: released('canary'), occasion: { on: 'released' }, env: 'canary' },
  { name: 'Production gets only what runs in staging', yes: staged('a-1', 0), no: staged('a-2', 99) },
  { name: 'Production waits until it has run in staging for half an hour', yes: staged('a-1', 30), no: staged('a-1', 29) },
  { name: 'No releases on Friday afternoon, but for admins', yes: { actor: { roles: [] } }, no: { actor: { roles: ['releaser'] } }, at: { yes: monday, no: '2026-11-27T14:00:00Z' } },
  { name: 'Ten minutes between two releases of a shop app', yes: {}, no: { current: { minutes: 3 } }, app: 'shop-web' },
  { name: 'Two approvals for production', yes: approvals('bob', 'carol'), no: approvals('bob', 'alice') },
  { name: 'Somebody of the database team for apps with a database', yes: approvals('bob'), no: approvals(), app: 'billing-eu' },
  { name: 'Office hours only', yes: asked, no: asked, at: { yes: monday, no: '2026-11-23T16:00:00Z' } },
  { name: 'Nothing over the holidays', yes: asked, no: asked, at: { yes: monday, no: '2026-12-31T23:59:00Z' } },
  { name: 'One release at a time, in the order of asking', yes: approvals('bob'), no: approvals() },
  { name: 'Only the platform team touches the platform', yes: by('token', ['platform']), no: by('token', ['web']), app: 'platform-dns' },
  { name: 'Robots to staging, people to production', yes: by('token'), no: by('policy') },
  { name: 'A reason for every rollback and delete', yes: { request: { kind: 'rollback', reason: 'slow' } }, no: { request: { kind: 'rollback', reason: '' } } },
  { name: 'Images from our registry only', yes: { ...asked, artifact: { images: { image: { registry: 'registry.example.com' } } } }, no: { ...asked, artifact: { images: {} } } },
  { name: 'No tag that moves', yes: {}, no: {}, objects: { yes: pod({ image: `x@sha256:${'0'.repeat(64)}` }), no: pod({}) } },
  { name: 'No privileged containers', yes: {}, no: {}, objects: { yes: pod({}), no: pod({ securityContext: { privileged: true } }) } },
  { name: 'A warning when the commit says so', yes: { ...asked, artifact: { version: { message: 'fix' } } }, no: { ...asked, artifact: { version: { message: 'try [risky]' } } } },
  { name: 'What fails in production goes back by itself', yes: { current: { health: 'failed' } }, no: { current: { health: 'progressing' } }, occasion: { on: 'health' } },
  { name: 'Half an hour of health in staging before production', yes: { ...asked, envs: { staging: { healthySince: Date.parse(monday) / 1000 - 1_800 } } }, no: { ...asked, envs: { staging: { health: 'failed' } } } },
  { name: 'A preview goes away with its branch', yes: {}, no: {}, occasion: { on: 'branchDeleted' }, env: 'preview-1', other: 'staging' },
  { name: 'Previews of a week ago go away at night', yes: since('current', 10_080), no: since('current', 10_079), occasion: { on: 'schedule', trigger: 'p' }, env: 'preview-1' },
  { name: 'What was tested all day goes to production at night', yes: { envs: since('staging', 480) }, no: { envs: since('staging', 479) }, occasion: { on: 'schedule', trigger: 'p' } },
] // biome-ignore format: one row a recipe

const says = (one: Case, side: 'yes' | 'no'): string => {
  const policies = load({ p: recipes.get(one.name) ?? '' })
  expect(problemsOf(policies)).toEqual([])
  const { app = 'web', other, at = { yes: monday, no: monday } } = one
  const env = (side === 'no' ? other : undefined) ?? one.env ?? 'production'
  const question = { app, env, facts: { ...one[side], app, env }, nowMs: Date.parse(at[side]) }
  if (one.occasion) return askedFor(policies, { ...question, ...one.occasion }).by ? 'yes' : 'no'
  const objects = one.objects ? [one.objects[side]] : []
  const { verdict, warnings } = decide(policies, { ...question, objects })
  return verdict === 'allow' && warnings.length === 0 ? 'yes' : 'no'
}

test('every recipe of the cookbook is tried both ways', () => {
  expect([...recipes.keys()].sort()).toEqual(cases.map(({ name }) => name).sort())
  expect(recipes.size).toBeGreaterThanOrEqual(15)
})

test.each(cases)('$name', (one) => {
  expect([says(one, 'yes'), says(one, 'no')]).toEqual(['yes', 'no'])
})
