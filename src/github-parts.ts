import { cardOf } from './commands/card.ts'
import { explainRequest } from './commands/look.ts'
import { mergePreview } from './commands/merge-preview.ts'
import { policyProof } from './commands/policy-proof.ts'
import type { CommandPorts } from './commands/ports.ts'
import { pullView, touchedBy } from './commands/pull-view.ts'
import { shipmentOf } from './commands/shipment.ts'
import type { GithubConfig } from './config.ts'
import type { Subject } from './domain/message.ts'
import { isAddressOf, type Sha } from './domain/names.ts'
import type { Proposed } from './gitops/proposed.ts'
import { githubApi, probotOf } from './ingress/github/api.ts'
import { type GitopsPushed, hooks } from './ingress/github/hooks.ts'
import { GithubReceiver } from './ingress/github/receiver.ts'
import { Reconciler } from './ingress/github/reconcile.ts'
import { graphqlRoute } from './ingress/github/repository-call.ts'
import { leftOf, termOf, waitingIn } from './lead-parts.ts'
import type { Logger } from './logger.ts'
import type { GithubContext } from './messages/github/reply.ts'
import { commitPage } from './messages/slack/context.ts'
import { githubNotifier } from './notify/github.ts'
import type { PolicyCheckPorts } from './notify/github-policies.ts'
import type { Notifier } from './notify/notifier.ts'
import type { Term } from './servers/leader.ts'
import type { Database } from './store/client.ts'
import { ControlStore } from './store/controls.ts'
import { DeliveryStore } from './store/deliveries.ts'
import { KnownStore } from './store/known.ts'
import { MessageStore } from './store/messages.ts'
import { PullStore } from './store/pulls.ts'

type Given = {
  readonly config: GithubConfig
  readonly database: Database
  /** The data folder of this server, by its name. */
  readonly server: string
  readonly commands: CommandPorts
  /** The policies folder of the GitOps repository as a pull request would have it; `null` elsewhere. */
  readonly policies: ProposedFolder | null
  /** Fetches what someone pushed to the GitOps repository, and lets look again what waits. */
  readonly gitopsPushed: GitopsPushed
  /** False where somebody else says when GitHub is compared with. */
  readonly isSweeping?: boolean
  readonly log: Logger
}

/** A folder of the GitOps repository, and how what is proposed for it is read. */
export type ProposedFolder = {
  readonly folder: string
  readonly read: (pull: { number: number; headSha: string }) => Promise<Proposed>
}

/** GitHub, as the rest of the server sees it. */
export type GithubParts = {
  /** Answers `POST /api/github/webhooks`. */
  readonly handle: (request: Request) => Promise<Response>
  /** What keeps comments from being written. */
  readonly problems: () => Promise<readonly string[]>
  /** Compares what is known with GitHub now; the server that leads does it again and again. */
  readonly sweep: () => Promise<void>
  /** True while something of GitHub's is carried out. */
  readonly isBusy: () => boolean
  /** Carries out what is kept for this server, beside everything else; ends when that is known. */
  readonly resume: () => Promise<void>
  readonly start: () => void
  readonly stop: () => Promise<void>
  /** What only the server does that leads, on a database that refuses when another does. */
  readonly lead: (database: Database) => Term
}

/** Puts GitHub's parts together. Calls nobody: GitHub may be down when the server starts. */
export async function githubParts({
  config,
  database,
  server,
  commands,
  policies,
  gitopsPushed,
  isSweeping = true,
  log,
}: Given): Promise<GithubParts> {
  const { clock } = commands
  const { appId, privateKey, secrets, baseUrl } = config
  const messages = new MessageStore(database)
  const deliveries = new DeliveryStore(database, server)
  const probot = () => probotOf({ appId, privateKey, secret: secrets[0], baseUrl, log })
  const api = githubApi(probot)
  const [pulls, known] = [new PullStore(database), new KnownStore(database)]
  const notifierOn = (own: Database) =>
    githubNotifier({
      ...{ clock, pulls, api, log },
      messages: new MessageStore(own),
      deliveries: new DeliveryStore(own, server),
      ...shownOf(commands, new ControlStore(database), baseUrl),
      commitUrl: (ref, env) => commitPage(commands.gitops.urlOf(env))(ref),
      proof: proofOf(commands, policies),
      appId: Number(appId),
      graphqlRoute: graphqlRoute(baseUrl),
    })
  let notifier: Notifier | undefined
  const outbox = {
    async put(all: Parameters<MessageStore['put']>[0]) {
      await messages.put(all, clock.nowMs())
      // Where another server leads, its notifier sees what is new by looking.
      notifier?.wake()
    },
  }
  const ports = { commands, deliveries, pulls, known, outbox, api, log }
  const carryOut = await hooks({
    ...{ probot: probot(), ports, gitopsPushed },
    changed: () => commands.wake(),
  })
  const receiver = new GithubReceiver({ ports, secrets, carryOut })
  const reconciler = new Reconciler({ ...ports, door: receiver })
  return {
    handle: (request) => receiver.handle(request),
    problems: () => waitingIn(messages, 'github'),
    sweep: () => reconciler.sweep(),
    isBusy: () => receiver.isBusy,
    resume: () => receiver.start(),
    start() {
      const told = (error: unknown) => log.error({ err: error }, 'GitHub could not be started')
      receiver.start().catch(told)
    },
    async stop() {
      await Promise.all([reconciler.stop(), receiver.stop()])
    },
    lead(own) {
      notifier = notifierOn(own)
      const left = leftOf('github', { database: own, server, log, receiver })
      return termOf(notifier, left, ...(isSweeping ? [reconciler] : []))
    },
  }
}

/** What GitHub's surfaces show of the rest of the product. */
const shownOf = (commands: CommandPorts, controls: ControlStore, baseUrl: string | undefined) => ({
  card: (id: string) => cardOf(commands, id),
  explanation: (id: string) => explainRequest(commands, id),
  changes: (env: string, ref: Sha) => commands.gitops.changes(env, ref),
  shipment: (id: string) => shipmentOf(commands, id),
  view: (of: Parameters<typeof pullView>[1]) => pullView(commands, of),
  preview: (of: Parameters<typeof mergePreview>[1]) => mergePreview(commands, of),
  touched: (subjects: readonly Subject[], repositories: readonly string[]) => {
    const lockOf = async (id: string) => (await controls.lockById(id))?.lock
    return touchedBy({ ...commands, lockOf }, subjects, repositories)
  },
  context: contextOf(commands, baseUrl),
})

/** What the policies are worth that a pull request of the GitOps repository proposes. */
function proofOf(
  { gitops }: CommandPorts,
  policies: ProposedFolder | null,
): PolicyCheckPorts['proof'] {
  return async ({ repository, ...pull }) => {
    if (policies === null || !isAddressOf(gitops.url, repository)) return { kind: 'same' }
    const proposed = await policies.read(pull)
    return proposed.kind === 'changed'
      ? policyProof(proposed.sources, policies.folder)
      : { kind: proposed.kind }
  }
}

function contextOf(
  { sources, gitops }: CommandPorts,
  baseUrl: string | undefined,
): () => Promise<GithubContext> {
  return async () => {
    const { people } = await sources.policies(await gitops.lastTip())
    return {
      githubLogin: (login) =>
        login.startsWith('github:')
          ? login.slice('github:'.length)
          : (people.ofToken(login)?.github ?? null),
      commitUrl: (ref, env) => commitPage(gitops.urlOf(env))(ref),
      githubUrl: baseUrl === undefined ? 'https://github.com' : new URL(baseUrl).origin,
    }
  }
}
