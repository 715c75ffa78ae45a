import type { Message } from '../domain/message.ts'
import { placeAt, pullIn, type RepositoryName } from '../messages/github/places.ts'
import type { GithubNewsPorts, GithubPull } from './github-messages.ts'

export type PullPorts = {
  readonly pulls: Pick<GithubNewsPorts['pulls'], 'repository' | 'find'>
}

/**
 * The pull request that a message is about, and where that is now: its repository may have been
 * renamed since. Nothing when the app is no longer installed there.
 */
export async function pullOf(
  { pulls }: PullPorts,
  message: Message,
): Promise<{ pull: GithubPull; repository: RepositoryName; place: string } | undefined> {
  const { what, repositoryId, number } = pullIn(message)
  const repository = await pulls.repository(repositoryId)
  const pull = await pulls.find(repositoryId, number)
  return repository && pull && { pull, repository, place: placeAt(repository, what) }
}
