import type { Probot } from 'probot'
import { handle } from '../../commands/handle.ts'
import type { Actor } from '../../domain/actor.ts'
import { isRefusal } from '../../domain/fault.ts'
import { onComment } from './comment.ts'
import {
  pullOf,
  readComment,
  readDelete,
  readPullEvent,
  readPush,
  readRepositoryEvent,
  repositoryIn,
  updatedUnix,
} from './payload.ts'
import type { GithubPorts } from './ports.ts'
import type { Hook } from './receiver.ts'

/** GitHub itself, where it says what happened to branches: the signature is its licence. */
const github: Actor = {
  login: 'github',
  kind: 'token',
  roles: ['ci'],
  teams: [],
  repositories: [],
}

type Given = { readonly probot: Probot; readonly ports: GithubPorts; readonly changed: () => void }

/** Hands deliveries to Probot, which has a listener for each kind. A payload that lacks what it needs comes to nothing. */
export async function hooks({ probot, ports, changed }: Given) {
  await probot.ready()
  await probot.load((app) => {
    app.on('issue_comment.created', async ({ payload, id }) => {
      const given = readComment(payload)
      if (given) await onComment(ports, given, id)
    })
    app.on('pull_request', async ({ payload }) => onPull(ports, payload))
    app.on('delete', async ({ payload }) => onDelete(ports, payload))
    app.on('push', async ({ payload }) => {
      if (readPush(payload)) changed()
    })
    app.on('repository', async ({ payload }) => onRepository(ports, payload))
  })
  return async ({ name, payload }: Hook, requestId: string): Promise<void> => {
    try {
      await probot.receive({ id: requestId, name, payload } as never)
    } catch (error) {
      throw error instanceof AggregateError ? (error.errors[0] ?? error) : error
    }
  }
}

async function onPull(ports: GithubPorts, payload: unknown): Promise<void> {
  const given = readPullEvent(payload)
  if (!given) return
  const repository = repositoryIn(given)
  const pull = pullOf(given.pull_request, repository.id)
  const unix = updatedUnix(given.pull_request) ?? Math.floor(ports.commands.clock.nowMs() / 1000)
  await ports.pulls.keepRepository(repository)
  await ports.pulls.keep(pull, unix)
}

/** The cleanup policies are asked what follows from a branch that is gone. */
async function onDelete(ports: GithubPorts, payload: unknown): Promise<void> {
  const given = readDelete(payload)
  if (given?.ref_type !== 'branch') return
  const { name: repository } = repositoryIn(given)
  const outcome = await handle(ports.commands, github, {
    verb: 'branch-deleted',
    repository,
    branch: given.ref,
  })
  if (isRefusal(outcome)) ports.log.warn({ code: outcome.code }, 'a deleted branch was not taken')
}

/** By its number, a repository that was renamed stays the same. */
async function onRepository(ports: GithubPorts, payload: unknown): Promise<void> {
  const given = readRepositoryEvent(payload)
  if (given) await ports.pulls.keepRepository(repositoryIn(given))
}
