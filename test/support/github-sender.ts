import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import {
  apiOf,
  commentShape,
  installationShape,
  issueShape,
  labelShape,
  pullShape,
  repositoryShape,
  userShape,
} from './github-shapes.ts'
import type { Delivery, GithubState, Json, Pull, Repository } from './github-state.ts'

export type SenderOptions = { readonly secret: string }
/** How to sign or number a webhook otherwise than GitHub would. */
export type EventOptions = {
  readonly delivery?: string
  readonly secret?: string
  /** `null` leaves the signature out. */
  readonly signature?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly contentType?: 'application/json' | 'application/x-www-form-urlencoded'
  /** Only GitHub's list of deliveries knows of it; the app never hears of it until it asks. */
  readonly isLost?: boolean
}
/** `over` replaces fields of the payload, `by` is who did it. */
type Did = EventOptions & { readonly by?: string; readonly over?: Json }
/** A status of 0 is no answer at all. */
export type GithubAnswer = { status: number; text: string; json: unknown; ms: number }

const answerMsMax = 10_000
const noSha = '0'.repeat(40)
const form = 'application/x-www-form-urlencoded'
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  name: string
  examples: Json[]
}[]

/** The side of GitHub that sends signed webhooks to the app. */
export function senderOf(state: GithubState, url: string, options: SenderOptions) {
  async function post(name: string, payload: Json, given: EventOptions & { isAgain?: boolean }) {
    const { delivery = crypto.randomUUID(), contentType = 'application/json' } = given
    const json = JSON.stringify(payload)
    const body = contentType === form ? new URLSearchParams({ payload: json }).toString() : json
    const sign = (hash: string) => `${hash}=${createHmac(hash, given.secret ?? options.secret).update(body).digest('hex')}` // biome-ignore format: one value
    const signed = { 'x-hub-signature': sign('sha1'), 'x-hub-signature-256': given.signature ?? sign('sha256') } // biome-ignore format: one value
    const headers = {
      accept: '*/*',
      'content-type': contentType,
      'user-agent': 'GitHub-Hookshot/0123456',
      'x-github-event': name,
      'x-github-delivery': delivery,
      'x-github-hook-id': '500',
      'x-github-hook-installation-target-id': String(state.appId),
      'x-github-hook-installation-target-type': 'integration',
      ...(given.signature === null ? {} : signed),
      ...given.headers,
    }
    const answer = given.isLost
      ? { status: 0, text: '', json: undefined, ms: 0, outcome: 'failed to connect to host' }
      : await sent(url, body, headers)
    const isOk = answer.status >= 200 && answer.status < 300
    const [installation, repository] = [payload.installation, payload.repository] as (Json | undefined)[] // biome-ignore format: one value
    state.delivery({
      guid: delivery,
      event: name,
      action: (payload.action as string | undefined) ?? null,
      redelivery: given.isAgain ?? false,
      duration: answer.ms / 1000,
      status: isOk ? 'OK' : answer.outcome,
      status_code: answer.status || (answer.outcome === 'timed out' ? 504 : 502),
      installation_id: (installation?.id as number | undefined) ?? null,
      repository_id: (repository?.id as number | undefined) ?? null,
      request: { headers, payload },
      response: { headers: {}, payload: answer.text },
    })
    const { outcome: _, ...seen } = answer
    return seen
  }

  // A delivery that comes again has its number of the first time.
  state.resend = ({ event, request, guid }: Delivery) =>
    post(event, request.payload, { delivery: guid, isAgain: true })

  const event = (name: string, payload: Json, given: EventOptions = {}): Promise<GithubAnswer> =>
    post(name, payload, given)

  /** Sends the example of an event with what the state says, and `over`, in it. */
  function tell(name: string, at: Json & { repository?: Repository }, did: Did) {
    const { by = 'alice', over, ...given } = did
    const { repository, ...fields } = at
    const base = exampleOf(state, { name, action: fields.action, repository })
    const { organization: _, enterprise: __, ...example } = base
    const installationId = repository?.installationId ?? 42
    const known = {
      ...(repository ? { repository: { ...(base.repository as Json), ...repositoryShape(state, repository) } } : {}), // biome-ignore format: one value
      installation: { id: installationId, node_id: `MDIzOk${installationId}` },
      sender: userShape(state, by),
    }
    return event(name, { ...example, ...known, ...fields, ...over }, given)
  }

  const installed = (id = 42) => {
    const found = state.installations.find((one) => one.id === id)
    if (!found) throw new Error(`there is no installation ${id}`)
    return found
  }
  const minimal = (one: Repository) => {
    const { id, node_id, name, full_name, private: isPrivate } = repositoryShape(state, one)
    return { id, node_id, name, full_name, private: isPrivate }
  }
  const ofInstallation = (id: number) => state.repositories.filter((one) => one.installationId === id) // biome-ignore format: one value

  return {
    event,

    /** Someone comments, edits or deletes; `sender` is who changed a comment of someone else. */
    comment(
      pull: Pull,
      body: string,
      given: Did & { action?: 'created' | 'edited' | 'deleted'; commentId?: number; sender?: string } = {}, // biome-ignore format: one value
    ) {
      const { by: author = 'alice', action = 'created', commentId, sender = author, ...rest } = given // biome-ignore format: one line
      const { repository, number } = pull
      const old = state.storedComments.find(({ id }) => id === commentId)
      const before = old?.body ?? ''
      if (old && action === 'edited') state.editComment(old, body)
      const comment = old ?? state.addComment({ repository, number, author, body }, commentId)
      const shape = commentShape(state, comment)
      if (action === 'deleted') state.storedComments.splice(state.storedComments.indexOf(comment), 1) // biome-ignore format: one line
      const changes = action === 'edited' ? { changes: { body: { from: before } } } : {}
      const fields = { repository, action, issue: issueShape(state, pull), comment: shape }
      return tell('issue_comment', { ...fields, ...changes }, { by: sender, ...rest })
    },

    /** Says what the state is; change that first with `push`, `close` or `merge` of the pull request. */
    pullRequest(pull: Pull, action: string, given: Did & { label?: string } = {}) {
      const { label, ...did } = given
      const { repository, number, beforeSha, headSha, author } = pull
      const pushed = action === 'synchronize' ? { before: beforeSha, after: headSha } : {}
      const labelled = label === undefined ? {} : { label: labelShape(label) }
      const base = exampleOf(state, { name: 'pull_request', action, repository })
      const pull_request = { ...(base.pull_request as Json), ...pullShape(state, pull) }
      const fields = { repository, action, number, pull_request, ...pushed, ...labelled }
      return tell('pull_request', fields, { by: author, ...did })
    },

    /** A push moves the branch; 40 zeros as `before` or `after` make or delete it. */
    push(given: Did & { repository: Repository; ref: string; before?: string; after: string }) {
      const { repository, ref: name, after, before: said, ...did } = given
      const ref = name.startsWith('refs/') ? name : `refs/heads/${name}`
      const branch = ref.replace('refs/heads/', '')
      const before = said ?? repository.branches.get(branch) ?? noSha
      const isDeleted = after === noSha
      if (isDeleted) repository.branches.delete(branch)
      else if (ref.startsWith('refs/heads/')) repository.branches.set(branch, after)
      const login = did.by ?? 'alice'
      const person = { name: login, email: `${login}@example.com`, username: login }
      const commit = { id: after, tree_id: after, distinct: true, message: 'Change', timestamp: state.now(), url: `${state.origin}/${repository.fullName}/commit/${after}`, author: person, committer: person, added: [], removed: [], modified: [] } // biome-ignore format: one value
      const compare = `${state.origin}/${repository.fullName}/compare/${before}...${after}`
      const what = { created: before === noSha, deleted: isDeleted, forced: false, base_ref: null }
      const commits = isDeleted ? { commits: [], head_commit: null } : { commits: [commit], head_commit: commit } // biome-ignore format: one value
      const pusher = { name: login, email: person.email }
      return tell('push', { repository, ref, before, after, compare, pusher, ...what, ...commits }, did) // biome-ignore format: one line
    },

    deleteBranch({ repository, branch, ...did }: Did & { repository: Repository; branch: string }) {
      repository.branches.delete(branch)
      return tell('delete', { repository, ref: branch, ref_type: 'branch', pusher_type: 'user' }, did) // biome-ignore format: one line
    },

    installation(
      action: 'created' | 'deleted' | 'suspend' | 'unsuspend' | 'new_permissions_accepted',
      { id = 42, ...did }: Did & { id?: number } = {},
    ) {
      const known = installed(id)
      if (action === 'suspend' || action === 'unsuspend') known.isSuspended = action === 'suspend'
      const shape = installationShape(state, known)
      if (action === 'deleted') state.installations.splice(state.installations.indexOf(known), 1)
      const repositories = ofInstallation(id).map(minimal)
      return tell('installation', { action, repositories }, { ...did, over: { installation: shape, ...did.over } }) // biome-ignore format: one line
    },

    /** `removed` ones are no longer seen by the installation, `added` ones are. */
    installationRepositories(
      action: 'added' | 'removed',
      given: Did & { id?: number; repositories: readonly Repository[] },
    ) {
      const { id = 42, repositories, ...did } = given
      for (const one of repositories) one.installationId = action === 'added' ? id : 0
      const changed = repositories.map(minimal)
      const lists = { repositories_added: action === 'added' ? changed : [], repositories_removed: action === 'removed' ? changed : [] } // biome-ignore format: one value
      const installation = installationShape(state, installed(id))
      const over = { installation, ...did.over }
      return tell('installation_repositories', { action, repository_selection: 'selected', ...lists }, { ...did, over }) // biome-ignore format: one line
    },

    repositoryRenamed(repository: Repository, name: string, did: Did = {}) {
      const from = repository.name
      repository.rename(name)
      const changes = { repository: { name: { from } } }
      return tell('repository', { repository, action: 'renamed', changes }, did)
    },

    /** GitHub greets an app without an installation. */
    ping(given: EventOptions = {}) {
      const config = { content_type: 'json', insecure_ssl: '0', secret: '********', url }
      const hook = { type: 'App', id: 500, name: 'web', active: true, events: ['*'], config, app_id: state.appId } // biome-ignore format: one value
      return event('ping', { zen: 'Keep it logically awesome.', hook_id: 500, hook }, given)
    },

    workflowRun(
      given: Did & {
        repository: Repository
        headSha: string
        headBranch?: string
        name?: string
        action?: 'requested' | 'in_progress' | 'completed'
        conclusion?: string
        /** More of the run. */
        run?: Json
      },
    ) {
      // biome-ignore format: one line
      const { repository, headSha: head_sha, headBranch, name = 'CI', action = 'completed', conclusion = 'success', run = {}, ...did } = given // biome-ignore format: one line
      const base = exampleOf(state, { name: 'workflow_run', action, repository })
      const isDone = action === 'completed'
      const said = { id: state.next(), name, head_sha, head_branch: headBranch ?? repository.defaultBranch, event: 'push', status: isDone ? 'completed' : action, conclusion: isDone ? conclusion : null } // biome-ignore format: one value
      const repo = { repository: repositoryShape(state, repository), head_repository: repositoryShape(state, repository) } // biome-ignore format: one value
      const workflow_run = { ...(base.workflow_run as Json), ...said, ...repo, ...run }
      return tell('workflow_run', { repository, action, workflow_run }, did)
    },
  }
}

