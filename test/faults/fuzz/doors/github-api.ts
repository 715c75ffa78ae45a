import { Fault } from '../../../../src/domain/fault.ts'
import { GithubCommits } from '../../../../src/gitops/github-commits.ts'
import { type GithubCall, GithubGit } from '../../../../src/gitops/github-git.ts'
import { GithubReader } from '../../../../src/gitops/github-read.ts'
import { GithubSwap } from '../../../../src/gitops/github-swap.ts'
import {
  bytesIn,
  commitsIn,
  comparedIn,
  listingIn,
  toldTree,
} from '../../../../src/gitops/github-told.ts'
import { resultOf } from '../../../../src/ingress/github/api.ts'
import { broken, type Door } from '../fuzz.ts'

const [sha, other] = ['a'.repeat(40), 'b'.repeat(40)]
const at = { owner: 'acme', repo: 'gitops', branch: 'main' }
const person = { name: 'Jane', email: 'jane@example.com', date: '2026-11-23T09:30:00Z' }
const commit = {
  sha,
  parents: [{ sha: other }],
  commit: { message: 'm', tree: { sha }, author: person, committer: person },
}
const entry = { path: 'staging', mode: '040000', type: 'tree', sha, size: 3 }
const object = {
  __typename: 'Tree',
  oid: sha,
  byteSize: 3,
  text: 'abc',
  tree: { oid: sha },
  entries: [{ name: 'a', mode: 16_384, type: 'tree', oid: sha }],
}

/** What GitHub's API answers: read as it should be, or a fault that says what was being done (F24). */
export const githubApiDoor: Door = {
  name: 'github-api',
  about: 'A19, F24: answers of the API of GitHub that hosts the GitOps repository',
  form: 'json',
  words: [
    'base64',
    'truncated',
    'errors',
    'FORBIDDEN',
    'undefinedField',
    'blob',
    'dir',
    'ahead_by',
    'head',
    'node_id',
    '!!!!',
  ],
  share: 0.3,
  seeds: [
    {
      sha,
      tree: [entry],
      truncated: false,
      object: { sha },
      head: { sha },
      type: 'dir',
      node_id: 'R',
    },
    [commit],
    { ahead_by: 1, behind_by: 0, merge_base_commit: { sha }, commits: [commit] },
    { encoding: 'base64', content: 'aGVsbG8=\n' },
    {
      data: {
        repository: { o0: object, o1: object, o2: object },
        updateRefs: { clientMutationId: null },
      },
    },
    { errors: [{ type: 'NOT_FOUND', message: 'no', extensions: { code: 'undefinedField' } }] },
  ],
  async take(answer) {
    const call: GithubCall = () => Promise.resolve({ kind: 'ok', data: answer })
    const [reader, commits] = [new GithubReader(call, at), new GithubCommits(call, at)]
    const [git, swap] = [new GithubGit(call, { ...at, author: null }), new GithubSwap(call, at)]
    const outcomes = await Promise.all(
      [
        ...[
          () => listingIn(answer, 'x'),
          () => commitsIn(answer, 'x'),
          () => comparedIn(answer, 'x'),
        ],
        ...[() => toldTree(sha, answer, 'x'), () => bytesIn(answer, 'x')],
        ...[
          () => reader.ids([sha]),
          () => reader.trees([sha, other, 'c']),
          () => reader.below(sha, 2),
        ],
        ...[
          () => reader.texts([sha], 1_000),
          () => reader.rootOf(sha),
          () => commits.compare(sha, other),
        ],
        ...[() => git.tip(), () => git.tree(sha), () => git.folderId(sha, 'staging/web')],
        ...[
          () => git.holds(sha, other),
          () =>
            git.makeCommit(
              { message: 'm', unix: 1, change: { kind: 'remove', folder: 'a/b' } },
              { tree: sha, parent: sha },
            ),
        ],
        ...[() => swap.move({ from: sha, to: other })],
      ].map(cameOf),
    )
    resultOf(Object.assign(new Error('x'), answer))
    return outcomes.join('')
  },
}

/** What came of a call: only faults are known to whoever made it. */
async function cameOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return '+'
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (!/[a-z] /.test(error.message) && error.message !== 'x') broken('a fault says nothing')
    return '-'
  }
}
