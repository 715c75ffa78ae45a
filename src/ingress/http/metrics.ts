import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What is counted when it is asked for, from the store. */
export type Counts = {
  readonly eventsByStatus: () => Promise<ReadonlyMap<string, number>>
  readonly runningByEnv: () => Promise<ReadonlyMap<string, number>>
}

/** The product's metrics, in Prometheus' text. */
export function metricsOf({ eventsByStatus, runningByEnv }: Counts) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const released = new Histogram({
    name: 'gimletd_release_duration_seconds',
    help: 'From the acceptance of a request to its commit on the remote',
    buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600],
    registers: [registry],
  })
  gaugeOf({ registry, counts: eventsByStatus }, 'status', {
    name: 'gimletd_events',
    help: 'Events that are not over, and those that were set aside as error',
  })
  gaugeOf({ registry, counts: runningByEnv }, 'env', {
    name: 'gimletd_running_apps',
    help: 'Apps that run in an environment',
  })
  const leader = new Gauge({
    name: 'gimletd_leader',
    help: '1 on the server that carries events out, 0 on the others of this database',
    registers: [registry],
  })
  return {
    /** Counts one landed release. */
    landed: (ms: number) => released.observe(ms / 1000),
    text(isLeader: () => boolean) {
      leader.set(isLeader() ? 1 : 0)
      return registry.metrics()
    },
  }
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
