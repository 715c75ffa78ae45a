import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { batchMetrics } from './batch-metrics.ts'

/** What is counted when it is asked for, from the store. */
export type Counts = {
  readonly eventsByStatus: () => Promise<ReadonlyMap<string, number>>
  readonly runningByEnv: () => Promise<ReadonlyMap<string, number>>
  readonly healthByEnv: () => Promise<
    readonly { readonly env: string; readonly state: string; readonly count: number }[]
  >
  readonly oldestUnpushedMs: () => Promise<number>
}

/** The product's metrics, in Prometheus' text; with those of the process, where there is one to measure. */
export function metricsOf(counts: Counts, { hasProcess }: { hasProcess: boolean }) {
  const { eventsByStatus, runningByEnv, oldestUnpushedMs } = counts
  const registry = new Registry()
  if (hasProcess) collectDefaultMetrics({ register: registry })
  const ended = batchMetrics(registry)
  new Gauge({
    name: 'gimletd_oldest_unpushed_seconds',
    help: 'Age of the oldest request that is neither held nor over, 0 when there is none',
    registers: [registry],
    async collect() {
      this.set((await oldestUnpushedMs()) / 1000)
    },
  })
  gaugeOf({ registry, counts: eventsByStatus }, 'status', {
    name: 'gimletd_events',
    help: 'Events that are not over, and those that were set aside as error',
  })
  gaugeOf({ registry, counts: runningByEnv }, 'env', {
    name: 'gimletd_running_apps',
    help: 'Apps that run in an environment',
  })
  healthGauge(registry, counts)
  const leader = new Gauge({
    name: 'gimletd_leader',
    help: '1 on the server that carries events out, 0 on the others of this database',
    registers: [registry],
  })
  return {
    ...ended,
    text(isLeader: () => boolean) {
      leader.set(isLeader() ? 1 : 0)
      return registry.metrics()
    },
  }
}

function healthGauge(registry: Registry, { healthByEnv }: Counts): void {
  new Gauge({
    name: 'gimletd_release_health',
    help: 'Apps that run in an environment, by what the cluster says: progressing, healthy, failed or unknown',
    labelNames: ['env', 'state'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { env, state, count } of await healthByEnv()) this.set({ env, state }, count)
    },
  })
}

function gaugeOf(
  from: { registry: Registry; counts: () => Promise<ReadonlyMap<string, number>> },
  label: string,
  about: { name: string; help: string },
): void {
  new Gauge({
    ...about,
    labelNames: [label],
    registers: [from.registry],
    async collect() {
      this.reset()
      for (const [value, count] of await from.counts()) this.set({ [label]: value }, count)
    },
  })
}
