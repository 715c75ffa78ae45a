/** What came of a call of Slack's web API or of an answer to one of its addresses: always a value. */
export type SlackResult =
  | { readonly kind: 'ok'; readonly body: Readonly<Record<string, unknown>> }
  /** Too many: nothing before this many milliseconds. */
  | { readonly kind: 'limited'; readonly afterMs: number }
  /** Slack understood and said no. */
  | { readonly kind: 'refused'; readonly error: string; readonly needed: string | null }
  /** Nobody knows: no answer, or none that is Slack's. */
  | { readonly kind: 'unreachable'; readonly problem: string }

/** How Slack is spoken to. Never throws, never tries again: the outbox does. */
export type SlackApi = {
  call(method: string, args: Readonly<Record<string, unknown>>): Promise<SlackResult>
  /** Posts to an address that came with a command or a click. */
  respond(url: string, body: unknown): Promise<SlackResult>
}
