import type { System } from './build.ts'

const events: Readonly<Record<string, string>> = {
  pull_request: 'pr',
  pull_request_closed: 'pr',
  pull_request_metadata: 'pr',
  tag: 'tag',
  release: 'tag',
}

/** https://docs.drone.io/pipeline/environment/reference/ */
export const drone: System = {
  name: 'Drone',
  isHere: ({ DRONE }) => DRONE === 'true',
  read: (environment) => ({
    event: events[environment.DRONE_BUILD_EVENT ?? ''] ?? 'push',
    sha: environment.DRONE_COMMIT_SHA,
    ...(environment.DRONE_PULL_REQUEST
      ? {
          sourceBranch: environment.DRONE_SOURCE_BRANCH,
          targetBranch: environment.DRONE_TARGET_BRANCH,
          pullRequest: environment.DRONE_PULL_REQUEST,
        }
      : { branch: environment.DRONE_COMMIT_BRANCH }),
    tag: environment.DRONE_TAG,
    repository: environment.DRONE_REPO,
    authorName: environment.DRONE_COMMIT_AUTHOR_NAME,
    authorEmail: environment.DRONE_COMMIT_AUTHOR_EMAIL,
    message: environment.DRONE_COMMIT_MESSAGE,
    url: environment.DRONE_COMMIT_LINK,
    jobUrl: environment.DRONE_BUILD_LINK,
  }),
}

/** https://woodpecker-ci.org/docs/usage/environment, whose older versions set Drone’s variables, too. */
export const woodpecker: System = {
  name: 'Woodpecker',
  isHere: ({ CI, CI_SYSTEM_NAME }) => CI === 'woodpecker' || CI_SYSTEM_NAME === 'woodpecker',
  read: (environment) => ({
    event: events[environment.CI_PIPELINE_EVENT ?? ''] ?? 'push',
    sha: environment.CI_COMMIT_SHA,
    ...(environment.CI_COMMIT_PULL_REQUEST
      ? {
          sourceBranch: environment.CI_COMMIT_SOURCE_BRANCH,
          targetBranch: environment.CI_COMMIT_TARGET_BRANCH || environment.CI_COMMIT_BRANCH,
          pullRequest: environment.CI_COMMIT_PULL_REQUEST,
        }
      : { branch: environment.CI_COMMIT_BRANCH }),
    tag: environment.CI_COMMIT_TAG,
    repository: environment.CI_REPO,
    authorEmail: environment.CI_COMMIT_AUTHOR_EMAIL,
    message: environment.CI_COMMIT_MESSAGE,
    url: environment.CI_PIPELINE_FORGE_URL,
    jobUrl: environment.CI_PIPELINE_URL,
  }),
}
