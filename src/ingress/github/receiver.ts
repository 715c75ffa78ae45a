import { createHash } from 'node:crypto'
import { verifyWithFallback } from '@octokit/webhooks-methods'
import type { GithubPorts } from './ports.ts'

/** The events that anything is done for; of the others nothing is kept. */
const handled: ReadonlySet<string> = new Set([
  'delete',
  'installation',
  'installation_repositories',
  'issue_comment',
  'pull_request',
  'push',
  'repository',
])
/** What could not be carried out is tried again after this long, and that often. */
const againMs = 15_000
const attemptsMax = 8

/** A delivery as it is kept. */
export type Hook = {
  readonly id: string
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}

type Given = {
  readonly ports: GithubPorts
  /** The webhook secret, and the one before it while it is rotated. */
  readonly secrets: readonly [string, ...string[]]
  /** Does what is to be done about a delivery. Throws what may pass. */
  readonly carryOut: (hook: Hook, requestId: string) => Promise<void>
}

/**
 * Takes GitHub's deliveries: verified over the bytes as they came, kept, answered 202, and carried out
 * afterwards, once, however often they come and whatever name they come under (rows F15, A1, A2).
 */
export class GithubReceiver {
  readonly #given: Given
  readonly #running = new Set<Promise<unknown>>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isStopping = false

  constructor(given: Given) {
    this.#given = given
  }

  /** Carries out what was taken before the last stop. */
  async start(): Promise<void> {
    const open = await this.#given.ports.deliveries.open('github')
    for (const { key, requestId, body } of open)
      this.#run(JSON.parse(body) as Hook, { key, requestId, attempt: 1 })
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    while (this.#running.size > 0) await Promise.allSettled([...this.#running])
  }

  /** Answers a delivery. */
  async handle(request: Request): Promise<Response> {
    const signature = request.headers.get('x-hub-signature-256') ?? ''
    const name = request.headers.get('x-github-event') ?? ''
    const isJson = /^application\/json\b/i.test(request.headers.get('content-type') ?? '')
    if (!/^sha256=[0-9a-f]{64}$/.test(signature) || !isJson) return unauthorized()
    const body = await request.text()
    if (!(await this.#isSigned(body, signature))) return unauthorized()
    if (!/^[a-z_]{1,60}$/.test(name)) return new Response('no event is named', { status: 400 })
    const payload = parseJson(body)
    if (payload === undefined) return new Response('this is no JSON object', { status: 400 })
    if (!handled.has(name)) return new Response('', { status: 202 })
    const id = request.headers.get('x-github-delivery')?.slice(0, 60) ?? ''
    await this.#keep({ id, name, payload }, body)
    return new Response('', { status: 202 })
  }

  async #isSigned(body: string, signature: string): Promise<boolean> {
    const [secret, ...before] = this.#given.secrets
    try {
      return Boolean(await verifyWithFallback(secret, body, signature, before))
    } catch {
      return false
    }
  }

  async #keep(hook: Hook, body: string): Promise<void> {
    const { deliveries, commands } = this.#given.ports
    // The header with the delivery's id is not signed: the same body is the same thing.
    const key = `${hook.name} ${createHash('sha256').update(body).digest('hex')}`
    const requestId = commands.ids.next('event')
    const isNew = await deliveries.accept({
      ...{ key, requestId, surface: 'github', body: JSON.stringify(hook) },
      receivedMs: commands.clock.nowMs(),
    })
    if (isNew) this.#run(hook, { key, requestId, attempt: 1 })
  }

  #run(hook: Hook, how: { key: string; requestId: string; attempt: number }): void {
    const { ports, carryOut } = this.#given
    const { key, requestId, attempt } = how
    const work = carryOut(hook, requestId)
      .then(() => ports.deliveries.done(key, ''))
      .catch(async (error: unknown) => {
        const fields = { err: error, event: hook.name, delivery: hook.id, attempt }
        if (attempt >= attemptsMax) {
          ports.log.error(fields, 'a delivery of GitHub came to nothing')
          await ports.deliveries.done(key, '')
        } else {
          ports.log.warn(fields, 'a delivery of GitHub is tried again')
          this.#later(() => this.#run(hook, { ...how, attempt: attempt + 1 }))
        }
      })
      .catch((error: unknown) => ports.log.error({ err: error, key }, 'a delivery stays open'))
    this.#running.add(work)
    void work.finally(() => this.#running.delete(work))
  }

  #later(work: () => void): void {
    if (this.#isStopping) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, againMs)
    this.#timers.add(timer)
  }
}

const unauthorized = () => new Response('unauthorized', { status: 401 })

function parseJson(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
