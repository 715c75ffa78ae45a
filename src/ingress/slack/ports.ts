import type { CommandPorts } from '../../commands/ports.ts'
import type { NewMessage } from '../../domain/message.ts'
import type { SlackApi } from '../../messages/slack/api.ts'
import type { SlackContext } from '../../messages/slack/context.ts'

type Delivery = {
  readonly key: string
  readonly surface: string
  readonly requestId: string
  readonly body: string
  readonly receivedMs: number
}

/** What Slack's ingress needs of the rest of the product. */
export type SlackPorts = {
  readonly commands: CommandPorts
  readonly deliveries: {
    accept(delivery: Delivery): Promise<boolean>
    answer(key: string): Promise<string | null>
    done(key: string, answer: string): Promise<void>
    forget(key: string): Promise<void>
    open(surface: string): Promise<readonly Delivery[]>
  }
  readonly outbox: {
    put(messages: readonly NewMessage[]): Promise<void>
    /** What a message of ours is about, by its channel and its name there. */
    subjectOf(at: { place: string; ts: string }): Promise<string | null>
  }
  readonly api: SlackApi
  /** The workspace that the bot is in; `null` as long as nobody could find out. */
  readonly workspace: () => Promise<string | null>
  /** How texts are written, with the people of now. */
  readonly context: () => Promise<SlackContext>
  readonly log: {
    debug(fields: object, text: string): void
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}
