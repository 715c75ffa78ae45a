import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'

/** After this keys are read again before they are used: a key that was withdrawn ends. */
const freshMs = 10 * 60_000
/** How long keys that are not fresh are used without asking again, once the issuer did not answer. */
const awayMs = 30_000
/** After this keys that could not be read again are trusted no more. */
const keptMs = 24 * 60 * 60_000
/** The least time between two readings, whatever tokens come. */
const cooldownMs = 2_000

export type KeyPorts = {
  readonly clock: { nowMs(): number }
  readonly pause: (ms: number) => Promise<unknown>
  readonly read: () => Promise<JSONWebKeySet>
  /** Keys could not be read. */
  readonly unreadable: (error: unknown) => void
}

type Key = Awaited<ReturnType<JWTVerifyGetKey>>
type Held = { readonly find: JWTVerifyGetKey; readonly readMs: number }

/** The keys of an issuer could not be read, so nothing can be said of a token. */
export class KeysAway extends Error {}

/**
 * The keys that an issuer publishes, for as long as they may be used. An unknown one is looked for at
 * the issuer: a token that it signed with a new key waits for that, and is not refused.
 */
export class IssuerKeys {
  readonly #ports: KeyPorts
  #held: Held | null = null
  #triedMs = Number.NEGATIVE_INFINITY
  /** One reading at a time, for all that wait for it. */
  #reading: Promise<boolean> | null = null

  constructor(ports: KeyPorts) {
    this.#ports = ports
  }

  /** The key that a token names. Throws jose's `JWKSNoMatchingKey` or `KeysAway` without one. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (this.#isOld()) await this.#read()
    const known = await this.#known(header, token)
    if (known) return known
    const isJoined = this.#reading !== null
    let isRead = await this.#read()
    const found = await this.#known(header, token)
    if (found) return found
    // A reading that was under way may have begun before the key was there.
    if (isJoined) isRead = await this.#read()
    const late = isJoined ? await this.#known(header, token) : null
    if (late) return late
    throw isRead ? new errors.JWKSNoMatchingKey() : new KeysAway()
  }

  #isOld(): boolean {
    const nowMs = this.#ports.clock.nowMs()
    return (
      this.#held !== null &&
      nowMs - this.#held.readMs > freshMs &&
      (nowMs - this.#triedMs > awayMs || this.#reading !== null)
    )
  }

  async #known(...token: Parameters<JWTVerifyGetKey>): Promise<Key | null> {
    const held = this.#held
    if (held === null || this.#ports.clock.nowMs() - held.readMs > keptMs) return null
    try {
      return await held.find(...token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null
      throw error
    }
  }

  /** Answers whether the issuer told its keys. */
  #read(): Promise<boolean> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readOnce(): Promise<boolean> {
    const { clock, pause, read, unreadable } = this.#ports
    const waitMs = this.#triedMs + cooldownMs - clock.nowMs()
    if (waitMs > 0) await pause(waitMs)
    this.#triedMs = clock.nowMs()
    try {
      this.#held = { find: createLocalJWKSet(await read()), readMs: this.#triedMs }
      return true
    } catch (error) {
      unreadable(error)
      return false
    }
  }
}
