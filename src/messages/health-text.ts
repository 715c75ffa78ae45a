import type { Health } from '../domain/release.ts'

/** Longer reasons are for who looks closer. */
const reasonCharsMax = 300

/** What the cluster said first of a failure; nothing of what goes well. */
export function failureText({ state, message }: Pick<Health, 'state' | 'message'>): string {
  if (state !== 'failed') return ''
  const [line = ''] = message.split('\n', 1)
  return line.length > reasonCharsMax ? `${line.slice(0, reasonCharsMax)}…` : line
}

/** `healthy`, `failed: the deadline passed`, or nothing where the cluster has said nothing. */
export function healthText(health: Health | undefined): string {
  if (health === undefined) return ''
  const failure = failureText(health)
  return failure === '' ? health.state : `${health.state}: ${failure}`
}
