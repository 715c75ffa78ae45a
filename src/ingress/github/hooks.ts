import type { Probot } from 'probot'
import { rerunMessages } from '../../messages/github/places.ts'
import { onComment } from './comment.ts'
import { branchIsThere, lookAtBranch, tellGone } from './gone-branches.ts'
import { onInstallation, onInstallationRepositories } from './installations.ts'
import {
  type Commented,
  pullOf,
  readComment,
  readDelete,
  readInstalled,
  readPullEvent,
  readPush,
  readRepositoryEvent,
  readRerequest,
  repositoryIn,
  updatedUnix,
} from './payload.ts'
import type { GithubPorts, RecordPorts } from './ports.ts'
import { tellPull } from './pull-news.ts'
import { repositoryNow } from './repository-now.ts'
import type { Hook } from './signed-hook.ts'
import { onWorkflowRun } from './workflow-run.ts'

/** Told of each push, by the repository's name on GitHub and its new commit. */
export type GitopsPushed = (push: { repository: string; after: string }) => Promise<void>

type Given = {
  readonly probot: Probot
  readonly ports: RecordPorts
  /** Previews may have to be looked at. */
  readonly changed: () => void
  readonly gitopsPushed: GitopsPushed
}

/** Hands deliveries to Probot, which has a listener for each kind. A payload that lacks what it needs comes to nothing. */
export async function hooks({ probot, ports, changed, gitopsPushed }: Given) {
  await probot.ready()
  await probot.load((app) => {
    app.on('issue_comment.created', async ({ payload, id }) => {
      const given = readComment(payload)
      const repository = given && (await repositoryNow(ports, repositoryIn(given)))
      if (repository) await onComment(asOf(ports, given), { given, repository }, id)
    })
    app.on('pull_request', async ({ payload }) => {
      await onPull(ports, payload)
      changed()
    })
    app.on('delete', async ({ payload, id }) => onDelete(ports, payload, id))
    app.on('push', async ({ payload }) => {
      await onPush(ports, payload, gitopsPushed)
      changed()
    })
    app.on(['check_run.rerequested', 'check_suite.rerequested'], async ({ payload }) =>
      onRerequest(ports, payload),
    )
    app.on('workflow_run.completed', async ({ payload }) => {
      const given = readRepositoryEvent(payload)
      const repository = given && (await repositoryNow(ports, repositoryIn(given)))
      if (repository) await onWorkflowRun(ports, { payload, repository })
    })
    app.on('repository', async ({ payload }) => onRepository(ports, payload))
    app.on('installation', async ({ payload }) => onInstallation(ports, payload))
    app.on('installation_repositories', async ({ payload }) =>
      onInstallationRepositories(ports, payload),
    )
  })
  return async ({ name, payload }: Hook, requestId: string): Promise<void> => {
    // Probot fails on what no installation was sent, and tells all of it to the log.
    if (!readInstalled(payload)) return
    try {
      await probot.receive({ id: requestId, name, payload } as never)
    } catch (error) {
      throw error instanceof AggregateError ? (error.errors[0] ?? error) : error
    }
  }
}

/** A comment speaks of the head that it was written under, however late it comes (A24, F16). */
function asOf({ pulls, ...ports }: RecordPorts, { comment }: Commented): GithubPorts {
  const unix = Math.floor(Date.parse(String(comment.created_at)) / 1000)
  if (Number.isNaN(unix)) return { ...ports, pulls }
  return {
    ...ports,
    pulls: {
      find: (repositoryId, number) => pulls.findAt(repositoryId, number, unix),
      keep: (pull, nowUnix) => pulls.keep(pull, nowUnix),
    },
  }
}

async function onPull(ports: RecordPorts, payload: unknown): Promise<void> {
  const given = readPullEvent(payload)
  if (!given) return
  const repository = await repositoryNow(ports, repositoryIn(given))
  if (!repository) return
  const pull = pullOf(given.pull_request, repository.id)
  const unix = updatedUnix(given.pull_request) ?? Math.floor(ports.commands.clock.nowMs() / 1000)
  await ports.pulls.keep(pull, unix)
  await tellPull(ports, { action: given.action, repository, pull })
}

/**
 * The cleanup policies are asked what follows from a branch that is gone. GitHub is asked first: the
 * branch may be there again, and the name of an event is not signed (A2).
 */
async function onDelete(ports: RecordPorts, payload: unknown, requestId: string): Promise<void> {
  const given = readDelete(payload)
  if (given?.ref_type !== 'branch') return
  const repository = await repositoryNow(ports, repositoryIn(given))
  if (!repository) return
  const gone = { repository, branch: given.ref }
  const seen = await lookAtBranch(
    (route, parameters) => ports.api.call(gone.repository.installation, route, parameters),
    gone,
  )
  if (seen === 'unknown') throw new Error('asking GitHub whether a branch is gone')
  if (seen === 'gone') await tellGone(ports, gone, requestId)
}

/** A branch that someone pushes to is there; the one of the GitOps repository is fetched at once. */
async function onPush(
  ports: RecordPorts,
  payload: unknown,
  gitopsPushed: GitopsPushed,
): Promise<void> {
  const given = readPush(payload)
  const repository = given && (await repositoryNow(ports, repositoryIn(given)))
  if (!repository) return
  const branch = given.ref.replace(/^refs\/heads\//, '')
  if (!given.deleted && branch !== given.ref) await branchIsThere(ports, { repository, branch })
  await gitopsPushed({ repository: repository.name, after: given.after })
}

/** Someone asks on GitHub for the checks of a commit to be made again. */
async function onRerequest(ports: RecordPorts, payload: unknown): Promise<void> {
  const given = readRerequest(payload)
  const sha = given?.check_run?.head_sha ?? given?.check_suite?.head_sha
  if (!given || sha === undefined) return
  const repository = await repositoryNow(ports, repositoryIn(given))
  if (!repository) return
  const nowMs = ports.commands.clock.nowMs()
  const pulls = (await ports.pulls.open(repository.id)).filter(({ headSha }) => headSha === sha)
  await ports.outbox.put(
    pulls.flatMap(({ number }) => rerunMessages(repository, { number, nowMs })),
  )
}

/** By its number, a repository that was renamed stays the same. */
async function onRepository(ports: RecordPorts, payload: unknown): Promise<void> {
  const given = readRepositoryEvent(payload)
  if (!given) return
  const repository = repositoryIn(given)
  if (given.action === 'deleted')
    await ports.pulls.removeRepositories(repository.installation, [repository.id])
  else await repositoryNow(ports, repository)
}
