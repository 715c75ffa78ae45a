import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@libsql/client'
import type { Job } from './job.ts'

export type LockJob = {
  readonly file: string
  readonly heldMs: number
  readonly freeMs: number
}

/** Another process that writes for long, again and again. Answers how often. */
export async function holdLock(job: LockJob, { ready, stopped }: Job): Promise<number> {
  const client = createClient({ url: `file:${job.file}`, timeout: 5_000 })
  ready()
  let times = 0
  while (!stopped.aborted) {
    const transaction = await client.transaction('write')
    await pause(job.heldMs)
    transaction.close()
    times++
    await pause(job.freeMs)
  }
  client.close()
  return times
}
