import type { Known, System } from './build.ts'

/** https://docs.gitlab.com/ci/variables/predefined_variables/ */
export const gitlabCi: System = {
  name: 'GitLab CI',
  isHere: ({ GITLAB_CI }) => GITLAB_CI === 'true',
  read(environment) {
    // A merged results pipeline runs on a merge that exists nowhere else: the head is told apart.
    const head = environment.CI_MERGE_REQUEST_SOURCE_BRANCH_SHA
    const sha = head || environment.CI_COMMIT_SHA
    const tag = environment.CI_COMMIT_TAG
    const pullRequest = environment.CI_MERGE_REQUEST_IID
    return {
      event: pullRequest ? 'pr' : tag ? 'tag' : 'push',
      sha,
      branch: environment.CI_COMMIT_BRANCH,
      sourceBranch: environment.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME,
      targetBranch: environment.CI_MERGE_REQUEST_TARGET_BRANCH_NAME,
      tag,
      pullRequest,
      repository: environment.CI_PROJECT_PATH,
      ...(sha === environment.CI_COMMIT_SHA ? commitOf(environment) : {}),
      url: environment.CI_PROJECT_URL ? `${environment.CI_PROJECT_URL}/-/commit/${sha}` : '',
      // A job that is run again has another page, and is the same build.
      jobUrl: environment.CI_PIPELINE_URL || environment.CI_JOB_URL,
    }
  },
}

function commitOf(environment: Readonly<Record<string, string | undefined>>): Known {
  const author = /^(.*?)\s*<([^<>]*)>$/.exec(environment.CI_COMMIT_AUTHOR ?? '')
  return {
    authorName: author?.[1],
    authorEmail: author?.[2],
    message: environment.CI_COMMIT_MESSAGE,
    created: environment.CI_COMMIT_TIMESTAMP,
  }
}
