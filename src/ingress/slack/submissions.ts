import { z } from 'zod'
import { lookAtRequest, planRollback } from '../../commands/look.ts'
import type { Command } from '../../domain/command.ts'
import { isRefusal } from '../../domain/fault.ts'
import { answer } from '../../messages/slack/answer.ts'
import { said } from '../../messages/slack/message.ts'
import { doneModal, modals } from '../../messages/slack/modals.ts'
import { code, text } from '../../messages/slack/rich.ts'
import type { Heard } from './heard.ts'
import { ordered } from './ordered.ts'
import { choiceIn } from './release-modal.ts'

const input = z.looseObject({ value: z.string().nullish() })
const shape = z.looseObject({
  view: z.looseObject({
    callback_id: z.string(),
    private_metadata: z.string(),
    state: z.looseObject({
      values: z.looseObject({ reason: z.looseObject({ reason: input }).optional() }),
    }),
  }),
})
const rollbackShape = z.object({
  env: z.string(),
  app: z.string(),
  from: z.string(),
  to: z.string(),
})
const rejectShape = z.object({ id: z.string() })

/** Does what the button of a modal is for, on just what the modal has shown. */
export async function onSubmission(heard: Heard): Promise<void> {
  const { view } = shape.parse(heard.body)
  const typed = view.state.values.reason?.reason.value?.trim()
  const reason = typed ? { reason: typed } : {}
  const metadata: unknown = JSON.parse(view.private_metadata)
  const where = withChannel(heard, metadata)
  switch (view.callback_id) {
    case modals.reject:
      return submit(where, { verb: 'reject', ...rejectShape.parse(metadata), ...reason })
    case modals.rollback:
      return rollBack(where, { ...rollbackShape.parse(metadata), ...reason })
    case modals.release: {
      const { app, env, artifactId } = choiceIn(view.private_metadata)
      if (app === null || env === null || artifactId === null) return
      return submit(where, { verb: 'release', app, env, artifactId, ...reason })
    }
    default:
      await heard.answerer.answer('')
  }
}

/** A modal knows no channel but the one that it was opened from. */
function withChannel(heard: Heard, metadata: unknown): Heard {
  const { data } = z.looseObject({ channel: z.string().nullable() }).safeParse(metadata)
  return { ...heard, speaker: { ...heard.speaker, channel: data?.channel ?? null } }
}

type Rollback = { env: string; app: string; from: string; to: string; reason?: string }

async function rollBack(heard: Heard, asked: Rollback): Promise<void> {
  const { env, app, from, to, ...reason } = asked
  const plan = await planRollback([heard.ports.commands, heard.actor], { env, app })
  const isSame = !isRefusal(plan) && plan.from.id === from
  if (!isSame) {
    const now = isRefusal(plan) ? 'nothing' : plan.from.artifactId
    return refuse(
      heard,
      `${app} in ${env} has changed since: ${now} runs there now. Open this again`,
    )
  }
  await submit(heard, { verb: 'rollback', env, app, sha: to, ...reason })
}

async function submit(heard: Heard, command: Command): Promise<void> {
  const { ports, answerer, actor, context, speaker } = heard
  const outcome = await ordered(ports, { actor, requestId: answerer.requestId }, command)
  if (outcome.kind === 'refusal') return refuse(heard, outcome.message)
  if (outcome.kind !== 'accepted') return answerer.answer('')
  const card = await lookAtRequest([ports.commands, actor], outcome.id)
  if (isRefusal(card)) return answerer.answer('')
  if (answerer.isWaitedFor)
    return answerer.answer({ response_action: 'update', view: doneModal(card, context) })
  await answerer.answer('')
  await answerer.tell(said([text('Asked for: '), code(outcome.id)]), speaker)
}

/** Says no in the modal itself, at its field, while it is open. */
async function refuse({ answerer, speaker, context }: Heard, message: string): Promise<void> {
  if (answerer.isWaitedFor)
    return answerer.answer({ response_action: 'errors', errors: { reason: message } })
  await answerer.answer('')
  const no = answer({ kind: 'refusal', code: 'conflict', message }, context)
  await answerer.tell(no, speaker)
}
