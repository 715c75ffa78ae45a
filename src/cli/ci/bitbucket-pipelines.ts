import type { System } from './build.ts'

/** https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/ */
export const bitbucketPipelines: System = {
  name: 'Bitbucket Pipelines',
  isHere: ({ BITBUCKET_BUILD_NUMBER }) => Boolean(BITBUCKET_BUILD_NUMBER),
  read(environment) {
    const { BITBUCKET_COMMIT: sha, BITBUCKET_TAG: tag, BITBUCKET_PR_ID: number } = environment
    const repository = environment.BITBUCKET_REPO_FULL_NAME
    const page = `https://bitbucket.org/${repository}`
    return {
      event: number ? 'pr' : tag ? 'tag' : 'push',
      sha,
      ...(number
        ? {
            sourceBranch: environment.BITBUCKET_BRANCH,
            targetBranch: environment.BITBUCKET_PR_DESTINATION_BRANCH,
            pullRequest: number,
          }
        : { branch: environment.BITBUCKET_BRANCH }),
      tag,
      repository,
      url: `${page}/commits/${sha}`,
      jobUrl: `${page}/pipelines/results/${environment.BITBUCKET_BUILD_NUMBER}`,
    }
  },
}
