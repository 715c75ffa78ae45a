import {
  type Comment,
  type GithubState,
  type Installation,
  type Json,
  type Level,
  nodeId,
  type Pull,
  type Repository,
} from './github-state.ts'

// What REST answers and webhooks carry, with the fields that apps read.

export const apiOf = ({ origin }: GithubState): string => `${origin}/api/v3`
const repoUrl = (state: GithubState, { fullName }: Repository) =>
  `${apiOf(state)}/repos/${fullName}`

export function userShape(state: GithubState, name: string): Json {
  const { id, login, type } = state.user(name)
  const url = `${apiOf(state)}/users/${encodeURIComponent(login)}`
  const html_url = `${state.origin}/${login}`
  return { login, id, node_id: nodeId('U', id), avatar_url: '', gravatar_id: '', url, html_url, type, site_admin: false } // biome-ignore format: one value
}

export function repositoryShape(state: GithubState, repository: Repository): Json {
  const { id, name, fullName, owner, isPrivate, defaultBranch } = repository
  const html_url = `${state.origin}/${fullName}`
  return {
    id,
    node_id: nodeId('R', id),
    name,
    full_name: fullName,
    private: isPrivate,
    visibility: isPrivate ? 'private' : 'public',
    owner: userShape(state, owner),
    html_url,
    url: repoUrl(state, repository),
    clone_url: `${html_url}.git`,
    default_branch: defaultBranch,
    archived: false,
    disabled: false,
    fork: false,
  }
}

export const labelShape = (name: string): Json => ({ id: name.length, node_id: nodeId('LA', name.length), name, color: 'ededed', default: false, description: null }) // biome-ignore format: one value

const pullUrls = (state: GithubState, { repository, number }: Pull): Json => {
  const html_url = `${state.origin}/${repository.fullName}/pull/${number}`
  const url = `${repoUrl(state, repository)}/pulls/${number}`
  return { url, html_url, diff_url: `${html_url}.diff`, patch_url: `${html_url}.patch` }
}

export function pullShape(state: GithubState, pull: Pull): Json {
  const { id, number, repository, title, body, author, labels, draft, merged, createdAt } = pull
  const { headRepository: from, headRef, headSha, baseRef, closedAt } = pull
  const end = (at: Repository | null, ref: string, sha: string | undefined): Json => {
    const owner = at?.owner ?? author
    const repo = at ? repositoryShape(state, at) : null
    return { label: `${owner}:${ref}`, ref, sha, user: userShape(state, owner), repo }
  }
  const baseSha = repository.branches.get(baseRef) ?? '0'.repeat(40)
  return {
    id,
    node_id: nodeId('PR', id),
    ...pullUrls(state, pull),
    issue_url: `${repoUrl(state, repository)}/issues/${number}`,
    number,
    state: pull.state,
    locked: false,
    title,
    body,
    user: userShape(state, author),
    labels: labels.map(labelShape),
    draft,
    created_at: createdAt,
    updated_at: closedAt ?? createdAt,
    closed_at: closedAt,
    merged_at: merged?.at ?? null,
    merge_commit_sha: merged?.sha ?? null,
    head: end(from, headRef, headSha),
    base: end(repository, baseRef, baseSha),
    author_association: 'MEMBER',
    merged: merged !== undefined,
    mergeable: pull.state === 'open' ? true : null,
    merged_by: merged ? userShape(state, merged.by) : null,
  }
}

/** A pull request as an issue, which is what comments belong to. */
export function issueShape(state: GithubState, pull: Pull): Json {
  const { id, number, title, body, author, labels, draft, closedAt, createdAt, repository } = pull
  return {
    id: id + 1_000_000,
    node_id: nodeId('I', id + 1_000_000),
    url: `${repoUrl(state, repository)}/issues/${number}`,
    repository_url: repoUrl(state, repository),
    html_url: pullUrls(state, pull).html_url,
    number,
    title,
    body,
    draft,
    state: pull.state,
    locked: false,
    user: userShape(state, author),
    labels: labels.map(labelShape),
    comments: state.comments(repository, number).length,
    created_at: createdAt,
    updated_at: closedAt ?? createdAt,
    closed_at: closedAt,
    pull_request: { ...pullUrls(state, pull), merged_at: pull.merged?.at ?? null },
  }
}

export const appShape = (state: GithubState): Json => ({
  id: state.appId,
  node_id: nodeId('A', state.appId),
  slug: state.slug,
  client_id: 'Iv1.0123456789abcdef',
  name: state.slug,
  owner: userShape(state, 'example'),
  html_url: `${state.origin}/github-apps/${state.slug}`,
  permissions: state.permissions,
  events: state.events,
})

/** The secret is never shown. */
export const hookShape = ({ hook: { secret, ...rest } }: GithubState): Json =>
  secret === undefined ? rest : { ...rest, secret: '********' }

export function commentShape(state: GithubState, comment: Comment): Json {
  const { id, node_id, repository, number, author, body, createdAt, updatedAt } = comment
  const url = repoUrl(state, repository)
  const reactions = state.reactions(id)
  const counts = new Map<string, number>()
  for (const { content } of reactions) counts.set(content, (counts.get(content) ?? 0) + 1)
  return {
    id,
    node_id,
    url: `${url}/issues/comments/${id}`,
    html_url: `${state.origin}/${repository.fullName}/pull/${number}#issuecomment-${id}`,
    issue_url: `${url}/issues/${number}`,
    user: userShape(state, author),
    body,
    created_at: createdAt,
    updated_at: updatedAt,
    author_association: { admin: 'OWNER', none: 'NONE', read: 'NONE' }[state.levelOf(repository, author) as string] ?? 'COLLABORATOR', // biome-ignore format: one value
    performed_via_github_app: author === state.bot ? appShape(state) : null,
    reactions: { total_count: reactions.length, ...Object.fromEntries(counts) },
  }
}

export function installationShape(state: GithubState, given: Installation): Json {
  const { id, account, isSuspended } = given
  const { id: target_id, type: target_type } = state.user(account)
  return {
    id,
    app_id: state.appId,
    app_slug: state.slug,
    account: userShape(state, account),
    target_id,
    target_type,
    repository_selection: 'selected',
    html_url: `${state.origin}/organizations/${account}/settings/installations/${id}`,
    permissions: given.accepted ?? state.permissions,
    events: state.events,
    suspended_at: isSuspended ? state.now() : null,
    access_tokens_url: `${apiOf(state)}/app/installations/${id}/access_tokens`,
    repositories_url: `${apiOf(state)}/installation/repositories`,
  }
}

const orderOfLevels: readonly Level[] = ['none', 'read', 'triage', 'write', 'maintain', 'admin']
const oldNames: Partial<Record<Level, string>> = { triage: 'read', maintain: 'write' }

/** A permission has four names; a role has all. */
export function permissionShape(state: GithubState, repository: Repository, login: string): Json {
  const level = state.levelOf(repository, login)
  const has = (least: Level) => orderOfLevels.indexOf(level) >= orderOfLevels.indexOf(least)
  const permissions = { admin: has('admin'), maintain: has('maintain'), push: has('write'), triage: has('triage'), pull: has('read') } // biome-ignore format: one value
  const user = { ...userShape(state, login), permissions, role_name: level }
  return { permission: oldNames[level] ?? level, role_name: level, user }
}
