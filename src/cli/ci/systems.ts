import { azurePipelines } from './azure-pipelines.ts'
import { bitbucketPipelines } from './bitbucket-pipelines.ts'
import type { System } from './build.ts'
import { buildkite } from './buildkite.ts'
import { circleci } from './circleci.ts'
import { drone, woodpecker } from './drone.ts'
import { giteaActions, githubActions } from './github-actions.ts'
import { gitlabCi } from './gitlab-ci.ts'
import { jenkins } from './jenkins.ts'

/** The CI systems that are known. The first that is recognised is believed: some set others' variables. */
export const systems: readonly System[] = [
  giteaActions,
  githubActions,
  gitlabCi,
  circleci,
  buildkite,
  woodpecker,
  drone,
  bitbucketPipelines,
  azurePipelines,
  jenkins,
]
