import type { GithubApi, GithubResult } from '../../messages/github/api.ts'

/** Why a sweep, or one of its steps, ends before it is through. */
export type Why =
  | { readonly kind: 'limited'; readonly afterMs: number }
  | { readonly kind: 'unreachable'; readonly problem: string }
  /** It has asked as often as it may; the rest is for the next one. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'stopped' }

/** Ends a step wherever it is: nothing that it does goes on without an answer. */
export class Ended extends Error {
  readonly why: Why

  constructor(why: Why) {
    super(why.kind)
    this.name = 'Ended'
    this.why = why
  }
}

/** What GitHub answered: all else has ended the step. */
export type Answer = Extract<GithubResult, { readonly kind: 'ok' | 'refused' }>

type Parameters = Readonly<Record<string, unknown>>
type Given = { readonly api: GithubApi; readonly signal: AbortSignal; readonly callsMax: number }
type Listing<T> = {
  readonly parameters: Parameters
  readonly pagesMax: number
  /** What a page holds that is of use. */
  readonly read: (data: unknown) => readonly T[]
}
export type Listed<T> = { readonly items: readonly T[]; readonly isComplete: boolean }

const perPage = 100

/** The calls that a sweep may make. */
export class SweepCalls {
  readonly #given: Given
  readonly #whole: SweepCalls | null
  #left: number

  constructor(given: Given, whole: SweepCalls | null = null) {
    this.#given = given
    this.#whole = whole
    this.#left = given.callsMax
  }

  get left(): number {
    return Math.max(0, this.#whole ? Math.min(this.#left, this.#whole.left) : this.#left)
  }

  /** A share of these calls, so that one step leaves some to the others. */
  part(callsMax: number): SweepCalls {
    return new SweepCalls({ ...this.#given, callsMax }, this)
  }

  /** Asks as an installation, or as the app. Throws `Ended` unless GitHub says yes or no. */
  async ask(as: number | 'app', route: string, parameters: Parameters): Promise<Answer> {
    if (this.left === 0) throw new Ended({ kind: 'spent' })
    this.#count()
    const { api } = this.#given
    const answer = await this.during(
      as === 'app' ? api.callAsApp(route, parameters) : api.call(as, route, parameters),
    )
    if (answer.kind === 'ok' || answer.kind === 'refused') return answer
    throw new Ended(answer)
  }

  /** All pages of a list, as far as there are not too many, or `null` when GitHub refuses. */
  async list<T>(
    as: number | 'app',
    route: string,
    { parameters, pagesMax, read }: Listing<T>,
  ): Promise<Listed<T> | null> {
    const items: T[] = []
    let page: Parameters | null = {}
    for (let count = 0; page !== null && count < pagesMax; count++) {
      const answer = await this.ask(as, route, { ...parameters, per_page: perPage, ...page })
      if (answer.kind === 'refused') return null
      items.push(...read(answer.data))
      page = answer.next ?? null
    }
    return { items, isComplete: page === null }
  }

  /** Waits for something, and no longer than until the stop. */
  during<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#given
    return new Promise((resolve, reject) => {
      const stop = () => reject(new Ended({ kind: 'stopped' }))
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
    })
  }

  #count(): void {
    this.#left--
    if (this.#whole) this.#whole.#count()
  }
}
