import type { GithubApi } from '../messages/github/api.ts'

/** GitHub takes 80 texts a minute of an app: so many may come at once, then one in this time. */
const writeMs = 1_000
const atOnceMax = 15
/** The least time between two messages to one place. */
const placePauseMs = 800

/** Keeps the pace that GitHub asks of an app, over all places together. */
export class GithubPace {
  readonly #clock: { nowMs(): number }
  #paidMs = 0

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock
  }

  /** How long nothing may be written. */
  get waitMs(): number {
    return Math.max(0, this.#paidMs - this.#clock.nowMs())
  }

  /** How long a place waits after it was written to. */
  get pauseMs(): number {
    return Math.max(placePauseMs, this.waitMs)
  }

  /** The same API, with everything counted that it is asked to write. */
  counting(api: GithubApi): GithubApi {
    return {
      call: (installation, route, parameters) => {
        if (!route.startsWith('GET ')) this.#count()
        return api.call(installation, route, parameters)
      },
      callAsApp: (route, parameters) => api.callAsApp(route, parameters),
    }
  }

  #count(): void {
    const idleMs = this.#clock.nowMs() - atOnceMax * writeMs
    this.#paidMs = Math.max(this.#paidMs, idleMs) + writeMs
  }
}
