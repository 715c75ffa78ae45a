import type { SlackApi } from '../../messages/slack/api.ts'

/** How soon Slack is asked again when it did not say. */
const againMs = 5_000
const knownName = 'slack workspace'

type Given = {
  readonly api: SlackApi
  readonly clock: { nowMs(): number }
  /** Keeps it for the times when Slack cannot be asked. */
  readonly known: {
    find(name: string): Promise<string | undefined>
    keep(name: string, value: string): Promise<void>
  }
  readonly log: { warn(fields: object, text: string): void }
}

/**
 * The workspace that the bot's token is for: what Slack said at this start, or what it said before as
 * long as it does not answer; `null` when it never has. Nothing waits for it but a request from a
 * workspace of which nobody is listed.
 */
export function workspaceOf({ api, clock, known, log }: Given): () => Promise<string | null> {
  let told: string | undefined
  let askedMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> = Promise.resolve()
  const ask = async () => {
    const result = await api.call('auth.test', {})
    const team = result.kind === 'ok' ? result.body.team_id : undefined
    if (typeof team !== 'string') {
      log.warn({ result }, 'Slack does not say which workspace the bot is in')
      return
    }
    told = team
    await known.keep(knownName, team)
  }
  return async () => {
    if (told === undefined && clock.nowMs() >= askedMs + againMs) {
      askedMs = clock.nowMs()
      asking = ask()
    }
    if (told !== undefined) return told
    const before = await known.find(knownName)
    if (before !== undefined) return before
    await asking
    return told ?? null
  }
}
