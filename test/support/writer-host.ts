import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { ours } from '../../src/gitops/author.ts'
import { GithubWriter } from '../../src/gitops/github.ts'
import type { Author } from '../../src/gitops/github-git.ts'
import { PacedGithub } from '../../src/gitops/github-pace.ts'
import type { SeenBranch } from '../../src/gitops/writer.ts'
import { githubApi, probotOf } from '../../src/ingress/github/api.ts'
import { githubCallOf } from '../../src/ingress/github/repository-call.ts'
import { makeLog } from '../../src/log.ts'
import { type GithubFault, type GithubStandIn, githubStandIn } from './github.ts'
import type { Repository } from './github-state.ts'
import { putScript, someonesGit } from './temp.ts'

/** What may go wrong at the host of a GitOps repository, whichever way it is written. */
export type WriterHost = {
  /** The next push lands, and its answer is lost. */
  losesAnswer(): Promise<void>
  /** The next push lands, somebody commits on top of it, and its answer is lost. */
  losesAnswerBehindAnother(): Promise<void>
  /** The next pushes die before they land; answers what ends that. */
  dies(): Promise<() => Promise<void>>
  refuses(words: string): Promise<void>
  goesAway(): Promise<void>
  comesBack(): Promise<void>
}

const killed = 'kill -9 $PPID\n'
const theirs = `tree=$(git rev-parse main^{tree})
git update-ref refs/heads/main $(GIT_AUTHOR_NAME=S GIT_AUTHOR_EMAIL=s@s GIT_COMMITTER_NAME=S GIT_COMMITTER_EMAIL=s@s git commit-tree -p main -m theirs $tree)
`

/** A bare repository that git pushes to: its hooks do it. */
export function gitHostOf(remote: string): WriterHost {
  const hook = (name: string, script: string) =>
    putScript(remote, `hooks/${name}`, `#!/bin/sh\n${script}`)
  return {
    async losesAnswer() {
      await hook('post-update', killed)
      await hook('post-receive', killed)
    },
    losesAnswerBehindAnother: () =>
      hook('post-receive', `rm hooks/post-receive\n${theirs}${killed}`),
    async dies() {
      await hook('pre-receive', killed)
      return () => rm(join(remote, 'hooks/pre-receive'))
    },
    refuses: (words) => hook('pre-receive', `echo "${words}" >&2\nexit 1\n`),
    goesAway: () => rename(remote, `${remote}.away`),
    comesBack: () => rename(`${remote}.away`, remote),
  }
}

export type Hub = {
  readonly github: GithubStandIn
  readonly repository: Repository
  readonly host: WriterHost
  readonly writer: (memory: SeenBranch, given?: Given) => GithubWriter
  /** What the writers told the log. */
  readonly told: string[]
}

type Given = { readonly root?: string | null; readonly author?: Author }

/** A clock by which an hour's calls never fall into one hour, for tests that are not about GitHub's limits. */
function hurriedClock() {
  let nowMs = Date.parse('2026-11-23T09:30:00Z')
  return {
    nowMs() {
      nowMs += 10_000
      return nowMs
    },
  }
}

/** GitHub as the place of the bare repository, and writers that only speak to its API. */
export async function hubOf(
  remote: string,
  clock: { nowMs(): number } = hurriedClock(),
): Promise<Hub> {
  const github = await githubStandIn(onTestFinished)
  onTestFinished(() => {
    // A no is GitHub's to say; a call that is none of its own is a mistake.
    const wrong = /no such route|Problems parsing|Validation Failed|"status":"500"/
    expect(github.problems.filter((one) => wrong.test(one))).toEqual([])
  })
  github.permissions = { metadata: 'read', contents: 'write' }
  const repository = github.repository({ fullName: 'example/gitops' })
  repository.folder = remote
  const baseUrl = `${github.origin}/api/v3`
  const log = makeLog('silent', [])
  const given = { appId: '1', privateKey: github.privateKey, secret: 'a-secret-of-the-tests' }
  const api = githubApi(() => probotOf({ ...given, baseUrl, log }))
  const call = githubCallOf({ kind: 'app', api }, { owner: 'example', repo: 'gitops', baseUrl })
  const paced = new PacedGithub(call, clock)
  const at = { owner: 'example', repo: 'gitops', branch: 'main', url: remote }
  const told: string[] = []
  const warn = (_: object, text: string) => void told.push(text)
  return {
    ...{ github, repository, told },
    host: githubHostOf(github, repository),
    writer: (memory, { root = null, author = ours } = {}) =>
      new GithubWriter({ github: paced, memory, log: { warn } }, { ...at, root, author }),
  }
}

function githubHostOf(github: GithubStandIn, repository: Repository): WriterHost {
  const fails = (fault: GithubFault) =>
    github.knowsUpdateRefs
      ? github.fail('POST', /^\/graphql$/, fault)
      : github.fail('PATCH', /\/git\/refs\//, fault)
  return {
    losesAnswer: async () => fails({ lost: true }),
    async losesAnswerBehindAnother() {
      fails({ lost: true })
      repository.afterMove = async () => {
        const { folder = '' } = repository
        const tree = (await someonesGit(folder, 'rev-parse', 'main^{tree}')).trim()
        const made = await someonesGit(folder, 'commit-tree', '-p', 'main', '-m', 'theirs', tree)
        await someonesGit(folder, 'update-ref', 'refs/heads/main', made.trim())
      }
    },
    async dies() {
      fails({ close: true })
      return () => Promise.resolve()
    },
    async refuses(words) {
      repository.refusal = words
    },
    goesAway: async () => github.down(),
    comesBack: async () => github.up(),
  }
}
