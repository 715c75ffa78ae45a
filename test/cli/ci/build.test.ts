import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { buildOf, type Environment, fieldNames, type Known } from '../../../src/cli/ci/build.ts'
import { systems } from '../../../src/cli/ci/systems.ts'

const sha = '1'.repeat(40)
const head = '2'.repeat(40)
const merge = '3'.repeat(40)

/** A git whose commits all have one author; it answers about the ids that it has. */
function gitWith(has: readonly string[], { branch = '', remote = '' } = {}) {
  const asked: string[] = []
  const git = (args: readonly string[]) => {
    asked.push(args.join(' '))
    if (args[0] === 'remote') return remote || undefined
    if (args[0] === 'symbolic-ref') return branch === '' ? undefined : `${branch}\n`
    const id = args.at(-2) === 'HEAD' ? has[0] : args.at(-2)
    if (id === undefined || !has.includes(id)) return undefined
    const parts = [id, 'Ada', 'ada@example.com', 'Bo', 'bo@example.com', '1700000000', 'Fix it\n']
    return parts.join('\0')
  }
  return { git, asked }
}

function read(environment: Environment, { event = undefined as unknown, has = [sha, head] } = {}) {
  const files = new Map([['/event.json', JSON.stringify(event)]])
  const readFile = (path: string) => (event === undefined ? undefined : files.get(path))
  return buildOf(environment, { readFile, git: gitWith(has).git })
}

const github = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'acme/web',
  GITHUB_RUN_ID: '77',
  GITHUB_RUN_NUMBER: '5',
  GITHUB_EVENT_PATH: '/event.json',
  GITHUB_SHA: merge,
}
const pullEvent = {
  number: 7,
  pull_request: { number: 7, head: { sha: head, ref: 'feature/x' }, base: { ref: 'main' } },
}
const pullRequest = {
  event: 'pr',
  sha: head,
  branch: 'main',
  sourceBranch: 'feature/x',
  targetBranch: 'main',
  pullRequest: '7',
}
const gitlab = {
  GITLAB_CI: 'true',
  CI_PROJECT_PATH: 'acme/shop/web',
  CI_PROJECT_URL: 'https://gitlab.example.com/acme/shop/web',
  CI_PIPELINE_URL: 'https://gitlab.example.com/acme/shop/web/-/pipelines/9',
  CI_JOB_URL: 'https://gitlab.example.com/acme/shop/web/-/jobs/10',
  CI_COMMIT_SHA: sha,
  CI_COMMIT_AUTHOR: 'Cy <cy@example.com>',
  CI_COMMIT_MESSAGE: 'Say it\n',
  CI_COMMIT_TIMESTAMP: '2023-11-14T22:13:20+00:00',
}
const jenkins = {
  JENKINS_URL: 'https://jenkins.example.com/',
  BUILD_URL: 'https://jenkins.example.com/job/web/3/',
  GIT_URL: 'git@github.com:acme/web.git',
  GIT_COMMIT: sha,
  GIT_AUTHOR_NAME: 'Jenkins',
}
const circle = {
  CIRCLECI: 'true',
  CIRCLE_SHA1: sha,
  CIRCLE_BRANCH: 'feature/x',
  CIRCLE_PROJECT_USERNAME: 'acme',
  CIRCLE_PROJECT_REPONAME: 'web',
  CIRCLE_REPOSITORY_URL: 'git@github.com:acme/web.git',
  CIRCLE_BUILD_URL: 'https://circleci.com/gh/acme/web/12',
}
const buildkite = {
  BUILDKITE: 'true',
  BUILDKITE_COMMIT: head,
  BUILDKITE_BRANCH: 'feature/x',
  BUILDKITE_REPO: 'https://user:secret@github.com/acme/web.git',
  BUILDKITE_PULL_REQUEST: 'false',
  BUILDKITE_BUILD_URL: 'https://buildkite.com/acme/web/builds/4',
}
const drone = {
  DRONE: 'true',
  DRONE_BUILD_EVENT: 'push',
  DRONE_REPO: 'acme/web',
  DRONE_COMMIT_SHA: sha,
  DRONE_COMMIT_BRANCH: 'main',
  DRONE_COMMIT_AUTHOR_NAME: 'Cy',
  DRONE_COMMIT_MESSAGE: 'Say it',
  DRONE_BUILD_LINK: 'https://drone.example.com/acme/web/6',
}
const woodpecker = {
  CI: 'woodpecker',
  CI_REPO: 'acme/web',
  CI_COMMIT_SHA: head,
  CI_COMMIT_BRANCH: 'main',
  CI_PIPELINE_URL: 'https://ci.example.com/repos/1/pipeline/2',
}
const bitbucket = {
  BITBUCKET_BUILD_NUMBER: '8',
  BITBUCKET_REPO_FULL_NAME: 'acme/web',
  BITBUCKET_COMMIT: head,
  BITBUCKET_BRANCH: 'feature/x',
}
const azure = {
  TF_BUILD: 'True',
  BUILD_BUILDID: '31',
  BUILD_REPOSITORY_PROVIDER: 'GitHub',
  BUILD_REPOSITORY_NAME: 'acme/web',
  BUILD_REPOSITORY_URI: 'https://github.com/acme/web',
  BUILD_SOURCEVERSION: sha,
  BUILD_SOURCEBRANCH: 'refs/heads/release/1.x',
  BUILD_SOURCEVERSIONMESSAGE: 'Say it',
  SYSTEM_COLLECTIONURI: 'https://dev.azure.com/acme/',
  SYSTEM_TEAMPROJECT: 'The Shop',
}

