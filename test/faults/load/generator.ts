import { type BodiesJob, sendBodies } from './bodies.ts'
import { holdLock, type LockJob } from './hold-lock.ts'
import type { Job } from './job.ts'
import { type SendJob, send } from './send.ts'
import { type SlowJob, slow } from './slow.ts'

const works = {
  bodies: (job: BodiesJob, how: Job) => sendBodies(job, how),
  lock: (job: LockJob, how: Job) => holdLock(job, how),
  send: (job: SendJob, how: Job) => send(job, how),
  slow: (job: SlowJob, how: Job) => slow(job, how),
}

export type Works = typeof works

/** Carries one job out, in this process alone, and ends with it or with its parent. */
const stopping = new AbortController()
process.on('disconnect', () => process.exit(0))
process.on('message', ({ kind, job }: { kind: keyof Works | 'stop'; job: never }) => {
  if (kind === 'stop') return stopping.abort()
  const how: Job = { ready: () => process.send?.({ ready: true }), stopped: stopping.signal }
  void works[kind](job, how).then((result) =>
    process.send?.({ result }, undefined, undefined, () => process.disconnect()),
  )
})
