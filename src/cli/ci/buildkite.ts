import type { System } from './build.ts'
import { commitPage, repositoryAt } from './remote.ts'

/** https://buildkite.com/docs/pipelines/configure/environment-variables */
export const buildkite: System = {
  name: 'Buildkite',
  isHere: ({ BUILDKITE }) => BUILDKITE === 'true',
  read(environment) {
    // `HEAD` until something was checked out: git knows then.
    const { BUILDKITE_COMMIT: sha = '', BUILDKITE_TAG: tag, BUILDKITE_REPO: remote } = environment
    const number = environment.BUILDKITE_PULL_REQUEST
    const isPullRequest = /^\d+$/.test(number ?? '')
    // Of a fork the branch is `owner:branch`.
    const branch = environment.BUILDKITE_BRANCH?.replace(/^[^:]*:/, '')
    return {
      event: isPullRequest ? 'pr' : tag ? 'tag' : 'push',
      sha,
      ...(isPullRequest
        ? {
            sourceBranch: branch,
            targetBranch: environment.BUILDKITE_PULL_REQUEST_BASE_BRANCH,
            pullRequest: number,
          }
        : { branch }),
      tag,
      repository: repositoryAt(remote),
      url: commitPage(remote, sha),
      jobUrl: environment.BUILDKITE_BUILD_URL,
    }
  },
}
