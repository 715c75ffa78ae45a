import type { Config } from '../config.ts'
import { bodyBytesMax, githubPath } from '../ingress/http/body-limit.ts'
import { brokenAnswer } from '../ingress/http/errors.ts'
import { healthAnswer } from '../ingress/http/health.ts'
import { isMigrated } from '../store/migrate.ts'
import { type Acceptance, acceptance } from './acceptance.ts'
import type { Bindings, DeliveryBatch, ServerCalls } from './bindings.ts'
import { edgeConfig } from './edge-config.ts'
import { logOf } from './log.ts'
import { notConfigured } from './not-configured.ts'
import { takeInUnread } from './unread.ts'

/** The object that the server runs in: there is one for the first GitOps repository. */
export function serverOf({ SERVER, ...settings }: Bindings): ServerCalls {
  const name = `${settings.GITOPS_REPO} ${settings.GITOPS_BRANCH ?? 'main'}`
  return SERVER.get(SERVER.idFromName(name) as never)
}

const doors = new WeakMap<Bindings, Door>()

/**
 * Takes in what comes in bursts, wherever it comes: artifacts are checked here and kept by the server,
 * many at once, and deliveries of GitHub go into the queue. Everything else is for the server. Nothing that one request waits for is shared with
 * another, for the platform ends them one by one.
 */
export class Door {
  readonly #bindings: Bindings
  readonly #config: ReturnType<typeof edgeConfig>
  #accepting: Acceptance | undefined
  #isMigrated = false

  /** The door of this isolate. */
  static of(bindings: Bindings): Door {
    const door = doors.get(bindings) ?? new Door(bindings)
    doors.set(bindings, door)
    return door
  }

  constructor(bindings: Bindings) {
    this.#bindings = bindings
    this.#config = edgeConfig(bindings)
  }

  /** Got anew for each request: it belongs to it. */
  get #server(): ServerCalls {
    return serverOf(this.#bindings)
  }

  async answer(request: Request): Promise<Response> {
    const answer = await this.#answer(request)
    await takeInUnread(request)
    return answer
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/healthz') return healthAnswer()
    if ('problems' in this.#config) return notConfigured(this.#config)
    try {
      return await this.#pass(request, this.#config)
    } catch (error) {
      // Left to the platform, it would be a page of its own that no client reads.
      logOf(this.#config).error({ err: error, pathname }, 'the door could not pass a request on')
      return brokenAnswer(error)
    }
  }

  /** Keeps what the queue held, all of it in one transaction. */
  async keep({ messages }: DeliveryBatch): Promise<void> {
    if ('problems' in this.#config) throw new Error(this.#config.problems.join('; '))
    const { deliveries } = await this.#migrated(this.#config)
    await deliveries.acceptAll(messages.map(({ body }) => body))
    await this.#server.wake()
  }

  async #pass(request: Request, config: Config): Promise<Response> {
    const { pathname } = new URL(request.url)
    const isPost = request.method === 'POST'
    // The queue takes deliveries while the database is away, also at a start.
    if (isPost && pathname === githubPath) return this.#opened(config).app.fetch(request)
    if (isPost && pathname === '/api/artifact')
      return (await this.#migrated(config)).app.fetch(request)
    const isForged = pathname === '/slack/events' && (await isForgery(request, config))
    return isForged ? new Response('unauthorized', { status: 401 }) : this.#server.fetch(request)
  }

  #opened(config: Config): Acceptance {
    const { DELIVERIES: queue } = this.#bindings
    this.#accepting ??= acceptance(config, { queue, server: () => this.#server })
    return this.#accepting
  }

  /** The server brings the database up to this program's schema when it is opened. */
  async #migrated(config: Config): Promise<Acceptance> {
    const opened = this.#opened(config)
    if (!this.#isMigrated && !(await isMigrated(opened.database))) await this.#server.wake()
    this.#isMigrated = true
    return opened
  }
}

/** A flood of what Slack did not sign must not reach the one server, which looks again (A23). */
async function isForgery(request: Request, { slack }: Config): Promise<boolean> {
  // With Bolt behind it, it is loaded only where Slack speaks.
  const { verifier } = await import('../ingress/slack/verify.ts')
  // What is too large, or does not say how large it is, is counted by the server, and cut off (A5).
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  if (!(length <= bodyBytesMax)) return false
  const verify = verifier({ secrets: slack?.signingSecrets ?? [], nowMs: () => Date.now() })
  return verify(request.headers, await request.clone().text()) === 'forged'
}
