import type { Environment, Known, ReadFile, System } from './build.ts'

/** https://docs.github.com/actions/reference/workflows-and-actions/variables */
export const githubActions: System = {
  name: 'GitHub Actions',
  isHere: ({ GITHUB_ACTIONS }) => GITHUB_ACTIONS === 'true',
  read: (environment, readFile) => ({
    ...known(environment, readFile),
    jobUrl: runPage(environment, environment.GITHUB_RUN_ID),
  }),
}

/** Gitea and Forgejo set GitHub’s variables; their pages go by the number of the run. */
export const giteaActions: System = {
  name: 'Gitea or Forgejo Actions',
  isHere: ({ GITEA_ACTIONS, FORGEJO_ACTIONS }) =>
    GITEA_ACTIONS === 'true' || FORGEJO_ACTIONS === 'true',
  read: (environment, readFile) => ({
    ...known(environment, readFile),
    jobUrl: runPage(environment, environment.GITHUB_RUN_NUMBER),
  }),
}

/** The page of the run, and not of an attempt: what is run again is the same build. */
const runPage = ({ GITHUB_SERVER_URL, GITHUB_REPOSITORY }: Environment, run = '') =>
  run === '' ? '' : `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${run}`

function known(environment: Environment, readFile: ReadFile): Known {
  const { GITHUB_REPOSITORY: repository, GITHUB_SERVER_URL: server } = environment
  const told = happening(environment, readFile)
  return {
    ...told,
    repository,
    url: told.sha ? `${server}/${repository}/commit/${told.sha}` : '',
  }
}

/** GITHUB_SHA is the commit of a build only where nothing is merged and nothing else is tested. */
function happening(environment: Environment, readFile: ReadFile): Known {
  const { GITHUB_EVENT_NAME: name = '', GITHUB_EVENT_PATH: path = '' } = environment
  const event = parsed(readFile(path))
  if (isThere(event, 'pull_request')) return ofPullRequest(event)
  if (isThere(event, 'merge_group')) return ofMergeGroup(event)
  if (isThere(event, 'workflow_run')) return ofWorkflowRun(event)
  const { GITHUB_HEAD_REF: sourceBranch, GITHUB_BASE_REF: targetBranch } = environment
  // Without the event’s file nobody knows the head commit, and GITHUB_SHA is the merge.
  if (name.startsWith('pull_request')) return { event: 'pr', sourceBranch, targetBranch }
  if (name === 'merge_group' || name === 'workflow_run') return {}
  return ofRef(environment, event)
}

const ofPullRequest = (event: unknown): Known => ({
  event: 'pr',
  sha: textAt(event, 'pull_request', 'head', 'sha'),
  sourceBranch: textAt(event, 'pull_request', 'head', 'ref'),
  targetBranch: textAt(event, 'pull_request', 'base', 'ref'),
  pullRequest: textAt(event, 'pull_request', 'number'),
})

/** What a merge queue tries is not merged yet, so it is not a push. */
function ofMergeGroup(event: unknown): Known {
  const sourceBranch = branchOf(textAt(event, 'merge_group', 'head_ref'))
  return {
    event: 'pr',
    sha: textAt(event, 'merge_group', 'head_sha'),
    sourceBranch,
    targetBranch: branchOf(textAt(event, 'merge_group', 'base_ref')),
    pullRequest: /\/pr-(\d+)-[0-9a-f]+$/.exec(sourceBranch)?.[1],
    ...commitAt(event, 'merge_group'),
  }
}

/** The run that was waited for tells; GITHUB_SHA is the newest commit of the default branch. */
function ofWorkflowRun(event: unknown): Known {
  const branch = textAt(event, 'workflow_run', 'head_branch')
  const isPullRequest = textAt(event, 'workflow_run', 'event').startsWith('pull_request')
  const pull = ['workflow_run', 'pull_requests', '0'] as const
  return {
    sha: textAt(event, 'workflow_run', 'head_sha'),
    ...(isPullRequest
      ? {
          event: 'pr',
          sourceBranch: branch,
          targetBranch: textAt(event, ...pull, 'base', 'ref'),
          pullRequest: textAt(event, ...pull, 'number'),
        }
      : { event: 'push', branch }),
    ...commitAt(event, 'workflow_run'),
  }
}

function ofRef({ GITHUB_SHA: sha = '', GITHUB_REF: ref = '' }: Environment, event: unknown): Known {
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1]
  const commit = textAt(event, 'head_commit', 'id') === sha ? commitAt(event) : {}
  return tag === undefined
    ? { event: 'push', sha, branch: branchOf(ref), ...commit }
    : { event: 'tag', sha, tag, ...commit }
}

const commitAt = (event: unknown, ...path: readonly string[]): Known => ({
  authorName: textAt(event, ...path, 'head_commit', 'author', 'name'),
  authorEmail: textAt(event, ...path, 'head_commit', 'author', 'email'),
  committerName: textAt(event, ...path, 'head_commit', 'committer', 'name'),
  committerEmail: textAt(event, ...path, 'head_commit', 'committer', 'email'),
  message: textAt(event, ...path, 'head_commit', 'message'),
  created: textAt(event, ...path, 'head_commit', 'timestamp'),
})

const branchOf = (ref: string): string => ref.replace(/^refs\/heads\//, '')

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

const isThere = (event: unknown, name: string): boolean =>
  typeof valueAt(event, [name]) === 'object'

function textAt(event: unknown, ...path: readonly string[]): string {
  const value = valueAt(event, path)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function valueAt(event: unknown, path: readonly string[]): unknown {
  let value = event
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value ?? undefined
}
