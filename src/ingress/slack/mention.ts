import { z } from 'zod'
import type { NewMessage } from '../../domain/message.ts'
import type { Heard } from './heard.ts'
import { carryOutTyped } from './typed.ts'
import { behindMention, typedText } from './words.ts'

const shape = z.looseObject({
  event: z.looseObject({
    text: z.string(),
    ts: z.string(),
    thread_ts: z.string().optional(),
    channel: z.string(),
  }),
})

/** How long an answer in a thread is worth sending. */
const answerMs = 24 * 60 * 60_000

/**
 * Carries out what someone says to the bot by its name: slash commands do not work in threads, which is
 * where releases are talked about. The answer stays in the thread; a refusal is seen by them alone.
 */
export async function onMention(heard: Heard): Promise<void> {
  const { ports, answerer, actor, context, speaker } = heard
  const { event } = shape.parse(heard.body)
  const text = typedText(behindMention(event.text))
  const { requestId } = answerer
  const said = await carryOutTyped(ports, { text, actor, requestId, context })
  const nowMs = ports.commands.clock.nowMs()
  const place = event.channel
  const thread = event.thread_ts ?? event.ts
  const base = { surface: 'slack', place, thread, dueMs: nowMs, untilMs: nowMs + answerMs } as const
  const one: NewMessage =
    said.follows === null
      ? {
          ...base,
          key: `mention ${requestId}`,
          kind: 'post',
          subject: null,
          body: said.isPrivate ? { ...said.message, user: speaker.user } : said.message,
        }
      : {
          ...base,
          key: `mention ${requestId}`,
          kind: 'live',
          subject: { kind: 'request', id: said.follows },
          body: null,
        }
  await ports.outbox.put([one])
}
