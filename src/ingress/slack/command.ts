import { z } from 'zod'
import { digest } from '../../messages/slack/message.ts'
import type { Heard } from './heard.ts'
import { openRelease } from './release-modal.ts'
import { carryOutTyped } from './typed.ts'
import { typedText } from './words.ts'

/** Slack takes answers at a command's address this long, and five of them. */
const responseMs = 29 * 60_000
/** What ends at once is told at once. */
const followMs = 400

const shape = z.looseObject({ text: z.string().default(''), trigger_id: z.string() })

/** Carries out a slash command. Its answer is the person's own; a request in it is kept up to date. */
export async function onCommand(heard: Heard): Promise<void> {
  const { ports, answerer, actor, context, speaker } = heard
  const body = shape.parse(heard.body)
  const text = typedText(body.text)
  if (text.trim().toLowerCase() === 'release') {
    await answerer.answer('')
    await openRelease(heard, { triggerId: body.trigger_id, channel: speaker.channel })
    return
  }
  const { requestId, responseUrl } = answerer
  const { message, follows } = await carryOutTyped(ports, { text, actor, requestId, context })
  await answerer.answer({ response_type: 'ephemeral', ...message })
  if (follows === null || responseUrl === null) return
  const nowMs = ports.commands.clock.nowMs()
  await ports.outbox.put([
    {
      key: `reply ${answerer.requestId}`,
      surface: 'slack',
      kind: 'live',
      subject: { kind: 'request', id: follows },
      place: responseUrl,
      thread: null,
      body: null,
      shown: digest(message),
      dueMs: nowMs + followMs,
      untilMs: nowMs + responseMs,
    },
  ])
}
