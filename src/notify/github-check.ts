import type { MergePreview } from '../domain/merge-preview.ts'
import type { Message } from '../domain/message.ts'
import { type CheckResult, mergeCheck } from '../messages/github/merge-check.ts'
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
  const checked = await checkOf(ports, {
    ...{ headSha, baseBranch },
    repository: found.repository.name,
  })
  if (checked === null) return unchanged(message)
  if ('problem' in checked)
    return { kind: 'refused', problem: checked.problem, isForever: false, notices: [] }
  const run = { ...checked, place: found.place, name: 'gimlet/merge', headSha }
  return keepRun(ports, message, run)
}

type Checked = { readonly result: CheckResult; readonly shown: string }

/** What cannot be looked at now, such as policies that cannot be read, must not keep other messages. */
async function checkOf(
  ports: CheckPorts,
  of: Parameters<CheckPorts['preview']>[0],
): Promise<Checked | { readonly problem: string } | null> {
  try {
    const preview = await ports.preview(of)
    const context = preview && (await ports.context())
    if (!context) return null
    // When it was looked at is no news.
    const shown = digest(mergeCheck({ ...preview, unix: 0 }, context))
    return { result: mergeCheck(preview, context), shown }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { problem: `what a merge would release is not known: ${why}` }
  }
}
