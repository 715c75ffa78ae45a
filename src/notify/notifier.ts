import type { Message, NewMessage, Subject } from '../domain/message.ts'
import { Courier, type CourierPorts, type Sender } from './courier.ts'

/** How many changes are read at once. */
const changesMax = 200
/** The slow look behind the wake-up signal. */
const pollMs = 1_000
const pruneEveryMs = 60 * 60_000
/** How long it is remembered what was sent. */
const rememberedMs = 24 * 60 * 60_000

export type NotifierPorts = CourierPorts & {
  readonly messages: CourierPorts['messages'] & {
    changes(reader: string, limit: number): Promise<{ subjects: readonly Subject[]; upto: number }>
    read(
      reader: { name: string; surface: string; upto: number },
      what: { subjects: readonly Subject[]; added: readonly NewMessage[]; nowMs: number },
    ): Promise<void>
    about(surface: string, subjects: readonly Subject[]): Promise<readonly Message[]>
    nextDueMs(surface: string): Promise<number | undefined>
    prune(surface: string, beforeMs: number): Promise<void>
  }
  /** Forgets what the surface sent and was carried out before a moment. */
  readonly deliveries: { prune(surface: string, beforeMs: number): Promise<void> }
  readonly log: CourierPorts['log'] & { error(fields: object, text: string): void }
}

/** What changed, and the messages that there are about it. */
export type Changes = {
  readonly subjects: readonly Subject[]
  readonly known: readonly Message[]
  readonly nowMs: number
}

type Given = {
  readonly sender: Sender
  /** The messages that the surface does not have yet about what changed. */
  readonly added: (changes: Changes) => Promise<readonly NewMessage[]>
  /** How long what the surface sent is remembered, in milliseconds: a repeat later is carried out again. */
  readonly deliveriesMs: number
}

/** Tells a surface what has changed: reads the feed of changes, and sends what is due. */
export class Notifier {
  readonly #ports: NotifierPorts
  readonly #given: Given
  readonly #courier: Courier
  #stopping = false
  #awake = false
  #wake: () => void = () => undefined
  #prunedMs = 0
  #running: Promise<void> | undefined

  constructor(ports: NotifierPorts, given: Given) {
    this.#ports = ports
    this.#given = given
    this.#courier = new Courier(ports, given.sender)
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Says that there may be something to tell. */
  wake(): void {
    this.#awake = true
    this.#wake()
  }

  /** Sends nothing new and waits for what is on its way. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#awake = false
      try {
        const isNews = await this.#readChanges()
        await this.#courier.deliver(() => this.#stopping)
        await this.#prune()
        if (!isNews) await this.#sleep(await this.#untilDue())
      } catch (error) {
        this.#ports.log.error({ err: error }, `${this.#given.sender.name} could not be told`)
        await this.#sleep(pollMs)
      }
    }
  }

  /** Marks what changed as to be told. Answers whether there was anything. */
  async #readChanges(): Promise<boolean> {
    const { messages, clock } = this.#ports
    const { surface } = this.#given.sender
    const { subjects, upto } = await messages.changes(surface, changesMax)
    if (subjects.length === 0) return false
    const known = await messages.about(surface, subjects)
    const nowMs = clock.nowMs()
    const added = await this.#given.added({ subjects, known, nowMs })
    await messages.read({ name: surface, surface, upto }, { subjects, added, nowMs })
    return true
  }

  async #prune(): Promise<void> {
    const { messages, deliveries, clock } = this.#ports
    const { sender, deliveriesMs } = this.#given
    const nowMs = clock.nowMs()
    if (nowMs < this.#prunedMs + pruneEveryMs) return
    this.#prunedMs = nowMs
    await messages.prune(sender.surface, nowMs - rememberedMs)
    await deliveries.prune(sender.surface, nowMs - deliveriesMs)
  }

  async #untilDue(): Promise<number> {
    const { messages, clock } = this.#ports
    const dueMs = await messages.nextDueMs(this.#given.sender.surface)
    const wait = Math.max(dueMs ?? Number.POSITIVE_INFINITY, this.#courier.freeMs) - clock.nowMs()
    return Math.max(25, Math.min(pollMs, wait))
  }

  #sleep(ms: number): Promise<void> {
    if (this.#awake || this.#stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
