import { createHash } from 'node:crypto'
import { verifyWithFallback } from '@octokit/webhooks-methods'
import type { GithubPorts } from './ports.ts'

const handled: ReadonlySet<string> = new Set([
  'check_run',
  'check_suite',
  'delete',
  'installation',
  'installation_repositories',
  'issue_comment',
  'pull_request',
  'push',
  'repository',
  'workflow_run',
])
/** Of what CI makes very many of, the one action that counts. */
const onlyAction: Readonly<Record<string, string>> = {
  check_run: 'rerequested',
  check_suite: 'rerequested',
  workflow_run: 'completed',
}

/** Whether anything is done for an event; of the others nothing is kept. */
export const isHandled = (name: string, action: unknown): boolean =>
  handled.has(name) && (!Object.hasOwn(onlyAction, name) || action === onlyAction[name])

/** What could not be carried out is tried again after this long, and that often. */
const againMs = 15_000
const attemptsMax = 8

/** No delivery of GitHub's nests as deep by far; deeper than the stack is what breaks programs (A6). */
const levelsMax = 64

/** A delivery as it is kept. */
export type Hook = {
  readonly id: string
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}

export type KeptDelivery = {
  readonly key: string
  readonly requestId: string
  readonly body: string
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
  /** What is being carried out, or waits to be tried again, by its key. */
  readonly #inHand = new Set<string>()
  readonly #waiting = new Map<string, NodeJS.Timeout>()
  #isStopping = false

  constructor(given: Given) {
    this.#given = given
  }

  /** Carries out what this server took before its last stop. */
  async start(): Promise<void> {
    for (const one of await this.#given.ports.deliveries.open('github')) this.carryOn(one)
  }

  /** Carries out what was kept, beside everything else. */
  carryOn({ key, requestId, body }: KeptDelivery): void {
    void this.#run(JSON.parse(body) as Hook, { key, requestId, attempt: 1 })
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    for (const timer of this.#waiting.values()) clearTimeout(timer)
    while (this.#running.size > 0) await Promise.allSettled([...this.#running])
  }

  /** Answers a delivery. */
  async handle(request: Request): Promise<Response> {
    const signature = request.headers.get('x-hub-signature-256') ?? ''
    const name = request.headers.get('x-github-event') ?? ''
    const isJson = /^application\/json\b/i.test(request.headers.get('content-type') ?? '')
    if (!/^sha256=[0-9a-f]{64}$/.test(signature) || !isJson) return unauthorized()
    const body = textOf(await request.arrayBuffer())
    if (body === undefined || !(await this.#isSigned(body, signature))) return unauthorized()
    if (!/^[a-z0-9_]{1,60}$/.test(name)) return new Response('no event is named', { status: 400 })
    const payload = parseJson(body)
    if (payload === undefined)
      return new Response(`this is no JSON object of at most ${levelsMax} levels`, { status: 400 })
    if (!isHandled(name, payload.action)) return new Response('', { status: 202 })
    const id = request.headers.get('x-github-delivery')?.slice(0, 60) ?? ''
    await this.#keep({ id, name, payload }, false)
    return new Response('', { status: 202 })
  }

  /** True of a delivery that was taken, or left, by the number that GitHub's list gives it. */
  knows(id: string): Promise<boolean> {
    return this.#given.ports.deliveries.has(nameOf(id))
  }

  /**
   * Takes a delivery that GitHub's API told of, as if it had come by itself, and ends when it was
   * carried out once or has to be tried again. One that came already is left as it is.
   */
  async take(hook: Hook): Promise<void> {
    const kept = await this.#keep(hook, false)
    if (!kept) await this.#remember(hook)
    await kept?.work
  }

  /** Keeps a delivery that GitHub's API told of as one that nothing more is done about. */
  async leave(hook: Hook): Promise<void> {
    await this.#keep(hook, true)
    await this.#remember(hook)
  }

  /** The API can be believed about the number: what came under another one needs no second look. */
  async #remember({ id }: Hook): Promise<void> {
    const { deliveries, commands } = this.#given.ports
    await deliveries.accept({
      ...{ key: nameOf(id), requestId: commands.ids.next('event'), surface: 'github', body: '' },
      ...{ receivedMs: commands.clock.nowMs(), isDone: true },
    })
  }

  async #isSigned(body: string, signature: string): Promise<boolean> {
    const [secret, ...before] = this.#given.secrets
    try {
      return Boolean(await verifyWithFallback(secret, body, signature, before))
    } catch {
      return false
    }
  }

  async #keep(hook: Hook, isDone: boolean): Promise<{ work: Promise<unknown> } | undefined> {
    const { deliveries, commands } = this.#given.ports
    // The header with the delivery's id is not signed: the same content is the same thing. GitHub's
    // list of deliveries has the content without its bytes, so it is compared as what it says.
    const said = JSON.stringify(hook.payload, sorted)
    const key = `${hook.name} ${createHash('sha256').update(said).digest('hex')}`
    const requestId = commands.ids.next('event')
    const isNew = await deliveries.accept({
      ...{ key, requestId, surface: 'github', body: JSON.stringify(hook), isDone },
      // Hooks of a repository share the numbers of the app's; only the app's name an installation.
      alias: hook.id !== '' && 'installation' in hook.payload ? nameOf(hook.id) : undefined,
      receivedMs: commands.clock.nowMs(),
    })
    if (!isNew || isDone) return undefined
    return { work: this.#run(hook, { key, requestId, attempt: 1 }) }
  }

  async #run(hook: Hook, how: { key: string; requestId: string; attempt: number }): Promise<void> {
    // What is kept stays open: the next start carries it out. One that came while the start was
    // reading what is open would otherwise be carried out twice.
    if (this.#isStopping || this.#inHand.has(how.key)) return
    this.#inHand.add(how.key)
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
          this.#later(key, () => void this.#run(hook, { ...how, attempt: attempt + 1 }))
        }
      })
      .catch((error: unknown) => ports.log.error({ err: error, key }, 'a delivery stays open'))
    this.#running.add(work)
    await work
    this.#running.delete(work)
    if (!this.#waiting.has(key)) this.#inHand.delete(key)
  }

  #later(key: string, work: () => void): void {
    if (this.#isStopping) return
    const timer = setTimeout(() => {
      this.#waiting.delete(key)
      this.#inHand.delete(key)
      work()
    }, againMs)
    this.#waiting.set(key, timer)
  }
}

/** What a delivery is known by besides its content. */
const nameOf = (id: string) => `delivery ${id}`

/** Puts the keys of every object in order. */
function sorted(_: string, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
}

/** The bytes as text that has these bytes and no others: no mark is dropped, nothing is replaced (A4). */
function textOf(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const unauthorized = () => new Response('unauthorized', { status: 401 })

function parseJson(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && isWithin(value, levelsMax) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((one) => isWithin(one, levels - 1))
}
