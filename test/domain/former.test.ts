import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventStatuses, isOver } from '../../src/domain/event.ts'
import { type FormerEvent, formerHealth, readFormer } from '../../src/domain/former.ts'
import { formerArtifact } from '../support/gimletd-database.ts'

const sha = 'a'.repeat(40)
const row = (given: Partial<Omit<FormerEvent, 'blob'>> & { blob?: unknown } = {}): FormerEvent => {
  const { blob = { env: 'staging', app: 'web', artifactId: 'web-1', triggeredBy: 'alice' } } = given
  return {
    ...{ id: 'e-1', created: 7, type: 'release', status: 'processed', statusDesc: '' },
    ...{ gitopsHashes: '[]', results: '[]' },
    ...given,
    blob: typeof blob === 'string' ? blob : JSON.stringify(blob),
  }
}

test.each([
  {
    name: 'an artifact',
    given: { type: 'artifact', blob: formerArtifact('web', 1) },
    want: {
      kind: 'artifact',
      artifact: { id: formerArtifact('web', 1).id, created: 7 },
      event: { kind: 'artifact', status: 'processed' },
    },
  },
  {
    name: 'a release',
    given: { gitopsHashes: JSON.stringify([sha, 'n/a']) },
    want: {
      event: {
        kind: 'release',
        env: 'staging',
        app: 'web',
        artifactId: 'web-1',
        actor: { login: 'alice' },
        createdMs: 7000,
        refs: [sha],
      },
    },
  },
  {
    name: 'a release of every app',
    given: { blob: { env: 'staging', artifactId: 'web-1', triggeredBy: '' } },
    want: { event: { app: null, env: 'staging' } },
  },
  {
    name: 'a rollback',
    given: { type: 'rollback', blob: { env: 'staging', app: 'web', targetSHA: sha } },
    want: { event: { kind: 'rollback', toRef: sha } },
  },
  {
    name: 'a rollback to an abbreviated commit',
    given: { type: 'rollback', blob: { env: 'staging', app: 'web', targetSHA: 'c8d8c1d192' } },
    want: { event: { kind: 'rollback', toRef: null } },
  },
  {
    name: 'a deleted branch',
    given: {
      type: 'branchDeleted',
      blob: { Repo: 'owner/web', Branch: 'feature/x', Manifests: null },
    },
    want: {
      event: {
        kind: 'branchDeleted',
        about: { on: 'branchDeleted', repository: 'owner/web', branch: 'feature/x' },
      },
    },
  },
  {
    name: 'what was pending',
    given: { status: 'new' },
    want: {
      event: { status: 'superseded', statusDesc: expect.stringContaining('ask for it again') },
    },
  },
  {
    name: 'a failed one',
    given: { status: 'error', statusDesc: 'no\nchart' },
    want: { event: { status: 'error', statusDesc: 'no chart' } },
  },
  {
    name: 'a later version’s, with a failed part',
    given: {
      results: JSON.stringify([
        { Status: 0, GitopsRef: sha },
        { Status: 1, StatusDesc: 'no chart' },
      ]),
    },
    want: { event: { status: 'error', statusDesc: 'no chart', refs: [sha] } },
  },
  {
    name: 'a policy’s',
    given: { blob: { env: 'staging', app: 'web', triggeredBy: 'policy' } },
    want: { event: { actor: { kind: 'policy', login: 'policy:gimletd' } } },
  },
  {
    name: 'an artifact of broken JSON',
    given: { type: 'artifact', blob: { id: '-5', created: 1, version: {} } },
    want: { kind: 'left', why: expect.stringContaining('artifact.id') },
  },
  { name: 'no JSON at all', given: { blob: '{' }, want: { kind: 'left' } },
  {
    name: 'an image build',
    given: { type: 'imageBuild' },
    want: { kind: 'left', why: expect.stringContaining('imageBuild') },
  },
  {
    name: 'names that are none',
    given: { blob: { env: '../x', app: 'web' } },
    want: { kind: 'left', why: expect.stringContaining('"../x"') },
  },
])('$name', ({ given, want }) => {
  expect(readFormer(row(given as never))).toMatchObject(want)
})

test('whatever a row holds, it is left or it is over: the loop never takes it', () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.constantFrom('new', 'artifact', 'release', '[]'))
  const any = fc.record({
    ...{
      id: fc.string(),
      created: fc.integer(),
      type: fc.constantFrom('artifact', 'release', 'rollback', 'branchDeleted', 'x'),
    },
    ...{ blob: fc.oneof(text, fc.constant(row().blob)), status: text, statusDesc: text },
    ...{ gitopsHashes: text, results: text },
  })
  fc.assert(
    fc.property(any, (one) => {
      const brought = readFormer(one)
      if (brought.kind === 'left') return brought.why !== ''
      const { status } = brought.event
      return eventStatuses.includes(status) && isOver(status)
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['ReconciliationSucceeded', 'healthy'],
  ['ValidationFailed', 'failed'],
  ['ReconciliationFailed', 'failed'],
  ['HealthCheckFailed', 'failed'],
  ['Progressing', 'progressing'],
  ['N/A', null],
])('%s is %s here', (status, want) => {
  expect(formerHealth(status)).toBe(want)
})
