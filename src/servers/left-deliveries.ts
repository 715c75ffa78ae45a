/**
 * How long another server has for what it took, in milliseconds. One that lives tries GitHub's for two
 * minutes at most; what is open for longer was left by one that died.
 */
const leftMs = 3 * 60_000
const lookMs = 30_000

type Left = { readonly key: string; readonly server: string }

export type LeftPorts<Of extends Left> = {
  readonly deliveries: {
    openElsewhere(surface: string): Promise<readonly Of[]>
    takeOver(delivery: Of): Promise<boolean>
  }
  readonly monotonicMs: () => number
  /** Carries a delivery out, beside everything else. */
  readonly carryOn: (delivery: Of) => void
  readonly log: {
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
  }
}

/**
 * Carries out what other servers took and left. How long that lies there is counted from when it was
 * seen first, by a clock that does not jump: when another server took it says nothing here.
 */
export class LeftDeliveries<Of extends Left> {
  readonly #ports: LeftPorts<Of>
  readonly #surface: string
  #seenMs = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined

  constructor(ports: LeftPorts<Of>, surface: string) {
    this.#ports = ports
    this.#surface = surface
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#looking ??= this.look().finally(() => {
        this.#looking = undefined
      })
    }, lookMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    const { deliveries, monotonicMs, log } = this.#ports
    try {
      const nowMs = monotonicMs()
      const open = await deliveries.openElsewhere(this.#surface)
      this.#seenMs = new Map(open.map(({ key }) => [key, this.#seenMs.get(key) ?? nowMs]))
      for (const one of open)
        if (nowMs - (this.#seenMs.get(one.key) ?? nowMs) >= leftMs) await this.#take(one)
    } catch (error) {
      log.warn({ err: error }, `what ${this.#surface} sent to other servers could not be looked at`)
    }
  }

  async #take(delivery: Of): Promise<void> {
    const { deliveries, log, carryOn } = this.#ports
    if (!(await deliveries.takeOver(delivery))) return
    log.info({ key: delivery.key }, 'carrying out what a server took that is gone')
    carryOn(delivery)
  }
}
