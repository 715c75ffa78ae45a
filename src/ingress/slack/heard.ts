import { z } from 'zod'
import type { Actor } from '../../domain/actor.ts'
import { Fault } from '../../domain/fault.ts'
import type { SlackContext } from '../../messages/slack/context.ts'
import { said } from '../../messages/slack/message.ts'
import { strangerMessage } from '../../messages/slack/notes.ts'
import { emoji, text } from '../../messages/slack/rich.ts'
import { Answerer, type Speaker } from './answerer.ts'
import type { SlackPorts } from './ports.ts'
import { whoIs } from './who.ts'

/** Something that a known person did in Slack. */
export type Heard = {
  readonly ports: SlackPorts
  readonly answerer: Answerer
  readonly speaker: Speaker
  readonly actor: Actor
  readonly context: SlackContext
  readonly body: unknown
}

const id = z.string().optional()
const channel = z.looseObject({ id }).nullish()
const spoken = z.looseObject({
  team_id: id,
  user_id: id,
  channel_id: id,
  team: z.looseObject({ id }).nullish(),
  user: z.looseObject({ id, team_id: id }).nullish(),
  channel,
  container: z.looseObject({ channel_id: id }).nullish(),
  event: z.looseObject({ user: id, user_team: id, team: id, channel: id }).optional(),
})

/** Who did it and where; of people from elsewhere in a shared channel their own workspace counts. */
export function speakerIn(body: unknown): Speaker | null {
  const { data } = spoken.safeParse(body)
  if (!data) return null
  const { event, user } = data
  const team = user?.team_id ?? event?.user_team ?? event?.team ?? data.team?.id ?? data.team_id
  const who = user?.id ?? event?.user ?? data.user_id
  const where = data.channel?.id ?? data.container?.channel_id ?? event?.channel ?? data.channel_id
  return team === undefined || who === undefined
    ? null
    : { team, user: who, channel: where ?? null }
}

/** Bots that talk to each other do not come to an end. */
const isOfBot = (body: unknown): boolean =>
  z.looseObject({ event: z.looseObject({ bot_id: z.string() }) }).safeParse(body).success

type Given = { readonly body: unknown; readonly context: Readonly<Record<string, unknown>> }

/**
 * Does something for a known person; tells a stranger how to become one, and whoever it broke for that
 * it did.
 */
export function heardBy(
  ports: SlackPorts,
  work: (heard: Heard) => Promise<void>,
  stranger: (answerer: Answerer, speaker: Speaker) => Promise<void> = tellStranger,
): (given: Given) => Promise<void> {
  return async ({ body, context: properties }) => {
    const { answerer } = properties
    const speaker = speakerIn(body)
    if (!(answerer instanceof Answerer) || !speaker || isOfBot(body)) return
    try {
      const actor = await whoIs(ports, speaker)
      if (!actor) return await stranger(answerer, speaker)
      const context = await ports.context()
      await work({ ports, answerer, speaker, actor, context, body })
    } catch (error) {
      ports.log.error({ err: error, user: speaker.user }, 'something asked for in Slack broke')
      await tellBroken(answerer, speaker, error)
    }
  }
}

async function tellStranger(answerer: Answerer, speaker: Speaker): Promise<void> {
  await answerPrivately(answerer, speaker, strangerMessage(speaker))
}

async function tellBroken(answerer: Answerer, speaker: Speaker, error: unknown): Promise<void> {
  const doing = error instanceof Fault ? ` had trouble ${error.message}` : ' could not do that'
  const words = [
    emoji('warning'),
    text(` I${doing}. It is in the log; please try again in a moment.`),
  ]
  await answerPrivately(answerer, speaker, said(words))
}

/** Answers a command in place, everything else by a message that only this person sees. */
export async function answerPrivately(
  answerer: Answerer,
  speaker: Speaker,
  message: ReturnType<typeof said>,
): Promise<void> {
  if (answerer.kind === 'command') await answerer.answer({ response_type: 'ephemeral', ...message })
  else await answerer.tell(message, speaker)
}
