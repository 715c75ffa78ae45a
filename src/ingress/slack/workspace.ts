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
 * The workspace that the bot's token is for, asked once and kept. Nothing waits for it but a request
 * from a workspace of which nobody is listed; `null` as long as Slack does not say.
 */
export function workspaceOf({ api, clock, known, log }: Given): () => Promise<string | null> {
  let asking: Promise<string | null> | undefined
  let askedMs = Number.NEGATIVE_INFINITY
  const ask = async () => {
    const kept = await known.find(knownName)
    if (kept !== undefined) return kept
    const result = await api.call('auth.test', {})
    const team = result.kind === 'ok' ? result.body.team_id : undefined
    if (typeof team === 'string') {
      await known.keep(knownName, team)
      return team
    }
    log.warn({ result }, 'Slack does not say which workspace the bot is in')
    asking = undefined
    return null
  }
  return () => {
    if (asking) return asking
    if (clock.nowMs() < askedMs + againMs) return Promise.resolve(null)
    askedMs = clock.nowMs()
    asking = ask()
    return asking
  }
}
