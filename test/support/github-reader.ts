import { expect, onTestFinished } from 'vitest'
import { GithubReader } from '../../src/gitops/github-read.ts'
import { githubApi, probotOf } from '../../src/ingress/github/api.ts'
import { makeLog } from '../../src/log.ts'
import { type GithubStandIn, githubStandIn } from './github.ts'
import type { Repository } from './github-state.ts'

export type ReaderPlace = {
  readonly github: GithubStandIn
  readonly repository: Repository
  /** A reader that remembers nothing yet, as of a process that has just started. */
  readonly reader: () => GithubReader
  /** How many calls were made since it was asked last, without those for tokens. */
  readonly calls: () => number
}

/** GitHub as the place of a bare repository, and readers of it. */
export async function readerPlace(remote: string): Promise<ReaderPlace> {
  const github = await githubStandIn(onTestFinished)
  onTestFinished(() => {
    const wrong = /no such route|Problems parsing|Validation Failed|"status":"500"/
    expect(github.problems.filter((one) => wrong.test(one))).toEqual([])
  })
  github.permissions = { metadata: 'read', contents: 'read', pull_requests: 'read' }
  const repository = github.repository({ fullName: 'example/gitops' })
  repository.folder = remote
  const log = makeLog('silent', [])
  const given = { appId: '1', privateKey: github.privateKey, secret: 'a-secret-of-the-tests' }
  const api = githubApi(() => probotOf({ ...given, baseUrl: `${github.origin}/api/v3`, log }))
  let counted = 0
  const asked = () => github.calls.filter(({ token }) => token === 'installation').length
  return {
    ...{ github, repository },
    reader: () =>
      new GithubReader(
        (route, parameters) =>
          api.call(
            42,
            route.replace('POST /graphql', `POST ${github.origin}/api/graphql`),
            parameters,
          ),
        { owner: 'example', repo: 'gitops', branch: 'main' },
      ),
    calls() {
      const since = asked() - counted
      counted += since
      return since
    },
  }
}
