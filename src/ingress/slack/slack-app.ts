import { App, LogLevel } from '@slack/bolt'
import { z } from 'zod'
import { clientOptions } from './api.ts'
import { onClick } from './clicks.ts'
import { onCommand } from './command.ts'
import { type Heard, heardBy } from './heard.ts'
import { publishHome, publishStranger } from './home.ts'
import { onMention } from './mention.ts'
import type { SlackPorts } from './ports.ts'
import type { SlackReceiver } from './receiver.ts'
import { onOptions, openRelease } from './release-modal.ts'
import { onSubmission } from './submissions.ts'

type Given = {
  readonly ports: SlackPorts
  readonly receiver: SlackReceiver
  readonly token: string
  readonly apiUrl: string
}

/** Whatever its name: which command, button or window it is decides what we ask of it ourselves. */
const any = /^/

/** Bolt, with a listener for each kind of thing that Slack sends. It listens on no port and calls nobody. */
export function slackApp({ ports, receiver, token, apiUrl }: Given): App {
  const app = new App({
    receiver,
    authorize: ({ teamId }) => Promise.resolve({ botToken: token, ...(teamId ? { teamId } : {}) }),
    clientOptions: clientOptions(apiUrl),
    convoStore: false,
    // Its own messages mention nobody, and to ask who it is would be a call.
    ignoreSelf: false,
    logger: loggerOf(ports.log),
  })
  app.command(any, heardBy(ports, onCommand))
  app.action(any, heardBy(ports, onClick))
  app.view(any, heardBy(ports, onSubmission))
  app.options(
    any,
    heardBy(ports, onOptions, (answerer) => answerer.answer({ options: [] })),
  )
  app.shortcut(any, heardBy(ports, onShortcut))
  app.event('app_mention', heardBy(ports, onMention))
  app.event(
    'app_home_opened',
    heardBy(ports, onHomeOpened, (_, speaker) => publishStranger(ports, speaker)),
  )
  return app
}

async function onHomeOpened(heard: Heard): Promise<void> {
  const { data } = z
    .looseObject({ event: z.looseObject({ tab: z.string() }) })
    .safeParse(heard.body)
  if (data?.event.tab === 'home') await publishHome(heard)
}

const shortcutShape = z.looseObject({
  trigger_id: z.string(),
  message: z.looseObject({ ts: z.string() }).optional(),
})

/** A shortcut opens the release modal; on a message of ours with what the message is about. */
async function onShortcut(heard: Heard): Promise<void> {
  const { trigger_id: triggerId, message } = shortcutShape.parse(heard.body)
  const { channel } = heard.speaker
  await heard.answerer.answer('')
  const like =
    message === undefined || channel === null
      ? null
      : await heard.ports.outbox.subjectOf({ place: channel, ts: message.ts })
  await openRelease(heard, { triggerId, channel, like })
}

/** Bolt's own words, in our log. */
function loggerOf(log: SlackPorts['log']) {
  const told =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...words: unknown[]) =>
      log[level]({ from: 'bolt' }, words.map(String).join(' '))
  return {
    ...{ debug: told('debug'), info: told('debug'), warn: told('warn'), error: told('error') },
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  }
}
