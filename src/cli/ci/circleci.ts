import type { System } from './build.ts'
import { commitPage, repositoryAt } from './remote.ts'

/**
 * https://circleci.com/docs/reference/variables/
 * A branch is built as a push even while a pull request is open for it: CircleCI does not say into
 * which branch, and a release branch must not stop being one. Of a fork it builds the pull request.
 */
export const circleci: System = {
  name: 'CircleCI',
  isHere: ({ CIRCLECI }) => CIRCLECI === 'true',
  read(environment) {
    const { CIRCLE_SHA1: sha = '', CIRCLE_TAG: tag, CIRCLE_REPOSITORY_URL: remote } = environment
    const branch = environment.CIRCLE_BRANCH ?? ''
    const owner = environment.CIRCLE_PROJECT_USERNAME
    const isFork = /^pull\/\d+$/.test(branch)
    return {
      event: isFork ? 'pr' : tag ? 'tag' : 'push',
      sha,
      branch,
      tag,
      pullRequest: /(\d+)$/.exec(
        environment.CIRCLE_PR_NUMBER || environment.CIRCLE_PULL_REQUEST || (isFork ? branch : ''),
      )?.[1],
      repository: owner ? `${owner}/${environment.CIRCLE_PROJECT_REPONAME}` : repositoryAt(remote),
      url: commitPage(remote, sha),
      jobUrl: environment.CIRCLE_BUILD_URL,
    }
  },
}
