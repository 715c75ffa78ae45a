import type { TargetedEvent } from '../domain/event.ts'
import type { RunPorts } from './ports.ts'

/** How long a request waits for CI to post the artifact of its commit. */
const artifactWaitMs = 60 * 60_000
/** It is looked for again this often; its arrival wakes the request at once. */
const lookAgainMs = 15_000

/**
 * The request with the artifact that it is about. One for a commit that CI has not built yet waits,
 * visibly, and ends when the artifact does not come: nothing is answered then.
 */
export async function withArtifact(
  ports: Pick<RunPorts, 'artifacts' | 'events' | 'clock'>,
  event: TargetedEvent,
): Promise<TargetedEvent | undefined> {
  const { about } = event
  if (event.artifactId !== null || about?.on !== 'commit') return event
  const found = await ports.artifacts.ofCommit(about)
  if (found) {
    await ports.events.bind(event, found.id)
    return { ...event, artifactId: found.id, expiresMs: null }
  }
  const nowMs = ports.clock.nowMs()
  const expiresMs = event.expiresMs ?? nowMs + artifactWaitMs
  const what = `an artifact for the commit ${about.sha.slice(0, 8)}`
  if (nowMs >= expiresMs)
    await ports.events.close(event, {
      status: 'denied',
      statusDesc: `CI has not posted ${what} within an hour`,
    })
  else
    await ports.events.close(event, {
      status: 'held',
      statusDesc: `CI has not posted ${what} yet`,
      dueMs: Math.min(nowMs + lookAgainMs, expiresMs),
      expiresMs,
    })
  return undefined
}
