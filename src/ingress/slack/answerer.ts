import type { SlackMessage } from '../../messages/slack/message.ts'
import type { Delivered } from './payload.ts'
import type { SlackPorts } from './ports.ts'

/** How long Slack takes answers at the address that came with a command or a click. */
const responseMs = 29 * 60_000

type Given = {
  readonly ports: SlackPorts
  readonly delivered: Delivered
  /** The id of the request that the delivery may make. */
  readonly requestId: string
  /** Where answers are taken later; `null` when Slack gave no such place. */
  readonly responseUrl: string | null
}

/** Who was spoken to and where, of a command, a click or a modal. */
export type Speaker = {
  readonly team: string
  readonly user: string
  readonly channel: string | null
}

/**
 * Answers one delivery: in Slack's own request as long as it waits, and from then on at the address
 * that came with it. The first answer counts.
 */
export class Answerer {
  /** The answer as JSON, as soon as there is one. */
  readonly first: Promise<string>
  readonly requestId: string
  readonly responseUrl: string | null
  #settle: (json: string) => void = () => undefined
  #isWaitedFor = true
  #told: string | undefined
  #posts = 0
  readonly #given: Given

  constructor(given: Given) {
    this.#given = given
    this.requestId = given.requestId
    this.responseUrl = given.responseUrl
    this.first = new Promise((settle) => {
      this.#settle = settle
    })
  }

  /** What was answered, or an empty text. */
  get told(): string {
    return this.#told ?? ''
  }

  get kind(): Delivered['kind'] {
    return this.#given.delivered.kind
  }

  get isWaitedFor(): boolean {
    return this.#isWaitedFor
  }

  get isAnswered(): boolean {
    return this.#told !== undefined
  }

  /** Slack has got another answer meanwhile. */
  waitNoLonger(): void {
    this.#isWaitedFor = false
  }

  /** Answers with what Bolt calls an acknowledgement: a message, a view, choices, or nothing. */
  async answer(response: unknown): Promise<void> {
    if (this.#told !== undefined) return
    this.#told = response === undefined || response === '' ? '' : JSON.stringify(response)
    this.#settle(this.#told)
    const { kind } = this.#given.delivered
    if (!this.#isWaitedFor && kind === 'command' && this.#told !== '')
      await this.#post({ ...(response as object), replace_original: true })
  }

  /** Tells the person something that only they see, beside what is shown where they clicked. */
  async tell(message: SlackMessage, speaker: Speaker): Promise<void> {
    if (this.responseUrl !== null) {
      await this.#post({ ...message, response_type: 'ephemeral', replace_original: false })
      return
    }
    const { channel, user } = speaker
    await this.#put(channel ?? user, channel === null ? message : { ...message, user })
  }

  async #post(body: unknown): Promise<void> {
    if (this.responseUrl !== null) await this.#put(this.responseUrl, body)
  }

  async #put(place: string, body: unknown): Promise<void> {
    const { ports, delivered } = this.#given
    const nowMs = ports.commands.clock.nowMs()
    await ports.outbox.put([
      {
        key: `answer ${delivered.key ?? nowMs} ${this.#posts++}`,
        surface: 'slack',
        kind: 'post',
        subject: null,
        thread: null,
        place,
        body,
        dueMs: nowMs,
        untilMs: nowMs + responseMs,
      },
    ])
  }
}
