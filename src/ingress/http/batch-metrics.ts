import { Counter, Histogram, type Registry } from 'prom-client'
import type { BatchFigures, PushEnd } from '../../domain/batch.ts'

/** Every end that a push may have: a rate needs a series that starts at zero. */
const pushEnds: readonly PushEnd[] = [
  { way: 'direct', result: 'landed' },
  { way: 'direct', result: 'moved' },
  { way: 'direct', result: 'refused' },
  { way: 'direct', result: 'unknown' },
  { way: 'git', result: 'landed' },
  { way: 'git', result: 'moved' },
  { way: 'git', result: 'refused' },
  { way: 'git', result: 'failed' },
]

/** What is counted of batches and pushes as they end. */
export function batchMetrics(registry: Registry) {
  const registers = [registry]
  const released = new Histogram({
    name: 'gimletd_release_duration_seconds',
    help: 'From the acceptance of a request to its commit on the remote',
    labelNames: ['held'],
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600],
    registers,
  })
  const taken = new Histogram({
    name: 'gimletd_release_step_seconds',
    help: 'What the time goes into: queue of each release, the other steps of each batch',
    labelNames: ['step'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120],
    registers,
  })
  const sizes = new Histogram({
    name: 'gimletd_batch_releases',
    help: 'Requests that were taken together',
    buckets: [1, 2, 5, 10, 20, 50, 100],
    registers,
  })
  const races = new Counter({
    name: 'gimletd_release_races_total',
    help: 'Batches that were decided again, because the branch, a policy or a control had changed',
    registers,
  })
  const pushes = new Counter({
    name: 'gimletd_push_total',
    help: 'Pushes by their way to the host and how it ended',
    labelNames: ['way', 'result'],
    registers,
  })
  for (const end of pushEnds) pushes.inc(end, 0)
  return {
    batchEnded({ size, queuedMs, steps, races: lost, landed }: BatchFigures): void {
      sizes.observe(size)
      races.inc(lost)
      for (const ms of queuedMs) taken.observe({ step: 'queue' }, ms / 1000)
      for (const { step, ms } of steps) taken.observe({ step }, ms / 1000)
      for (const { ms, wasHeld } of landed)
        released.observe({ held: wasHeld ? 'yes' : 'no' }, ms / 1000)
    },
    pushEnded: (push: PushEnd): void => pushes.inc(push),
  }
}
