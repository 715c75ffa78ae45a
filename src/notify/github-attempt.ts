import type { Message, Sent } from '../domain/message.ts'
import type { GithubResult } from '../messages/github/api.ts'
import type { Attempt } from './courier.ts'

/** The permission of the app without which GitHub answers 403. */
const permissions: Readonly<Record<string, string>> = {
  'a comment': 'Issues or Pull requests: write',
  'a deployment': 'Deployments: write',
  'a commit status': 'Commit statuses: write',
  'a check run': 'Checks: write',
}

/** Everything is as it is to be: nobody is called. */
export const unchanged = (
  { ts, place, shown, told }: Message,
  more: Partial<Sent> = {},
): Attempt => ({
  kind: 'sent',
  sent: { ts, place, shown, told, ...more },
  isCalled: false,
})

/** The name that GitHub gave to what it made. */
export function idIn(data: unknown): string | null {
  const { id } = (data ?? {}) as { id?: unknown }
  return id === undefined || id === null ? null : String(id)
}

/** What becomes of a message when GitHub says no, or nothing. */
export function failedAttempt(
  result: Exclude<GithubResult, { kind: 'ok' }>,
  what: string,
): Attempt {
  if (result.kind !== 'refused') return result
  const { status, message } = result
  const permission = status === 403 ? permissions[what] : undefined
  const help = permission === undefined ? '' : `; the app needs the permission ${permission}`
  const problem = `GitHub refuses ${what}: ${status} ${message}${help}`
  return { kind: 'refused', problem, isForever: status === 422, notices: [] }
}
