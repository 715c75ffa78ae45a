import type { Message } from '../domain/message.ts'
import type { GithubContext } from '../messages/github/reply.ts'
import { hasNews, type PullView, stickyText } from '../messages/github/sticky.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt } from './courier.ts'
import { failedAttempt, idIn, unchanged } from './github-attempt.ts'
import { type CommentPorts, commentAt, writeComment } from './github-comments.ts'
import type { GithubPull } from './github-messages.ts'
import { type PullPorts, pullOf } from './github-pull.ts'

export type StickyPorts = CommentPorts &
  PullPorts & {
    /** How things stand for a pull request. */
    readonly view: (of: GithubPull & { readonly repository: string }) => Promise<PullView>
    readonly context: () => Promise<GithubContext>
  }

/** Keeps the one comment on a pull request that tells how things stand. */
export async function sendSticky(ports: StickyPorts, message: Message): Promise<Attempt> {
  const found = await pullOf(ports, message)
  if (!found) return unchanged(message)
  const { repository, place, pull } = found
  const { isOpen, number } = pull
  const view = await ports.view({ ...pull, repository: repository.name })
  const isOver = !hasNews(view)
  if (isOver && message.ts === null && !message.isTried) return unchanged(message)
  const text = stickyText(view, await ports.context())
  const shown = digest(text)
  if (message.shown === shown) return unchanged(message)
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
