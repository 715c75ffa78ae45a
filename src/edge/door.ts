import type { Config } from '../config.ts'
import { githubPath } from '../ingress/http/body-limit.ts'
import { brokenAnswer } from '../ingress/http/errors.ts'
import { healthAnswer } from '../ingress/http/health.ts'
import { isMigrated } from '../store/migrate.ts'
import { type Acceptance, acceptance } from './acceptance.ts'
import type { Bindings, DeliveryBatch, ServerCalls } from './bindings.ts'
import { edgeConfig } from './edge-config.ts'
import { logOf } from './log.ts'
import { notConfigured } from './not-configured.ts'

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
    const { deliveries } = await this.#ready(this.#config)
    await deliveries.acceptAll(messages.map(({ body }) => body))
    await this.#server.wake()
  }

  async #pass(request: Request, config: Config): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (request.method === 'POST' && ['/api/artifact', githubPath].includes(pathname))
      return (await this.#ready(config)).app.fetch(request)
    const isForged = pathname === '/slack/events' && (await isForgery(request, config))
    return isForged ? new Response('unauthorized', { status: 401 }) : this.#server.fetch(request)
  }

  /** The server brings the database up to this program's schema when it is opened. */
  async #ready(config: Config): Promise<Acceptance> {
    const { DELIVERIES: queue } = this.#bindings
    this.#accepting ??= acceptance(config, { queue, server: () => this.#server })
    if (!this.#isMigrated && !(await isMigrated(this.#accepting.database)))
      await this.#server.wake()
    this.#isMigrated = true
    return this.#accepting
  }
}

/** A flood of what Slack did not sign must not reach the one server, which looks again (A23). */
async function isForgery(request: Request, { slack }: Config): Promise<boolean> {
  // With Bolt behind it, it is loaded only where Slack speaks.
  const { verifier } = await import('../ingress/slack/verify.ts')
  const verify = verifier({ secrets: slack?.signingSecrets ?? [], nowMs: () => Date.now() })
  return verify(request.headers, await request.clone().text()) === 'forged'
}
