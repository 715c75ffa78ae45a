import fc from 'fast-check'
import { expect, test } from 'vitest'
import { artifactOfRun } from '../../src/commands/of-run.ts'
import { parseArtifact } from '../../src/domain/artifact.ts'
import type { BuiltRef, CiRun } from '../../src/domain/ci-run.ts'
import { isRefusal } from '../../src/domain/fault.ts'

const name = fc.constantFrom('main', 'next', 'v1', '')
const built = fc.oneof(
  fc.record({ event: fc.constant('push' as const), branch: fc.constantFrom('main', 'next', 'v1') }),
  fc.record({ event: fc.constant('tag' as const), tag: fc.constantFrom('main', 'next', 'v1') }),
  fc.record({
    event: fc.constant('pr' as const),
    branch: fc.constantFrom('main', 'next'),
    target: fc.constantFrom('main', null),
  }),
)
const said = fc.record({
  repositoryName: fc.constantFrom('acme/web', 'acme/api'),
  sha: fc.constantFrom('c'.repeat(40), 'd'.repeat(40), 'ccccccc'),
  event: fc.constantFrom('push', 'tag', 'pr'),
  branch: name,
  tag: name,
  sourceBranch: name,
  targetBranch: name,
})

const runOf = (ref: BuiltRef): CiRun => ({
  ...{ issuer: 'https://issuer.example.com', kind: 'github', repository: 'acme/web' },
  ...{ repositoryId: 7, sha: 'c'.repeat(40), ref: '', event: 'push', built: ref, workflow: '' },
  ...{ environment: null, token: { id: 'one', untilUnix: 0 } },
})

test('A8: what a run may say it has built is what its token says, whatever CI posts', () => {
  let taken = 0
  fc.assert(
    fc.property(built, said, (ref, version) => {
      const posted = parseArtifact({ version })
      if (isRefusal(posted)) throw new Error(posted.message)
      const artifact = artifactOfRun(posted, runOf(ref))
      if (isRefusal(artifact)) return
      taken++
      const { repositoryName, sha, event, branch, tag, sourceBranch, targetBranch } =
        artifact.version
      expect([repositoryName, artifact.version.repositoryId, event]).toEqual([
        ...['acme/web', 7, ref.event],
      ])
      if (ref.event !== 'pr') expect(sha).toBe('c'.repeat(40))
      if (ref.event === 'push') expect([branch, tag, targetBranch]).toEqual([ref.branch, '', ''])
      if (ref.event === 'tag') expect([branch, tag, sourceBranch]).toEqual(['', ref.tag, ''])
      if (ref.event === 'pr') expect([branch, sourceBranch]).toContain(ref.branch)
      if (ref.event === 'pr' && ref.target) expect(['', ref.target]).toContain(targetBranch)
    }),
    { numRuns: 20_000 },
  )
  expect(taken).toBeGreaterThan(20)
})
