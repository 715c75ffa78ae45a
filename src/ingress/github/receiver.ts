import type { GithubPorts } from './ports.ts'
import { deliveryOf, type Hook, nameOf, readHook, type Secrets } from './signed-hook.ts'

/** What could not be carried out is tried again after this long, and that often. */
const againMs = 15_000
const attemptsMax = 8

export type KeptDelivery = {
  readonly key: string
  readonly requestId: string
  readonly body: string
}

type Given = {
  readonly ports: GithubPorts
  /** The webhook secret, and the one before it while it is rotated. */
  readonly secrets: Secrets
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

  /** True while something is carried out, or waits to be tried again. */
  get isBusy(): boolean {
    return this.#inHand.size > 0
  }

  /** Carries out what is open for this server, such as what it took before its last stop. */
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
    const hook = await readHook(request, this.#given.secrets)
    if (hook instanceof Response) return hook
    await this.#keep(hook, false)
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

  async #keep(hook: Hook, isDone: boolean): Promise<{ work: Promise<unknown> } | undefined> {
    const { deliveries, commands } = this.#given.ports
    const kept = deliveryOf(hook, {
      requestId: commands.ids.next('event'),
      receivedMs: commands.clock.nowMs(),
    })
    const isNew = await deliveries.accept({ ...kept, isDone })
    if (!isNew || isDone) return undefined
    const { key, requestId } = kept
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
