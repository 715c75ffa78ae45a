import type { MergePreview } from '../domain/merge-preview.ts'
import type { Message } from '../domain/message.ts'
import { mergeCheck } from '../messages/github/merge-check.ts'
import type { GithubContext } from '../messages/github/reply.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt } from './courier.ts'
import { unchanged } from './github-attempt.ts'
import { keepRun, type RunPorts } from './github-check-runs.ts'
import { type PullPorts, pullOf } from './github-pull.ts'

export type CheckPorts = RunPorts &
  PullPorts & {
    /** What a merge would release; nothing while there is no artifact of the head. */
    readonly preview: (of: {
      repository: string
      headSha: string
      baseBranch: string
    }) => Promise<MergePreview | null>
    readonly context: () => Promise<GithubContext>
  }

/** Keeps the check run on the head of an open pull request that says what a merge would release. */
export async function sendCheck(ports: CheckPorts, message: Message): Promise<Attempt> {
  const found = await pullOf(ports, message)
  if (!found?.pull.isOpen) return unchanged(message)
  const { headSha, baseBranch } = found.pull
  const repository = found.repository.name
  const preview = await ports.preview({ repository, headSha, baseBranch })
  if (preview === null) return unchanged(message)
  const context = await ports.context()
  // When it was looked at is no news.
  const shown = digest(mergeCheck({ ...preview, unix: 0 }, context))
  const run = { result: mergeCheck(preview, context), shown, place: found.place }
  return keepRun(ports, message, { ...run, name: 'gimlet/merge', headSha })
}
