import { z } from 'zod'
import { explain, lookAtRequest, planRollback } from '../../commands/look.ts'
import type { RequestCard } from '../../domain/card.ts'
import { isRefusal } from '../../domain/fault.ts'
import { answer } from '../../messages/slack/answer.ts'
import { type SlackMessage, said } from '../../messages/slack/message.ts'
import { rejectModal, rollbackModal, type View } from '../../messages/slack/modals.ts'
import { explanationMessage } from '../../messages/slack/notes.ts'
import { actions } from '../../messages/slack/request.ts'
import { code, emoji, text } from '../../messages/slack/rich.ts'
import { headLine } from '../../messages/slack/stage.ts'
import type { Heard } from './heard.ts'
import { publishHome } from './home.ts'
import { ordered } from './ordered.ts'
import { onChosen, openRelease } from './release-modal.ts'

const shape = z.looseObject({
  trigger_id: z.string(),
  view: z.looseObject({ type: z.string() }).nullish(),
  actions: z.array(z.looseObject({ action_id: z.string(), value: z.string().optional() })).min(1),
})

/**
 * Does what a button is for. Its value is the id of a request, which is looked up and authorized anew:
 * what the button showed may have changed since, and then it is said what happened instead.
 */
export async function onClick(heard: Heard): Promise<void> {
  const { ports, answerer, speaker } = heard
  const { actions: clicked, trigger_id: triggerId, view } = shape.parse(heard.body)
  const [{ action_id: action, value = '' } = { action_id: '' }] = clicked
  await answerer.answer('')
  if (action.startsWith('choose-')) return onChosen(heard)
  if (action === actions.open) return openRelease(heard, { triggerId, channel: speaker.channel })
  const card = await lookAtRequest([ports.commands, heard.actor], value)
  if (isRefusal(card)) return tell(heard, answer(card, heard.context))
  const click = { ...heard, card, triggerId }
  if (action === actions.approve) await approve(click)
  else if (action === actions.reject) await openReject(click)
  else if (action === actions.rollback) await openRollback(click)
  else if (action === actions.retry) await retry(click)
  else if (action === actions.explain) await tellWhy(click)
  if (view?.type === 'home') await publishHome(heard)
}

type Click = Heard & { readonly card: RequestCard; readonly triggerId: string }

const tell = ({ answerer, speaker }: Heard, message: SlackMessage): Promise<void> =>
  answerer.tell(message, speaker)

/** The message of the request shows the approval; only a no is told. */
async function approve(click: Click): Promise<void> {
  const { ports, answerer, actor, card, context } = click
  const by = { actor, requestId: answerer.requestId }
  const outcome = await ordered(ports, by, { verb: 'approve', id: card.event.id })
  if (outcome.kind === 'refusal') await tell(click, answer(outcome, context))
}

async function openReject(click: Click): Promise<void> {
  const { card, actor, speaker, context } = click
  if (card.event.status !== 'held' && card.event.status !== 'new')
    return tell(
      click,
      said([emoji('information_source'), text(' It is over: '), ...headLine(card)]),
    )
  const isOwn = card.event.triggeredBy === actor.login
  await open(click, rejectModal(card, { channel: speaker.channel, isOwn }), context.command)
}

async function openRollback(click: Click): Promise<void> {
  const { ports, actor, card, speaker, context } = click
  const { app, env } = card.event
  if (app === null || env === null) return
  if (!card.isRunning)
    return tell(
      click,
      said([
        emoji('information_source'),
        text(' It does not run any more; see '),
        code(`${context.command} status ${app}`),
      ]),
    )
  const plan = await planRollback([ports.commands, actor], { env, app })
  if (isRefusal(plan)) return tell(click, answer(plan, context))
  await open(click, rollbackModal(plan, speaker.channel), context.command)
}

/** A modal can only be opened within three seconds of the click. */
async function open(click: Click, view: View, command: string): Promise<void> {
  const { ports, triggerId } = click
  const opened = await ports.api.call('views.open', { trigger_id: triggerId, view })
  if (opened.kind === 'ok') return
  ports.log.warn({ result: opened }, 'Slack did not open a window')
  const words = ' Slack did not open the window in time. Please click again, or use '
  await tell(click, said([emoji('warning'), text(words), code(`${command} help`)]))
}

/** Asks for the same again, as whoever clicks. */
async function retry(click: Click): Promise<void> {
  const { ports, answerer, actor, card, context } = click
  const { app, env, artifactId, type } = card.event
  if (type !== 'release' || app === null || env === null || artifactId === null) return
  const by = { actor, requestId: answerer.requestId }
  const reason = `again, after ${card.event.id}`
  const outcome = await ordered(ports, by, { verb: 'release', app, env, artifactId, reason })
  if (outcome.kind !== 'accepted') return tell(click, answer(outcome, context))
  await tell(click, said([text('Asked for again: '), code(outcome.id)]))
}

async function tellWhy(click: Click): Promise<void> {
  const { ports, actor, card, context } = click
  const told = await explain([ports.commands, actor], card.event.id)
  await tell(click, isRefusal(told) ? answer(told, context) : explanationMessage(told))
}
