import type { NewMessage } from '../../domain/message.ts'
import type { GithubPorts, Repository } from './ports.ts'

/** What GitHub lets people show under a comment, as far as we use it. */
export type Reaction = 'eyes' | 'rocket' | '+1' | '-1' | 'confused'

/** An answer in a thread of comments is worth sending this long. */
const answerMs = 24 * 60 * 60_000

type Where = {
  readonly repository: Repository
  readonly number: number
  /** The comment that is answered. */
  readonly commentId: number
}

/** Where a message goes on GitHub: `installation owner/repo number`. */
export const placeOf = ({ repository, number }: Pick<Where, 'repository' | 'number'>): string =>
  `${repository.installation} ${repository.name} ${number}`

/** The answers to one comment: each is kept before anything is sent, and sent once. */
export class Replies {
  readonly #ports: GithubPorts
  readonly #where: Where
  #count = 0
  #follows = 0

  constructor(ports: GithubPorts, where: Where) {
    this.#ports = ports
    this.#where = where
  }

  /** Decoration: whether it arrives changes nothing. */
  async react(reaction: Reaction): Promise<void> {
    const { commentId } = this.#where
    await this.#put({
      key: `github reaction ${commentId} ${reaction}`,
      kind: 'post',
      subject: null,
      body: { reaction, commentId },
    })
  }

  /** One comment that does not change any more. */
  async say(text: string): Promise<void> {
    const key = `github answer ${this.#where.commentId} ${this.#count++}`
    await this.#put({ key, kind: 'post', subject: null, body: { text } })
  }

  /** One comment about a request, edited as that goes on. */
  async follow(id: string): Promise<void> {
    this.#follows++
    const { commentId } = this.#where
    const key = `github reply ${commentId} ${this.#count++}`
    const subject = { kind: 'request', id } as const
    await this.#put({ key, kind: 'live', subject, body: { commentId } })
  }

  /** The last answer, with the reaction that sums the comment up. */
  async end(reaction: Reaction, text: string): Promise<void> {
    await this.say(text)
    await this.react(reaction)
  }

  /** Everything was looked up: requests react by themselves when they end. */
  async settle(): Promise<void> {
    if (this.#follows === 0) await this.react('rocket')
  }

  async #put(message: Pick<NewMessage, 'key' | 'kind' | 'subject' | 'body'>): Promise<void> {
    const nowMs = this.#ports.commands.clock.nowMs()
    await this.#ports.outbox.put([
      {
        ...message,
        surface: 'github',
        place: placeOf(this.#where),
        thread: null,
        dueMs: nowMs,
        untilMs: message.kind === 'live' ? null : nowMs + answerMs,
      },
    ])
  }
}
