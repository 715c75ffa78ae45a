import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../domain/fault.ts'
import type { ChartRenderer, ChartRequest } from '../manifest/chart/chart-renderer.ts'

/** How long others wait for a chart. A host that hangs would hold up every release beside it. */
const waitMsMost = 5_000
/** So many charts are waited for, or have an answer that nobody has asked for again. */
const openMost = 100

type Answer = ReturnType<ChartRenderer>

/**
 * Waits a little for a chart, and lets the rest of its work go on: who asks for the same again gets what
 * it came to. Throws `chart_unreachable` when it takes longer, and what the renderer throws.
 */
export function patient(render: ChartRenderer, waitMs = waitMsMost): ChartRenderer {
  const open = new Map<string, Answer>()
  return async (request) => {
    const key = keyOf(request)
    const answer = open.get(key) ?? render(request)
    open.set(key, answer)
    for (const oldest of open.keys()) {
      if (open.size <= openMost) break
      open.delete(oldest)
    }
    // It may end when nobody waits for it.
    answer.catch(() => undefined)
    const late = new AbortController()
    const isLate = pause(waitMs, true, { signal: late.signal }).catch(() => false)
    try {
      const first = await Promise.race([answer, isLate])
      if (typeof first !== 'boolean') {
        open.delete(key)
        return first
      }
    } catch (error) {
      open.delete(key)
      throw error
    } finally {
      late.abort()
    }
    throw new Fault('chart_unreachable', 'the chart takes its time; it is gone on with')
  }
}

const keyOf = ({ chart, ...rest }: ChartRequest): string =>
  JSON.stringify([chart.kind === 'files' ? [...chart.files] : chart, rest])
