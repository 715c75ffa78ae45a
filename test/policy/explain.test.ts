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
