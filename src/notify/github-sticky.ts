import type { Message } from '../domain/message.ts'
import { pullIn } from '../messages/github/places.ts'
import type { GithubContext } from '../messages/github/reply.ts'
import { hasNews, type PullView, stickyText } from '../messages/github/sticky.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt } from './courier.ts'
import { failedAttempt, idIn, unchanged } from './github-attempt.ts'
import { type CommentPorts, commentAt, writeComment } from './github-comments.ts'
import type { GithubNewsPorts, GithubPull } from './github-messages.ts'

export type StickyPorts = CommentPorts & {
  readonly pulls: Pick<GithubNewsPorts['pulls'], 'repository' | 'find'>
  /** How things stand for a pull request. */
  readonly view: (
    of: Omit<GithubPull, 'repositoryId' | 'number'> & { repository: string },
  ) => Promise<PullView>
  readonly context: () => Promise<GithubContext>
}

/** Keeps the one comment on a pull request that tells how things stand. */
export async function sendSticky(ports: StickyPorts, message: Message): Promise<Attempt> {
  const { repositoryId, number } = pullIn(message)
  const repository = await ports.pulls.repository(repositoryId)
  const pull = await ports.pulls.find(repositoryId, number)
  if (!repository || !pull) return unchanged(message)
  const { headSha, headBranch, isFork, isOpen } = pull
  const view = await ports.view({
    repository: repository.name,
    headSha,
    headBranch,
    isFork,
    isOpen,
  })
  const isOver = !hasNews(view)
  if (isOver && message.ts === null && !message.isTried) return unchanged(message)
  const text = stickyText(view, await ports.context())
  const shown = digest(text)
  if (message.shown === shown) return unchanged(message)
  // By what it is called now: a repository may have been renamed since.
  const place = `${repository.installation} ${repository.name} stickies`
  const at = { ...commentAt({ ...message, place }, number), isOver }
  const result = await writeComment(ports, at, text)
  if (result.kind === 'ok') {
    const ts = message.ts ?? idIn(result.data)
    return { kind: 'sent', sent: { ts, place: message.place, shown, told: [] }, isCalled: true }
  }
  // Someone took it away. On a pull request that goes on it is written anew.
  const isGone = result.kind === 'refused' && message.ts !== null && result.status === 404
  if (isGone) return isOpen ? { kind: 'gone' } : unchanged(message, { shown })
  return failedAttempt(result, 'a comment')
}
