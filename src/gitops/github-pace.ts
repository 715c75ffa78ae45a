import { Fault } from '../domain/fault.ts'
import type { GithubCall } from './github-git.ts'

/** So many may be made in each time. */
type Limit = { readonly windowMs: number; readonly most: number }

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** GitHub asks for at most 80 calls a minute and 500 an hour that make content: a few are left to others. */
const contentLimits: readonly Limit[] = [
  { windowMs: minuteMs, most: 75 },
  { windowMs: hourMs, most: 480 },
]
/** GitHub takes 900 points a minute. */
const pointLimits: readonly Limit[] = [{ windowMs: minuteMs, most: 850 }]
const [pointsOfRead, pointsOfWrite] = [1, 5]

/** How long until `more` may follow on what was made at these times, the oldest first. */
export function waitOf(
  madeMs: readonly number[],
  limits: readonly Limit[],
  { more, nowMs }: { readonly more: number; readonly nowMs: number },
): number {
  const waits = limits.map(({ windowMs, most }) => {
    // The newest of those that have to be out of the window first.
    const last = madeMs.at(-1 - Math.max(0, most - more))
    return last === undefined ? 0 : last + windowMs - nowMs
  })
  return Math.max(0, ...waits)
}

/**
 * GitHub's API in the pace that GitHub asks for, one for each account that it knows us by. Once GitHub
 * asks to wait, it is asked nothing until then.
 */
export class PacedGithub {
  readonly #ask: GithubCall
  readonly #clock: { nowMs(): number }
  /** When content was made, and points were spent; the oldest first. */
  #contentMs: readonly number[] = []
  #pointsMs: readonly number[] = []
  /** Content that somebody is about to make. */
  #kept = 0
  #untilMs = Number.NEGATIVE_INFINITY

  constructor(ask: GithubCall, clock: { nowMs(): number }) {
    this.#ask = ask
    this.#clock = clock
  }

  readonly call: GithubCall = async (route, parameters) => {
    const nowMs = this.#clock.nowMs()
    const isContent = makesContent(route, parameters)
    const points = isContent ? pointsOfWrite : pointsOfRead
    this.#pointsMs = within(this.#pointsMs, { windowMs: minuteMs, nowMs })
    const paceMs = waitOf(this.#pointsMs, pointLimits, { more: points, nowMs })
    const afterMs = Math.max(this.#untilMs - nowMs, paceMs)
    if (afterMs > 0) return { kind: 'limited', afterMs }
    this.#pointsMs = [...this.#pointsMs, ...Array<number>(points).fill(nowMs)]
    if (isContent) this.#contentMs = [...this.#contentMs, nowMs]
    const answer = await this.#ask(route, parameters)
    if (answer.kind === 'limited')
      this.#untilMs = Math.max(this.#untilMs, this.#clock.nowMs() + answer.afterMs)
    return answer
  }

  /** Does work that makes content in at most so many calls. When they do not fit yet, it is not begun. */
  async making<T>(calls: number, work: () => Promise<T>): Promise<T> {
    const nowMs = this.#clock.nowMs()
    this.#contentMs = within(this.#contentMs, { windowMs: hourMs, nowMs })
    const made = [...this.#contentMs, ...Array<number>(this.#kept).fill(nowMs)]
    const paceMs = waitOf(made, contentLimits, { more: calls, nowMs })
    const afterMs = Math.max(this.#untilMs - nowMs, paceMs)
    if (afterMs > 0) throw waiting(afterMs)
    this.#kept += calls
    try {
      return await work()
    } finally {
      this.#kept -= calls
    }
  }
}

function waiting(afterMs: number): Fault {
  const seconds = Math.ceil(afterMs / 1000)
  const doing = `keeping the pace that GitHub asks for: goes on in ${seconds} s`
  return new Fault('gitops_unreachable', doing, { afterMs })
}

/** A time ahead of now is of a clock that was set back. */
const within = (
  timesMs: readonly number[],
  { windowMs, nowMs }: { readonly windowMs: number; readonly nowMs: number },
): readonly number[] => timesMs.filter((atMs) => atMs > nowMs - windowMs && atMs <= nowMs)

const makesContent = (route: string, { query }: Readonly<Record<string, unknown>>): boolean =>
  typeof query === 'string' ? query.startsWith('mutation') : !route.startsWith('GET ')