/** An example, of the action if there is one, with the names and addresses of this GitHub. */
function exampleOf(
  state: GithubState,
  { name, action, repository }: { name: string; action: unknown; repository?: Repository | undefined }, // biome-ignore format: one value
): Json {
  const list = examples.find((one) => one.name === name)?.examples ?? []
  const chosen = list.find((one) => one.action === action) ?? list[0] ?? {}
  const fullName = repository?.fullName ?? 'example/web'
  const text = JSON.stringify(chosen)
    .replaceAll(/(?:Codertocat|Octocoders)\/Hello-World/g, fullName)
    .replaceAll('https://api.github.com', apiOf(state))
    .replaceAll('https://github.com', state.origin)
  return JSON.parse(text) as Json
}

async function sent(url: string, body: string, headers: Record<string, string>) {
  const startMs = performance.now()
  const signal = AbortSignal.timeout(answerMsMax)
  const ms = () => performance.now() - startMs
  try {
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal })
    const text = await response.text()
    const outcome = `Invalid HTTP Response: ${response.status}`
    return { status: response.status, text, json: jsonOf(text), ms: ms(), outcome }
  } catch {
    const outcome = signal.aborted ? 'timed out' : 'failed to connect to host'
    return { status: 0, text: '', json: undefined, ms: ms(), outcome }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
