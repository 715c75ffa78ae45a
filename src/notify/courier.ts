import type { Message, NewMessage, Sent } from '../domain/message.ts'

/** Waits after a surface could not be reached, doubled each time. */
const outageMs = { first: 1_000, most: 60_000 } as const
/** What is refused is tried again this often and that many times: someone may mend it meanwhile. */
const refusedMs = 10 * 60_000
export const refusedMax = 144
/** What cannot be made now, such as of policies that cannot be read, is looked at again after this. */
const unmadeMs = 15_000
/** How many places are written to at once. */
const besidesMax = 8

/** What came of sending a message. */
export type Attempt =
  /** It shows this now. `isCalled` is false when there was nothing to send. */
  | { readonly kind: 'sent'; readonly sent: Sent; readonly isCalled: boolean }
  /** Nobody needs to be told, now or ever. */
  | { readonly kind: 'dropped' }
  /** Someone took it away: it is to be sent anew. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'limited'; readonly afterMs: number }
  | { readonly kind: 'unreachable'; readonly problem: string }
  /** A person has to mend something; `isForever` when nobody can. */
  | {
      readonly kind: 'refused'
      readonly problem: string
      readonly isForever: boolean
      /** Who is told of it, once. */
      readonly notices: readonly NewMessage[]
    }

type Unmade = { readonly kind: 'unmade'; readonly problem: string }

/** How one surface sends a message in its newest state. */
export type Sender = {
  readonly surface: string
  /** How the surface is called in words. */
  readonly name: string
  /** The least time between two messages to a place, in milliseconds. */
  readonly pauseMs: (place: string) => number
  /** A message that may have arrived is looked for before it is sent again. */
  readonly isLookedUp: boolean
  readonly send: (message: Message) => Promise<Attempt>
}

export type CourierPorts = {
  readonly clock: { nowMs(): number }
  readonly messages: {
    put(messages: readonly NewMessage[], nowMs: number): Promise<void>
    due(surface: string, nowMs: number): Promise<readonly Message[]>
    sent(message: Message, what: Sent): Promise<void>
    postpone(
      message: Message,
      how: { dueMs: number; problem: string; isAttempt: boolean },
    ): Promise<void>
    giveUp(message: Message, problem: string | null): Promise<void>
  }
  readonly log: { warn(fields: object, text: string): void }
}

/** Sends what is due: in order within a place, at the surface's pace, and as often as it takes. */
export class Courier {
  readonly #ports: CourierPorts
  readonly #sender: Sender
  readonly #nextMs = new Map<string, number>()
  #pausedUntilMs = 0
  #busyUntilMs = 0
  #outages = 0

  constructor(ports: CourierPorts, sender: Sender) {
    this.#ports = ports
    this.#sender = sender
  }

  /** Unix milliseconds before which there is nothing to send, whatever is due. */
  get freeMs(): number {
    return Math.max(this.#pausedUntilMs, this.#busyUntilMs)
  }

  /** Sends what is due, a message each place at a time. */
  async deliver(isStopping: () => boolean): Promise<void> {
    const { messages, clock } = this.#ports
    while (!isStopping()) {
      const nowMs = clock.nowMs()
      if (nowMs < this.#pausedUntilMs) return
      const due = await messages.due(this.#sender.surface, nowMs)
      const freeMs = due.map(({ place }) => this.#nextMs.get(place) ?? 0)
      const ready = due.filter((_, at) => (freeMs[at] ?? 0) <= nowMs)
      this.#busyUntilMs = ready.length > 0 ? 0 : Math.min(...freeMs, Number.MAX_SAFE_INTEGER)
      if (ready.length === 0) return
      await Promise.all(ready.slice(0, besidesMax).map((message) => this.#send(message)))
    }
  }

  async #send(message: Message): Promise<void> {
    const { clock, messages } = this.#ports
    const isUseless = message.untilMs !== null && message.untilMs < clock.nowMs()
    // Should the process end before the answer comes, the next try knows that there was one.
    if (!isUseless && message.ts === null && this.#sender.isLookedUp)
      await messages.postpone(message, {
        dueMs: message.dueMs,
        problem: 'on its way',
        isAttempt: false,
      })
    const attempt = isUseless ? ({ kind: 'dropped' } as const) : await this.#attempt(message)
    switch (attempt.kind) {
      case 'sent':
        if (attempt.isCalled) this.#called(message, attempt.sent.place)
        return messages.sent(message, attempt.sent)
      case 'dropped':
        return messages.giveUp(message, null)
      case 'gone':
        this.#called(message, message.place)
        return this.#anew(message)
      case 'limited':
        this.#pausedUntilMs = clock.nowMs() + attempt.afterMs
        return this.#wait(message, `${this.#sender.name} asks to wait`)
      case 'unmade':
        return this.#unmade(message, attempt.problem)
      case 'unreachable':
        return this.#outage(message, attempt.problem)
      case 'refused':
        this.#called(message, message.place)
        return this.#refused(message, attempt)
    }
  }

  /** A message that breaks while it is made keeps no other from being sent. */
  async #attempt(message: Message): Promise<Attempt | Unmade> {
    try {
      return await this.#sender.send(message)
    } catch (error) {
      return { kind: 'unmade', problem: error instanceof Error ? error.message : String(error) }
    }
  }

  async #unmade(message: Message, problem: string): Promise<void> {
    const { clock, log, messages } = this.#ports
    log.warn({ problem, key: message.key }, `a message to ${this.#sender.name} could not be made`)
    const dueMs = clock.nowMs() + unmadeMs
    await messages.postpone(message, { dueMs, problem, isAttempt: false })
  }

  /** A place has been written to; one that was named by its name may have another from now on. */
  #called(message: Message, place: string): void {
    this.#outages = 0
    const nextMs = this.#ports.clock.nowMs() + this.#sender.pauseMs(place)
    for (const one of [place, message.place]) this.#nextMs.set(one, nextMs)
  }

  #anew(message: Message): Promise<void> {
    const { place } = message
    const before = { ...message, changed: message.changed - 1 }
    return this.#ports.messages.sent(before, { ts: null, place, shown: null, told: [] })
  }

  /** Nobody can be told: everything waits, and nothing counts as tried. */
  async #outage(message: Message, problem: string): Promise<void> {
    const { clock, log } = this.#ports
    const words = `${this.#sender.name} does not answer`
    if (this.#outages === 0) log.warn({ problem }, words)
    const wait = Math.min(outageMs.most, outageMs.first * 2 ** this.#outages++)
    this.#pausedUntilMs = clock.nowMs() + Math.round(wait * (0.5 + Math.random() / 2))
    await this.#wait(message, `${words}: ${problem}`)
  }

  #wait(message: Message, problem: string): Promise<void> {
    const how = { dueMs: this.#pausedUntilMs, problem, isAttempt: false }
    return this.#ports.messages.postpone(message, how)
  }

  async #refused(
    message: Message,
    { problem, isForever, notices }: Extract<Attempt, { kind: 'refused' }>,
  ): Promise<void> {
    const { messages, clock, log } = this.#ports
    if (message.attempts === 0) log.warn({ problem }, `${this.#sender.name} refuses a message`)
    if (isForever || message.attempts >= refusedMax) return messages.giveUp(message, problem)
    const nowMs = clock.nowMs()
    await messages.postpone(message, { dueMs: nowMs + refusedMs, problem, isAttempt: true })
    await messages.put(notices, nowMs)
  }
}
