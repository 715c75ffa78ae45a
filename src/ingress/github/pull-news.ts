import { isAddressOf } from '../../domain/names.ts'
import { policiesMessage, pullMessages } from '../../messages/github/places.ts'
import type { GithubPorts, Pull, Repository } from './ports.ts'

/** A pull request that is new, or has a new head or base, may have something to tell already. */
const telling: ReadonlySet<string> = new Set(['opened', 'reopened', 'synchronize', 'edited'])

/** Lets what is told on a pull request be looked at; it is written if there is something to tell. */
export async function tellPull(
  { outbox, commands }: Pick<GithubPorts, 'outbox' | 'commands'>,
  { action, repository, pull }: { action: string; repository: Repository; pull: Pull },
): Promise<void> {
  if (!telling.has(action)) return
  const at = { number: pull.number, nowMs: commands.clock.nowMs() }
  const isGitops = isAddressOf(commands.gitops.url, repository.name)
  const policies = isGitops ? [policiesMessage(repository, at)] : []
  await outbox.put([...pullMessages(repository, at), ...policies])
}
