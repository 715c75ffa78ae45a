import type { Message } from '../domain/message.ts'
import { artifactStatus } from '../messages/github/artifact-status.ts'
import { placeOf } from '../messages/github/places.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt } from './courier.ts'
import { failedAttempt, idIn, unchanged } from './github-attempt.ts'
import { type PullPorts, pullOf } from './github-pull.ts'
import type { StickyPorts } from './github-sticky.ts'

/** Keeps the status of a pull request's head that says whether CI has posted its artifact. */
export async function sendArtifact(
  ports: PullPorts & Pick<StickyPorts, 'api' | 'view'>,
  message: Message,
): Promise<Attempt> {
  const found = await pullOf(ports, message)
  if (!found?.pull.isOpen) return unchanged(message)
  const { headSha } = found.pull
  const view = await ports.view({ ...found.pull, repository: found.repository.name })
  const status = artifactStatus(view, message.told[0] === headSha)
  if (status === null) return unchanged(message)
  const shown = digest([headSha, status])
  if (message.shown === shown) return unchanged(message)
  const { installation, of } = placeOf(found)
  const route = 'POST /repos/{owner}/{repo}/statuses/{sha}'
  const result = await ports.api.call(installation, route, { ...of, sha: headSha, ...status })
  if (result.kind !== 'ok') return failedAttempt(result, 'a commit status')
  const { place } = message
  return {
    kind: 'sent',
    sent: { ts: idIn(result.data), place, shown, told: [headSha] },
    isCalled: true,
  }
}