type Row = {
  readonly name: string
  readonly environment: Environment
  readonly event?: unknown
  readonly want: Known & { readonly system: string }
}

const rows: readonly Row[] = [
  {
    name: 'GitHub: a push has what its event says of the commit',
    environment: {
      ...github,
      GITHUB_EVENT_NAME: 'push',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: sha,
    },
    event: {
      head_commit: {
        id: sha,
        message: 'Add it',
        timestamp: '2023-11-14T22:13:20Z',
        author: { name: 'Cy', email: 'cy@example.com' },
        committer: { name: 'GitHub', email: 'noreply@example.com' },
      },
    },
    want: {
      ...{ system: 'GitHub Actions', event: 'push', sha, branch: 'main', repository: 'acme/web' },
      ...{ authorName: 'Cy', committerName: 'GitHub', message: 'Add it' },
      url: `https://github.com/acme/web/commit/${sha}`,
      jobUrl: 'https://github.com/acme/web/actions/runs/77',
    },
  },
  {
    name: 'GitHub: a pull request is its head commit, not the merge that is checked out',
    environment: { ...github, GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/7/merge' },
    event: pullEvent,
    want: {
      system: 'GitHub Actions',
      ...pullRequest,
      url: `https://github.com/acme/web/commit/${head}`,
    },
  },
  {
    name: 'GitHub: a pull request without its event has no commit rather than the merge',
    environment: {
      ...github,
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_HEAD_REF: 'feature/x',
      GITHUB_BASE_REF: 'main',
    },
    want: {
      system: 'GitHub Actions',
      event: 'pr',
      sha: '',
      branch: 'main',
      sourceBranch: 'feature/x',
    },
  },
  {
    name: 'GitHub: a tag with a slash is a tag, and of no branch',
    environment: {
      ...github,
      GITHUB_EVENT_NAME: 'push',
      GITHUB_REF: 'refs/tags/web/v1.2',
      GITHUB_SHA: sha,
    },
    want: {
      system: 'GitHub Actions',
      event: 'tag',
      tag: 'web/v1.2',
      branch: '',
      sha,
      authorName: 'Ada',
    },
  },
  {
    name: 'GitHub: what a merge queue tries is a pull request, since it is not merged',
    environment: { ...github, GITHUB_EVENT_NAME: 'merge_group' },
    event: {
      merge_group: {
        head_sha: head,
        head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${sha}`,
        base_ref: 'refs/heads/main',
      },
    },
    want: {
      ...{ system: 'GitHub Actions', ...pullRequest },
      sourceBranch: `gh-readonly-queue/main/pr-7-${sha}`,
    },
  },
  {
    name: 'GitHub: a run that follows another is of its commit, not of the default branch',
    environment: { ...github, GITHUB_EVENT_NAME: 'workflow_run', GITHUB_REF: 'refs/heads/main' },
    event: {
      workflow_run: {
        head_sha: head,
        head_branch: 'release/1.x',
        event: 'push',
        pull_requests: [],
      },
    },
    want: { system: 'GitHub Actions', event: 'push', sha: head, branch: 'release/1.x' },
  },
  {
    name: 'GitHub: a run that follows the run of a fork is no push to the branch of that name',
    environment: { ...github, GITHUB_EVENT_NAME: 'workflow_run', GITHUB_REF: 'refs/heads/main' },
    event: {
      workflow_run: {
        head_sha: head,
        head_branch: 'main',
        event: 'pull_request',
        pull_requests: [],
      },
    },
    want: {
      system: 'GitHub Actions',
      event: 'pr',
      sha: head,
      branch: '',
      sourceBranch: 'main',
      targetBranch: '',
    },
  },
  {
    name: 'Gitea: its pages go by the number of the run',
    environment: {
      ...github,
      GITEA_ACTIONS: 'true',
      GITHUB_SERVER_URL: 'https://git.example.com',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SHA: sha,
    },
    want: {
      system: 'Gitea or Forgejo Actions',
      sha,
      jobUrl: 'https://git.example.com/acme/web/actions/runs/5',
    },
  },
  {
    name: 'GitLab: a push has the commit’s author, and the page of the pipeline, which a retry keeps',
    environment: { ...gitlab, CI_COMMIT_BRANCH: 'main' },
    want: {
      ...{ system: 'GitLab CI', event: 'push', branch: 'main', repository: 'acme/shop/web', sha },
      ...{ authorName: 'Cy', authorEmail: 'cy@example.com', message: 'Say it' },
      url: `https://gitlab.example.com/acme/shop/web/-/commit/${sha}`,
      jobUrl: gitlab.CI_PIPELINE_URL,
    },
  },
  {
    name: 'GitLab: a merge request goes by its iid, and a merged result by its head',
    environment: {
      ...gitlab,
      CI_COMMIT_SHA: merge,
      CI_MERGE_REQUEST_ID: '900001',
      CI_MERGE_REQUEST_IID: '7',
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: head,
      CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'feature/x',
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
    },
    want: { system: 'GitLab CI', ...pullRequest, authorName: 'Ada', message: 'Fix it' },
  },
  {
    name: 'GitLab: a tag',
    environment: { ...gitlab, CI_COMMIT_TAG: 'v1', CI_COMMIT_REF_NAME: 'v1' },
    want: { system: 'GitLab CI', event: 'tag', tag: 'v1', branch: '' },
  },
  {
    name: 'Jenkins: the remote is no part of the branch, and its own name no author',
    environment: { ...jenkins, GIT_BRANCH: 'origin/feature/x' },
    want: {
      ...{ system: 'Jenkins', event: 'push', branch: 'feature/x', repository: 'acme/web', sha },
      ...{ authorName: 'Ada', jobUrl: jenkins.BUILD_URL },
    },
  },
  {
    name: 'Jenkins: a change of a multibranch project has its branches, not PR-7',
    environment: {
      ...jenkins,
      GIT_COMMIT: head,
      BRANCH_NAME: 'PR-7',
      CHANGE_ID: '7',
      CHANGE_BRANCH: 'feature/x',
      CHANGE_TARGET: 'main',
    },
    want: { system: 'Jenkins', ...pullRequest, repository: 'acme/web' },
  },
  {
    name: 'Jenkins: a tag of a multibranch project',
    environment: { ...jenkins, BRANCH_NAME: 'v1', TAG_NAME: 'v1' },
    want: { system: 'Jenkins', event: 'tag', tag: 'v1', branch: '' },
  },
  {
    name: 'CircleCI: a branch with an open pull request is still a push, and has its branch',
    environment: { ...circle, CIRCLE_PULL_REQUEST: 'https://github.com/acme/web/pull/7' },
    want: {
      system: 'CircleCI',
      event: 'push',
      branch: 'feature/x',
      pullRequest: '7',
      repository: 'acme/web',
      jobUrl: circle.CIRCLE_BUILD_URL,
    },
  },
  {
    name: 'CircleCI: of a fork it is the pull request',
    environment: { ...circle, CIRCLE_BRANCH: 'pull/7' },
    want: { system: 'CircleCI', event: 'pr', pullRequest: '7', branch: '' },
  },
  {
    name: 'CircleCI: a tag',
    environment: { ...circle, CIRCLE_BRANCH: undefined, CIRCLE_TAG: 'v1' },
    want: { system: 'CircleCI', event: 'tag', tag: 'v1', branch: '' },
  },
  {
    name: 'Buildkite: the repository is its address, less the credentials',
    environment: buildkite,
    want: {
      ...{ system: 'Buildkite', event: 'push', branch: 'feature/x', repository: 'acme/web' },
      url: `https://github.com/acme/web/commit/${head}`,
    },
  },
  {
    name: 'Buildkite: a pull request of a fork',
    environment: {
      ...buildkite,
      BUILDKITE_BRANCH: 'eve:feature/x',
      BUILDKITE_PULL_REQUEST: '7',
      BUILDKITE_PULL_REQUEST_BASE_BRANCH: 'main',
    },
    want: { system: 'Buildkite', ...pullRequest },
  },
  {
    name: 'Buildkite: HEAD is what git has checked out',
    environment: { ...buildkite, BUILDKITE_COMMIT: 'HEAD' },
    want: { system: 'Buildkite', sha, branch: 'feature/x' },
  },
  {
    name: 'Drone: a push',
    environment: drone,
    want: {
      system: 'Drone',
      event: 'push',
      branch: 'main',
      sha,
      authorName: 'Cy',
      committerName: 'Bo',
      jobUrl: drone.DRONE_BUILD_LINK,
    },
  },
  {
    name: 'Drone: a pull request, whose branch variable is the target',
    environment: {
      ...drone,
      DRONE_BUILD_EVENT: 'pull_request',
      DRONE_COMMIT_SHA: head,
      DRONE_PULL_REQUEST: '7',
      DRONE_SOURCE_BRANCH: 'feature/x',
      DRONE_TARGET_BRANCH: 'main',
    },
    want: { system: 'Drone', ...pullRequest },
  },
  {
    name: 'Drone: a promotion is no push of a tag nor a pull request',
    environment: { ...drone, DRONE_BUILD_EVENT: 'promote' },
    want: { system: 'Drone', event: 'push', branch: 'main' },
  },
  {
    name: 'Woodpecker: a pull request has a branch, though Drone’s variables stand there too',
    environment: {
      ...drone,
      ...woodpecker,
      CI_PIPELINE_EVENT: 'pull_request',
      CI_COMMIT_PULL_REQUEST: '7',
      CI_COMMIT_SOURCE_BRANCH: 'feature/x',
      CI_COMMIT_TARGET_BRANCH: 'main',
    },
    want: { system: 'Woodpecker', ...pullRequest, jobUrl: woodpecker.CI_PIPELINE_URL },
  },
  {
    name: 'Woodpecker: a tag',
    environment: { ...woodpecker, CI_PIPELINE_EVENT: 'tag', CI_COMMIT_TAG: 'v1' },
    want: { system: 'Woodpecker', event: 'tag', tag: 'v1', branch: '' },
  },
  {
    name: 'Bitbucket: a pull request is seen',
    environment: { ...bitbucket, BITBUCKET_PR_ID: '7', BITBUCKET_PR_DESTINATION_BRANCH: 'main' },
    want: {
      ...{ system: 'Bitbucket Pipelines', ...pullRequest },
      url: `https://bitbucket.org/acme/web/commits/${head}`,
      jobUrl: 'https://bitbucket.org/acme/web/pipelines/results/8',
    },
  },
  {
    name: 'Azure: a branch with a slash, its repository and its page',
    environment: azure,
    want: {
      ...{
        system: 'Azure Pipelines',
        event: 'push',
        branch: 'release/1.x',
        repository: 'acme/web',
        sha,
      },
      ...{ url: `https://github.com/acme/web/commit/${sha}`, message: 'Say it' },
      jobUrl: 'https://dev.azure.com/acme/The%20Shop/_build/results?buildId=31',
    },
  },
  {
    name: 'Azure: a pull request goes by its number and its source, not by the merge',
    environment: {
      ...azure,
      BUILD_SOURCEVERSION: merge,
      BUILD_SOURCEBRANCH: 'refs/pull/7/merge',
      BUILD_SOURCEVERSIONMESSAGE: 'Merge 2 into 1',
      SYSTEM_PULLREQUEST_PULLREQUESTID: '1234567890',
      SYSTEM_PULLREQUEST_PULLREQUESTNUMBER: '7',
      SYSTEM_PULLREQUEST_SOURCECOMMITID: head,
      SYSTEM_PULLREQUEST_SOURCEBRANCH: 'feature/x',
      SYSTEM_PULLREQUEST_TARGETBRANCH: 'main',
    },
    want: { system: 'Azure Pipelines', ...pullRequest, message: 'Fix it' },
  },
  {
    name: 'Azure: a repository of its own is named with its project',
    environment: {
      ...azure,
      BUILD_REPOSITORY_PROVIDER: 'TfsGit',
      BUILD_REPOSITORY_NAME: 'web',
      BUILD_REPOSITORY_URI: 'https://acme@dev.azure.com/acme/The%20Shop/_git/web',
    },
    want: {
      system: 'Azure Pipelines',
      repository: 'The-Shop/web',
      url: `https://dev.azure.com/acme/The%20Shop/_git/web/commit/${sha}`,
    },
  },
]

describe('a build', () => {
  test.each(rows)('$name', ({ environment, event, want: { system, ...want } }) => {
    const build = read(environment, { event })
    expect(build.system).toBe(system)
    expect(build.values).toMatchObject(want)
    expect(JSON.stringify(build)).not.toContain('secret')
  })

  it('of no known system is what git says', () => {
    const { git } = gitWith([sha], {
      branch: 'feature/x',
      remote: 'git@git.example.com:acme/web.git\n',
    })
    const { system, values, from } = buildOf({}, { readFile: () => undefined, git })
    expect([system, from.branch]).toEqual(['git', 'git'])
    expect(values).toMatchObject({
      ...{ sha, branch: 'feature/x', repository: 'acme/web', event: 'push', created: '1700000000' },
      ...{ authorEmail: 'ada@example.com', committerName: 'Bo', message: 'Fix it' },
      url: `https://git.example.com/acme/web/commit/${sha}`,
    })
  })

  it('of a CI system is never on the branch or the commit that happens to be checked out', () => {
    const { git } = gitWith([merge], { branch: 'work' })
    const environment = { ...github, GITHUB_EVENT_NAME: 'workflow_run' }
    const { values } = buildOf(environment, { readFile: () => undefined, git })
    expect(values).toMatchObject({ sha: '', branch: '', authorName: '' })
  })

  it('is what flags say, then GIMLET_BUILD_…, then the CI system', () => {
    const { git, asked } = gitWith([head])
    const environment = { ...gitlab, GIMLET_BUILD_SHA: head, GIMLET_BUILD_SOURCE_BRANCH: 'b' }
    const flags = { sourceBranch: 'a', event: 'pr', targetBranch: 'main' }
    const { values, from } = buildOf(environment, { readFile: () => undefined, git, flags })
    expect(values).toMatchObject({ sha: head, sourceBranch: 'a', branch: 'main' })
    expect(from).toMatchObject({ sha: 'environment', sourceBranch: 'flag', repository: 'ci' })
    expect(asked.some((line) => line.includes(`${head} --`))).toBe(true)
  })

  it('never throws, gives git no argument that is no commit, and no line of two lines', () => {
    const names = [...new Set(rows.flatMap(({ environment }) => Object.keys(environment)))]
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('true', '--upload-pack=x', 'a\nb', '{"pull_request":{}}', '[]'),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), value, (environment, event) => {
        const { git, asked } = gitWith([])
        const { values } = buildOf(environment, { readFile: () => event, git })
        for (const line of asked)
          expect(line).toMatch(/^(?:remote|symbolic-ref|log .* (?:HEAD|[0-9a-f]{4,64}) --$)/)
        for (const name of fieldNames.filter((one) => one !== 'message'))
          expect(values[name]).not.toMatch(/[\n\r\0]/)
      }),
    )
  })

  it('has a row here for every system', () => {
    const tried = new Set(rows.map(({ want }) => want.system))
    expect(systems.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([])
  })
})
