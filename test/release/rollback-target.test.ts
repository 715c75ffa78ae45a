import { expect, test } from 'vitest'
import type { Release } from '../../src/domain/release.ts'
import { releaseBefore } from '../../src/release/rollback-target.ts'
import { artifact } from '../support/builders.ts'

type Row = { ref: string; rolledBack?: boolean; to?: string }

const release = ({ ref, rolledBack = false, to }: Row): Release => ({
  id: ref,
  app: 'web',
  env: 'production',
  artifactId: `a-${ref}`,
  triggeredBy: 'alice',
  version: { ...artifact().version, created: 0 },
  gitopsRef: ref,
  gitopsRepo: 'x',
  created: 0,
  status: 'pushed',
  rolledBack,
  ...(to === undefined ? {} : { rollbackTo: to }),
  decisionId: 'd',
  policyVersion: 'v',
})

test.each<{ name: string; given: Row[]; want: string | undefined }>([
  { name: 'nothing of no releases', given: [], want: undefined },
  { name: 'nothing of one release', given: [{ ref: '1' }], want: undefined },
  { name: 'the one before', given: [{ ref: '3' }, { ref: '2' }, { ref: '1' }], want: '2' },
  {
    name: 'one further back after a rollback',
    given: [{ ref: '4', to: '2' }, { ref: '3', rolledBack: true }, { ref: '2' }, { ref: '1' }],
    want: '1',
  },
  {
    name: 'nothing after a rollback to the first',
    given: [{ ref: '3', to: '1' }, { ref: '2', rolledBack: true }, { ref: '1' }],
    want: undefined,
  },
  {
    name: 'one further back after each of two rollbacks',
    given: [
      { ref: '5', to: '1' },
      { ref: '4', to: '2', rolledBack: true },
      { ref: '3', rolledBack: true },
      { ref: '2', rolledBack: true },
      { ref: '1' },
      { ref: '0' },
    ],
    want: '0',
  },
  {
    name: 'what was gone back to, after a new release on top of a rollback',
    given: [{ ref: '4' }, { ref: '3', to: '1' }, { ref: '2', rolledBack: true }, { ref: '1' }],
    want: '1',
  },
  {
    name: 'one further back after a rollback to the commit of a rollback',
    given: [
      { ref: '4', to: '3' },
      { ref: '3', to: '1' },
      { ref: '2', rolledBack: true },
      { ref: '1' },
      { ref: '0' },
    ],
    want: '0',
  },
  {
    name: 'the one before, of a rollback to a commit that is not in the history',
    given: [{ ref: '3', to: 'unknown' }, { ref: '2' }, { ref: '1' }],
    want: '2',
  },
])('the release to go back to is $name', ({ given, want }) => {
  expect(releaseBefore(given.map(release))?.gitopsRef).toBe(want)
})
