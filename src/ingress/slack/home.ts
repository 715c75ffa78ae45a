import { overviewFor } from '../../commands/look.ts'
import { isRefusal } from '../../domain/fault.ts'
import { answer } from '../../messages/slack/answer.ts'
import { homeView, strangerHome } from '../../messages/slack/home.ts'
import { strangerMessage } from '../../messages/slack/notes.ts'
import type { Speaker } from './answerer.ts'
import type { Heard } from './heard.ts'
import type { SlackPorts } from './ports.ts'

/** Draws a person's Home tab anew. Slack asks again whenever they open it. */
export async function publishHome({ ports, speaker, actor, context }: Heard): Promise<void> {
  const overview = await overviewFor([ports.commands, actor])
  const view = isRefusal(overview)
    ? strangerHome(answer(overview, context))
    : homeView(overview, context)
  await publish(ports, speaker, view)
}

/** The Home tab of a stranger: how to become known. */
export const publishStranger = (ports: SlackPorts, speaker: Speaker): Promise<void> =>
  publish(ports, speaker, strangerHome(strangerMessage(speaker)))

async function publish({ api, log }: SlackPorts, { user }: Speaker, view: unknown): Promise<void> {
  const published = await api.call('views.publish', { user_id: user, view })
  if (published.kind !== 'ok') log.warn({ result: published }, 'Slack did not take a Home tab')
}
