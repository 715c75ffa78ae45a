import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long someone may take at GitHub, and how many may be on their way at once. */
export const stateSeconds = 30 * 60
const statesMax = 8

type State = { readonly state: Buffer; readonly cookie: Buffer; readonly untilMs: number }

/** Who was sent to GitHub and may come back: once, in time, and in the same browser. */
export class SetupStates {
  #open: readonly State[] = []

  /** Two secrets: one that goes through GitHub, and one that stays in the browser. */
  make(nowMs: number): { state: string; cookie: string } {
    const [state, cookie] = [newSecret(), newSecret()]
    const made = { state: hashOf(state), cookie: hashOf(cookie) }
    const untilMs = nowMs + stateSeconds * 1000
    this.#open = [...this.#open, { ...made, untilMs }].slice(-statesMax)
    return { state, cookie }
  }

  /** True for the first who comes back with both. Whoever has only one uses nothing up. */
  take({ state, cookie }: { state: string; cookie: string }, nowMs: number): boolean {
    const given = { state: hashOf(state), cookie: hashOf(cookie) }
    const found = this.#open.find(
      (one) => timingSafeEqual(one.state, given.state) && timingSafeEqual(one.cookie, given.cookie),
    )
    this.#open = this.#open.filter((one) => one !== found)
    return found !== undefined && found.untilMs > nowMs
  }
}

const newSecret = () => randomBytes(32).toString('base64url')
const hashOf = (text: string) => createHash('sha256').update(text).digest()
