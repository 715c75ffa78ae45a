import { pullOf, readPull, updatedUnix } from './payload.ts'
import type { Pull, RecordPorts, Repository, TimedPull } from './ports.ts'
import { tellPull } from './pull-news.ts'
import type { SweepCalls } from './sweep-calls.ts'

/** The most pages of open pull requests that are read of a repository. */
const pagesMax = 10

type PullPorts = Pick<RecordPorts, 'pulls' | 'commands' | 'outbox' | 'log'>

/** Repairs what is kept of a repository's open pull requests. Answers false when GitHub refuses. */
export async function repairPulls(
  ports: PullPorts,
  calls: SweepCalls,
  repository: Repository,
): Promise<boolean> {
  // Before GitHub is asked: what a webhook tells meanwhile is newer than the answer.
  const known = new Map((await ports.pulls.open(repository.id)).map((one) => [one.number, one]))
  const [owner, repo] = repository.name.split('/')
  const listed = await calls.list(repository.installation, 'GET /repos/{owner}/{repo}/pulls', {
    // From the oldest on: one that is opened meanwhile moves no other to a page that was read.
    parameters: { owner, repo, state: 'open', sort: 'created', direction: 'asc' },
    pagesMax,
    read: (data) => readPulls(data, repository),
  })
  if (listed === null) {
    ports.log.debug({ repository: repository.name }, 'GitHub shows no pull requests')
    return false
  }
  for (const pull of listed.items) {
    if (!isSame(known.get(pull.number), pull)) {
      await ports.pulls.keep(pull, pull.updatedUnix)
      await tellPull(ports, { action: 'synchronize', repository, pull })
    }
    known.delete(pull.number)
  }
  if (!listed.isComplete) return true
  for (const pull of known.values()) await repairClosed(ports, calls, { repository, pull })
  return true
}

function readPulls(data: unknown, { id }: Repository): TimedPull[] {
  const found = Array.isArray(data) ? data.flatMap((one) => readPull(one) ?? []) : []
  // A name may be of another repository by now.
  return found
    .filter(({ base }) => base.repo.id === id)
    .map((one) => ({ ...pullOf(one, id), updatedUnix: updatedUnix(one) ?? 0 }))
}

const isSame = (known: TimedPull | undefined, now: TimedPull): boolean =>
  known?.headSha === now.headSha &&
  known.labels.join('\n') === now.labels.join('\n') &&
  known.updatedUnix === now.updatedUnix &&
  known.baseBranch === now.baseBranch

/** A pull request that is not among the open ones is asked for: it says when it was closed. */
async function repairClosed(
  { pulls, commands }: PullPorts,
  calls: SweepCalls,
  { repository, pull }: { repository: Repository; pull: Pull },
): Promise<void> {
  const [owner, repo] = repository.name.split('/')
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}'
  const parameters = { owner, repo, pull_number: pull.number }
  const answer = await calls.ask(repository.installation, route, parameters)
  const [found] = answer.kind === 'ok' ? readPulls([answer.data], repository) : []
  if (found) await pulls.keep(found, found.updatedUnix)
  // Its repository is there, and it is not.
  else if (answer.kind === 'refused' && answer.status === 404)
    await pulls.keep({ ...pull, isOpen: false }, Math.floor(commands.clock.nowMs() / 1000))
}
