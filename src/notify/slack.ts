import type { RequestCard } from '../domain/card.ts'
import type { Lock } from '../domain/control.ts'
import type { ReleaseEvent } from '../domain/event.ts'
import type { Message, NewMessage, Subject } from '../domain/message.ts'
import type { SlackApi } from '../messages/slack/api.ts'
import type { SlackContext } from '../messages/slack/context.ts'
import { brokenLockMessage } from '../messages/slack/control.ts'
import { channelMessages } from './channel-messages.ts'
import { Courier } from './courier.ts'

/** How many changes are read at once. */
const changesMax = 200
/** The slow look behind the wake-up signal. */
const pollMs = 1_000
const pruneEveryMs = 60 * 60_000
/** How long it is remembered what was sent and answered. */
const rememberedMs = 24 * 60 * 60_000

export type EndedLock = { readonly lock: Lock; readonly endedBy: string | null }

export type SlackNotifierPorts = {
  readonly clock: { nowMs(): number }
  readonly messages: {
    changes(reader: string, limit: number): Promise<{ subjects: readonly Subject[]; upto: number }>
    read(
      reader: { name: string; surface: string; upto: number },
      what: { subjects: readonly Subject[]; added: readonly NewMessage[]; nowMs: number },
    ): Promise<void>
    about(surface: string, subjects: readonly Subject[]): Promise<readonly Message[]>
    put(messages: readonly NewMessage[], nowMs: number): Promise<void>
    due(surface: string, nowMs: number): Promise<readonly Message[]>
    nextDueMs(surface: string): Promise<number | undefined>
    sent(message: Message, what: { ts: string | null; place: string; shown: string | null; told: readonly string[] }): Promise<void> // biome-ignore format: one signature
    postpone(message: Message, how: { dueMs: number; problem: string; isAttempt: boolean }): Promise<void> // biome-ignore format: one signature
    giveUp(message: Message, problem: string | null): Promise<void>
    prune(surface: string, beforeMs: number): Promise<void>
  }
  readonly deliveries: { prune(beforeMs: number): Promise<void> }
  readonly card: (id: string) => Promise<RequestCard | undefined>
  readonly request: (id: string) => Promise<ReleaseEvent | undefined>
  readonly lock: (id: string) => Promise<EndedLock | undefined>
  readonly context: () => Promise<SlackContext>
  /** The Slack users of administrators, who are told what only they can mend. */
  readonly admins: () => Promise<readonly string[]>
  /** The channel for an app in an environment; `null` when none is configured. */
  readonly channelOf: (place: { env: string; app: string | null }) => string | null
  readonly api: SlackApi
  readonly log: {
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}

/** Tells Slack what has changed: reads the feed of changes, and sends what is due. */
export class SlackNotifier {
  readonly #ports: SlackNotifierPorts
  readonly #courier: Courier
  #stopping = false
  #awake = false
  #wake: () => void = () => undefined
  #prunedMs = 0
  #running: Promise<void> | undefined

  constructor(ports: SlackNotifierPorts) {
    this.#ports = ports
    this.#courier = new Courier(ports)
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
        const read = await this.#readChanges()
        await this.#courier.deliver(() => this.#stopping)
        await this.#prune()
        if (!read) await this.#sleep(await this.#untilDue())
      } catch (error) {
        this.#ports.log.error({ err: error }, 'Slack could not be told')
        await this.#sleep(pollMs)
      }
    }
  }

  /** Marks what changed as to be told. Answers whether there was anything. */
  async #readChanges(): Promise<boolean> {
    const { messages, clock } = this.#ports
    const { subjects, upto } = await messages.changes('slack', changesMax)
    if (subjects.length === 0) return false
    const known = await messages.about('slack', subjects)
    const nowMs = clock.nowMs()
    const added = [
      ...(await channelMessages(this.#ports, { subjects, known, nowMs })),
      ...(await this.#brokenLocks(subjects, nowMs)),
    ]
    const reader = { name: 'slack', surface: 'slack', upto }
    await messages.read(reader, { subjects, added, nowMs })
    return true
  }

  /** Whoever ends the lock of another says so to its holder. */
  async #brokenLocks(subjects: readonly Subject[], nowMs: number): Promise<NewMessage[]> {
    const context = await this.#ports.context()
    const told: NewMessage[] = []
    for (const { id } of subjects.filter(({ kind }) => kind === 'lock')) {
      const found = await this.#ports.lock(id)
      const holder = found && context.slackUser(found.lock.by)
      if (!found?.endedBy || found.endedBy === found.lock.by || !holder) continue
      told.push({
        key: `broken ${id}`,
        surface: 'slack',
        kind: 'post',
        subject: null,
        place: holder,
        thread: null,
        body: brokenLockMessage(found.lock, found.endedBy, context),
        dueMs: nowMs,
        untilMs: nowMs + rememberedMs,
      })
    }
    return told
  }

  async #prune(): Promise<void> {
    const { messages, deliveries, clock } = this.#ports
    const nowMs = clock.nowMs()
    if (nowMs < this.#prunedMs + pruneEveryMs) return
    this.#prunedMs = nowMs
    await messages.prune('slack', nowMs - rememberedMs)
    await deliveries.prune(nowMs - rememberedMs)
  }

  async #untilDue(): Promise<number> {
    const { messages, clock } = this.#ports
    const dueMs = await messages.nextDueMs('slack')
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
