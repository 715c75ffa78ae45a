import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { figure } from '../../support/figures.ts'

/** The most that was seen of a process. */
export type Seen = {
  readonly rssMiB: number
  readonly handles: number
  readonly children: number
  /** Of the event loop, as `/metrics` tells it. */
  readonly delayP99Ms: number
  readonly delayMaxMs: number
}
/** What a process uses now. */
export type Use = Pick<Seen, 'rssMiB' | 'handles' | 'children'>

const sampleMs = 200
/** Each look at `/metrics` is a request of its own, and begins the event loop's figures anew. */
const metricsEverySamples = 5

/** Looks at a server until it is told to end, and answers the most that it saw. */
export function watch({ pid, url }: { readonly pid: number; readonly url: string }) {
  const stopping = new AbortController()
  let most: Seen = { rssMiB: 0, handles: 0, children: 0, delayP99Ms: 0, delayMaxMs: 0 }
  const look = async () => {
    for (let sample = 1; !stopping.signal.aborted; sample++) {
      const delay = sample % metricsEverySamples === 0 ? await delayOf(url) : {}
      most = mostOf(most, { ...useOf(pid), ...delay })
      await pause(sampleMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const looking = look()
  return {
    /** Ends, and tells what it saw as figures of this run. */
    async stop(during: string): Promise<Seen> {
      stopping.abort()
      await looking
      const { rssMiB, handles, children, delayP99Ms, delayMaxMs } = most
      figure({
        rows: ['I8'],
        what: `memory, handles, children and event-loop delay (p99, max), most of ${during}`,
        is: `${Math.round(rssMiB)} MiB, ${handles}, ${children}, ${Math.round(delayP99Ms)} ms, ${Math.round(delayMaxMs)} ms`,
        goal: `at most ${rssMiBMost} MiB`,
      })
      return most
    },
  }
}

export const rssMiBMost = 300

/** What a process uses now; nothing when it has ended. */
export function useOf(pid: number): Partial<Use> {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const rssKiB = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
    return {
      rssMiB: rssKiB / 1024,
      handles: readdirSync(`/proc/${pid}/fd`).length,
      children: children.split(' ').filter(Boolean).length,
    }
  } catch {
    return {}
  }
}

async function delayOf(url: string): Promise<Partial<Seen>> {
  try {
    const text = await (await fetch(`${url}/metrics`)).text()
    const value = (name: string) =>
      Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]) * 1000
    return {
      delayP99Ms: value('nodejs_eventloop_lag_p99_seconds'),
      delayMaxMs: value('nodejs_eventloop_lag_max_seconds'),
    }
  } catch {
    return {}
  }
}

const mostOf = (most: Seen, now: Partial<Seen>): Seen => ({
  rssMiB: Math.max(most.rssMiB, now.rssMiB ?? 0),
  handles: Math.max(most.handles, now.handles ?? 0),
  children: Math.max(most.children, now.children ?? 0),
  delayP99Ms: Math.max(most.delayP99Ms, now.delayP99Ms ?? 0),
  delayMaxMs: Math.max(most.delayMaxMs, now.delayMaxMs ?? 0),
})
