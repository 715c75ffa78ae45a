import { expect, test } from 'vitest'
import type { Facts } from '../../src/domain/facts.ts'
import { decide } from '../../src/policy/decide.ts'
import { explainTrace } from '../../src/policy/explain.ts'
import { load } from './support/policies.ts'

const branchIsMain = { '==': [{ var: 'artifact.version.branch' }, 'main'] }

const explain = (policies: Record<string, unknown>, facts: Facts): string[] =>
  explainTrace(decide(load(policies), { app: 'web', env: 'staging', facts, nowMs: 0 }).trace)

test('a trace reads as a tree with what every comparison saw', () => {
  const policies = {
    'a-branch': {
      kind: 'gate',
      description: 'Main only',
      when: { has: 'app' },
      require: {
        or: [
          branchIsMain,
          { '!': [{ in: ['dev', { var: 'actor.roles' }] }] },
          { '<': [{ var: ['current.minutes', 0] }, 5] },
        ],
      },
    },
    'b-soak': {
      kind: 'gate',
      require: { '==': [{ var: 'envs.qa.artifactId' }, { var: 'artifact.id' }] },
    },
    'c-off': { kind: 'gate', enabled: false, require: false },
    'd-broken': { kind: 'gate', env: 'staging' },
  }
  const facts = {
    app: 'web',
    actor: { roles: ['dev'] },
    artifact: { id: 'a-1', version: { branch: 'fix/x' } },
  }
  expect(explain(policies, facts)).toEqual([
    '! d-broken (invalid) — The policy file d-broken.json cannot be used: at /require, is missing: write the rule that must hold. It stops every release that it could touch until it is corrected',
    '✓ a-branch (gate): Main only',
    '  when',
    '    ✓ has app  (it is "web")',
    '  require',
    '    ✓ one of',
    '      ✗ artifact.version.branch == "main"  (it is "fix/x")',
    '      ✗ not',
    '        ✓ "dev" in actor.roles  (it is ["dev"])',
    '      ✓ current.minutes (or 0) < 5',
    '! b-soak (gate) — needs the fact envs.qa.artifactId, which is not there',
    '  require',
    '    ! envs.qa.artifactId == artifact.id  (artifact.id is "a-1", needs the fact envs.qa.artifactId, which is not there)',
    '- c-off (gate) — is disabled',
  ])
})

test('a fact cannot move the cursor of who reads it, nor turn the text', () => {
  const branch = 'a\u001b[2J\u009b\u202e\u2028b\n✓ all fine'
  const facts = { artifact: { version: { branch } } }
  const lines = explain({ a: { kind: 'gate', require: branchIsMain } }, facts)
  expect(lines).toHaveLength(3)
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u)
})

test('every operator reads as it is written, with the value that it saw', () => {
  const rules: readonly object[] = [
    { '>=': [{ count: { distinct: { var: 'approvals.by' } } }, 2] },
    { subset: [{ distinct: { var: ['actor.teams', ['x']] } }, ['a']] },
    { '>': [{ minutesSince: 'envs.staging.releasedAt' }, 3] },
    { '>': [{ minutesSince: { var: 'envs.qa.releasedAt' } }, 3] },
    { '==': [{ image: 'tag' }, 'v1'] },
    { '==': [{ image: ['api', 'tag'] }, 'v1'] },
    { hasRole: ['admin'] },
    { inTeam: 'web' },
    { approvedBy: { count: 2, role: 'approver' } },
    { within: { days: ['monday'], timeZone: 'UTC' } },
    {
      within: [
        { days: ['monday'], timeZone: 'UTC' },
        { days: ['friday'], timeZone: 'UTC' },
      ],
    },
  ]
  const facts = {
    actor: { login: 'alice', roles: [], teams: ['b'] },
    approvals: { by: ['bob'], roles: { approver: ['bob'] } },
    artifact: { images: { image: { tag: 'v1' }, api: { tag: 'v2' } } },
    envs: { staging: { releasedAt: -60 } },
  }
  const lines = rules.map((require) => explain({ a: { kind: 'gate', require } }, facts)[2]?.trim())
  expect(lines).toEqual([
    '✗ count(distinct(approvals.by)) >= 2  (it is ["bob"])',
    '✗ distinct(actor.teams (or ["x"])) subset ["a"]  (it is ["b"])',
    '✗ minutesSince(envs.staging.releasedAt) > 3  (envs.staging.releasedAt is -60, now.unix is 0)',
    '! minutesSince(envs.qa.releasedAt) > 3  (needs the fact envs.qa.releasedAt, which is not there)',
    '✓ image(tag) == "v1"  (artifact.images.image.tag is "v1")',
    '✗ image(api tag) == "v1"  (artifact.images.api.tag is "v2")',
    '✗ hasRole ["admin"]  (actor.roles is [])',
    '✗ inTeam web  (actor.teams is ["b"])',
    '✗ approvedBy {"count":2,"role":"approver"}  (actor.login is "alice", approvals.by is ["bob"], approvals.roles.approver is ["bob"])',
    '✗ within {"days":["monday"],"timeZone":"UTC"}  (now.unix is 0)',
    '✗ within [{"days":["monday"],"timeZone":"UTC"},{"days":["friday"],"timeZone":"UTC"}]  (now.unix is 0)',
  ])
})
