import type { System } from './build.ts'
import { commitPage, repositoryAt } from './remote.ts'

/**
 * https://plugins.jenkins.io/git/ and the branch sources. The name and e-mail of `GIT_AUTHOR_…` are of
 * Jenkins’ own configuration: who wrote the commit is known by git alone.
 */
export const jenkins: System = {
  name: 'Jenkins',
  isHere: ({ JENKINS_URL, JENKINS_HOME, BUILD_URL }) =>
    Boolean(BUILD_URL) && Boolean(JENKINS_URL || JENKINS_HOME),
  read(environment) {
    const { GIT_COMMIT: sha = '', TAG_NAME: tag, CHANGE_ID: number, GIT_URL: remote } = environment
    return {
      event: number ? 'pr' : tag ? 'tag' : 'push',
      sha: sha || 'HEAD',
      ...(number
        ? {
            sourceBranch: environment.CHANGE_BRANCH,
            targetBranch: environment.CHANGE_TARGET,
            pullRequest: number,
          }
        : { branch: branchOf(environment.BRANCH_NAME || environment.GIT_BRANCH) }),
      tag,
      repository: repositoryAt(remote),
      url: commitPage(remote, sha),
      jobUrl: environment.BUILD_URL,
    }
  },
}

/** `origin/main`, as the git plugin names it, is `main`. */
const branchOf = (name = ''): string =>
  name.replace(/^refs\/(?:heads|remotes)\//, '').replace(/^origin\//, '')
