/** What a message tells of. */
export type Subject = { readonly kind: 'request' | 'lock'; readonly id: string }

/**
 * A message to a chat surface. `live` ones are made of their subject at the moment when they are sent,
 * and again whenever it changes; a `post` is sent once, as it is.
 */
export type NewMessage = {
  /** One message a key: a second one only says that the first is to be looked at again. */
  readonly key: string
  readonly surface: string
  readonly kind: 'live' | 'post'
  readonly subject: Subject | null
  /** Where to: a channel, a person, or an address that answers are posted to. */
  readonly place: string
  /** The message whose thread it is in. */
  readonly thread: string | null
  readonly body: unknown
  /** What it shows already, in the form of `Message.shown`; '' lets it be sent again as it is. */
  readonly shown?: string
  readonly dueMs: number
  /** After this it is of no use any more. */
  readonly untilMs: number | null
}

export type Message = Omit<NewMessage, 'shown'> & {
  readonly seq: number
  /** The name that the surface gave it; `null` before it was sent. */
  readonly ts: string | null
  /** A digest of what it shows. */
  readonly shown: string | null
  /** The steps that were told in its thread. */
  readonly told: readonly string[]
  /** Counts what it is to tell: read before it is made, so that a change meanwhile is told, too. */
  readonly changed: number
  readonly attempts: number
  /** It was tried before, and nobody knows whether it arrived. */
  readonly isTried: boolean
  readonly createdMs: number
}

/** What became of a message that was sent. */
export type Sent = {
  readonly ts: string | null
  readonly place: string
  readonly shown: string | null
  readonly told: readonly string[]
}
