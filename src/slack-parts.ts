import { cardOf } from './commands/card.ts'
import type { CommandPorts } from './commands/ports.ts'
import type { SlackConfig } from './config.ts'
import { rolesAt } from './domain/actor.ts'
import { isRefusal } from './domain/fault.ts'
import { compileGlob } from './domain/glob.ts'
import type { HaltChange } from './domain/halt.ts'
import { slackApi } from './ingress/slack/api.ts'
import { SlackReceiver } from './ingress/slack/receiver.ts'
import { slackApp } from './ingress/slack/slack-app.ts'
import { SocketMode } from './ingress/slack/socket.ts'
import { verifier } from './ingress/slack/verify.ts'
import { workspaceOf } from './ingress/slack/workspace.ts'
import { leftOf, termOf, waitingIn } from './lead-parts.ts'
import type { Logger } from './logger.ts'
import { commitPage, type SlackContext } from './messages/slack/context.ts'
import type { Notifier } from './notify/notifier.ts'
import { slackNotifier } from './notify/slack.ts'
import { haltPosts } from './notify/slack-halt.ts'
import type { Term } from './servers/leader.ts'
import type { SlackChannel } from './settings.ts'
import type { Database } from './store/client.ts'
import { ControlStore } from './store/controls.ts'
import { DeliveryStore } from './store/deliveries.ts'
import { KnownStore } from './store/known.ts'
import { MessageStore } from './store/messages.ts'

type Given = {
  readonly config: SlackConfig
  readonly database: Database
  /** The data folder of this server, by its name. */
  readonly server: string
  readonly commands: CommandPorts
  readonly log: Logger
}

/** Slack, as the rest of the server sees it. */
export type SlackParts = {
  /** Answers `POST /slack/events`; `null` when everything comes by the socket. */
  readonly handle: ((request: Request) => Promise<Response>) | null
  /** What keeps messages from being sent. */
  readonly problems: () => Promise<readonly string[]>
  /** Tells the channel of a repository's environments, and who may resume, that writing is halted. */
  readonly halted: (change: HaltChange) => Promise<void>
  /** True while something of Slack's is carried out. */
  readonly isBusy: () => boolean
  readonly start: () => void
  readonly stop: () => Promise<void>
  /** What only the server does that leads, on a database that refuses when another does. */
  readonly lead: (database: Database) => Term
}

/** Puts Slack's parts together. Calls nobody: Slack may be down when the server starts. */
export function slackParts({ config, database, server, commands, log }: Given): SlackParts {
  const { clock } = commands
  const messages = new MessageStore(database)
  const deliveries = new DeliveryStore(database, server)
  const controls = new ControlStore(database)
  const api = slackApi({ token: config.botToken, apiUrl: config.apiUrl })
  const workspace = workspaceOf({ api, clock, known: new KnownStore(database), log })
  let own: string | null = null
  const learn = async () => {
    own = await workspace()
  }
  const told = (error: unknown) => log.warn({ err: error }, 'Slack was not asked for its workspace')
  const isHere = (account: Account | undefined) => {
    if (own === null) learn().catch(told)
    return own === null || account?.team === own
  }
  const context = contextOf({ config, commands, isHere })
  const channelOf = channelFinder(config.channels)
  const admins = () => adminsOf(commands, isHere)
  const notifierOn = (own: Database) =>
    slackNotifier({
      ...{ clock, api, log, context },
      messages: new MessageStore(own),
      deliveries: new DeliveryStore(own, server),
      card: (id) => cardOf(commands, id),
      request: (id) => commands.events.find(id),
      lock: (id) => controls.lockById(id),
      ...{ admins, channelOf },
    })
  let notifier: Notifier | undefined
  // Where another server leads, its notifier sees what is new by looking.
  const outbox = outboxOf(messages, clock, () => notifier?.wake())
  const ports = { commands, deliveries, outbox, api, workspace, context, log }
  const verify = verifier({ secrets: config.signingSecrets, nowMs: clock.nowMs })
  const receiver = new SlackReceiver({ ports, verify, apiUrl: config.apiUrl })
  const app = slackApp({ ports, receiver, token: config.botToken, apiUrl: config.apiUrl })
  const socket = socketOf({ config, receiver, log })
  return {
    handle: config.signingSecrets.length > 0 ? (request) => receiver.handle(request) : null,
    problems: () => waitingIn(messages, 'slack'),
    halted: async (change) => outbox.put(await haltPosts(change, { context, admins, channelOf })),
    isBusy: () => receiver.isBusy,
    start() {
      learn().catch(told)
      app.start().catch((error: unknown) => log.error({ err: error }, 'Slack could not be started'))
      socket?.start()
    },
    async stop() {
      await socket?.stop()
      await receiver.stop()
    },
    lead(own) {
      notifier = notifierOn(own)
      return termOf(notifier, leftOf('slack', { database: own, server, log, receiver }))
    },
  }
}

function outboxOf(messages: MessageStore, clock: CommandPorts['clock'], wake: () => void) {
  return {
    async put(all: Parameters<MessageStore['put']>[0]) {
      await messages.put(all, clock.nowMs())
      wake()
    },
    async subjectOf(at: { place: string; ts: string }) {
      return (await messages.withTs('slack', at))?.subject?.id ?? null
    },
  }
}

type SocketGiven = Pick<Given, 'config' | 'log'> & { readonly receiver: SlackReceiver }

/** Socket Mode, where there is a token for it. */
const socketOf = ({
  config: { appToken, apiUrl },
  receiver,
  log,
}: SocketGiven): SocketMode | null =>
  appToken === null ? null : new SocketMode({ appToken, apiUrl, receiver, log })

type Account = { readonly team: string; readonly user: string }
type IsHere = (account: Account | undefined) => boolean
type ContextGiven = Pick<Given, 'config' | 'commands'> & { readonly isHere: IsHere }

/** An account of another workspace means nothing in this one. */
function contextOf({ config, commands, isHere }: ContextGiven): () => Promise<SlackContext> {
  return async () => {
    const { people } = await commands.sources.policies(await commands.gitops.lastTip())
    return {
      slackUser(login) {
        const account = people.ofToken(login)?.slack
        return isHere(account) ? (account?.user ?? null) : null
      },
      commitUrl: (ref, env) => commitPage(commands.gitops.urlOf(env))(ref),
      command: config.command,
    }
  }
}

/** The Slack users of everyone who is an administrator everywhere. */
async function adminsOf({ sources, gitops }: CommandPorts, isHere: IsHere): Promise<string[]> {
  const { people } = await sources.policies(await gitops.lastTip())
  return people
    .all()
    .filter(({ roles }) => rolesAt(roles, { env: null, app: null }).includes('admin'))
    .flatMap(({ slack }) => (isHere(slack) ? (slack?.user ?? []) : []))
}

/** The first channel whose patterns fit; an environment as a whole fits only patterns for every app. */
function channelFinder(channels: readonly SlackChannel[]) {
  const fits = (pattern: string, name: string | null) => {
    if (pattern === '*') return true
    const glob = name === null ? null : compileGlob(pattern)
    return glob !== null && !isRefusal(glob) && glob.matches(name ?? '')
  }
  return ({ env, app }: { env: string; app: string | null }): string | null =>
    channels.find((one) => fits(one.env, env) && fits(one.app, app))?.channel ?? null
}
