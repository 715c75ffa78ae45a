import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { brokenAnswer } from '../ingress/http/errors.ts'
import { type ServerParts, serverParts } from '../server-parts.ts'
import type { AcceptResult, Arrival } from '../store/artifacts.ts'
import { newServerId } from '../store/ids.ts'
import { IndexStore } from '../store/release-index.ts'
import type { Bindings, ObjectState, ServerCalls } from './bindings.ts'
import { edgeConfig } from './edge-config.ts'
import { logOf } from './log.ts'
import { notConfigured } from './not-configured.ts'
import { openCore } from './open-core.ts'
import { Shifts } from './shifts.ts'
import { takeInUnread } from './unread.ts'

/** GitHub is compared with every second minute, as on a machine. */
const sweepMinutes = 2

type Running = ServerParts & { readonly shifts: Shifts }

/**
 * The server in a Durable Object: the one writer of the repository that it is named after. Should the
 * platform let two of them live for a moment, the lease in the database decides.
 */
export class EdgeServer implements ServerCalls {
  readonly #state: ObjectState
  readonly #config: ReturnType<typeof edgeConfig>
  #opening: Promise<Running> | undefined
  #minutes = 0

  constructor(state: ObjectState, bindings: Bindings) {
    this.#state = state
    this.#config = edgeConfig(bindings)
  }

  async fetch(request: Request): Promise<Response> {
    if ('problems' in this.#config) return notConfigured(this.#config)
    try {
      const { app, shifts } = await this.#running(this.#config)
      const answer = await app.fetch(request)
      await takeInUnread(request)
      if (request.method !== 'GET' && answer.ok) await shifts.wake()
      return answer
    } catch (error) {
      logOf(this.#config).error({ err: error }, 'the server could not be opened')
      return brokenAnswer(error)
    }
  }

  async accept(arrival: Arrival): Promise<AcceptResult> {
    if ('problems' in this.#config) throw new Error(this.#config.problems.join('; '))
    const { artifacts, shifts, wake } = await this.#running(this.#config)
    const accepted = await artifacts.accept(arrival)
    if (accepted.kind === 'stored') {
      wake()
      await shifts.wake()
    }
    return accepted
  }

  async wake(): Promise<void> {
    if ('problems' in this.#config) return
    const { shifts, surfaces, wake } = await this.#running(this.#config)
    await surfaces.resume()
    wake()
    await shifts.wake()
  }

  async tick(): Promise<void> {
    if ('problems' in this.#config) return
    const { artifacts, surfaces } = await this.#running(this.#config)
    await this.wake()
    if (this.#minutes++ % sweepMinutes > 0) return
    await artifacts.indexCommits()
    await surfaces.sweep()
  }

  /** The object's alarm went off. */
  async alarm(): Promise<void> {
    if ('problems' in this.#config) return
    const { shifts, surfaces } = await this.#running(this.#config)
    await surfaces.resume()
    await shifts.work()
  }

  /** Opened at the first call; what keeps it from being opened now may be over at the next one. */
  #running(config: Config): Promise<Running> {
    this.#opening ??= this.#open(config).catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(config: Config): Promise<Running> {
    const core = await openCore(config)
    const { database, log } = core
    const names = config.gitops.repositories.map(({ name }) => name)
    await IndexStore.keepOnly(database, names)
    const parts = await serverParts(config, {
      ...core,
      adminToken: config.adminToken ?? '',
      setup: null,
      // Another object of this name may live still: nothing of it is taken for dead before its time.
      who: { server: 'edge', host: 'edge', place: newServerId() },
      isSweeping: false,
    })
    for (const follower of parts.followers) follower.start()
    parts.surfaces.start()
    // The door goes by the policies that were read last.
    parts.policiesNow().catch((error: unknown) => log.warn({ err: error }, 'no policies yet'))
    for (const warning of config.warnings) log.warn({}, warning)
    const shifts = this.#shiftsOf(parts, log)
    // The one before may have been cut off: what it left is looked at now, not at its next alarm.
    await shifts.wake()
    return { ...parts, shifts }
  }

  #shiftsOf({ candidacy, surfaces, nextDueMs }: ServerParts, log: ShiftLog): Shifts {
    const { storage } = this.#state
    return new Shifts({
      ...{ pause, nextDueMs, log, isBusy: surfaces.isBusy },
      clock: { nowMs: () => Date.now() },
      setAlarm: (ms) => (ms === null ? storage.deleteAlarm() : storage.setAlarm(ms)),
      begin() {
        const leader = candidacy()
        leader.start()
        return {
          get isLeading() {
            return leader.isLeading
          },
          stop: () => leader.stop(),
        }
      },
    })
  }
}

type ShiftLog = ConstructorParameters<typeof Shifts>[0]['log']
