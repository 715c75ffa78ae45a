import type { EdgeWorld } from './edge-world.ts'
import type { GithubCall } from './github.ts'
import type { HostCall } from './libsql-host.ts'

/** Where a runtime is cut off: at a call that makes, moves or writes something. */
export type Cut = {
  /** What the call is about: its method and path, or the first statement that it writes. */
  readonly at: RegExp
  /** Which of the calls that are so, counted from 1. */
  readonly nth?: number
  /** `before`: the call is not carried out; `after`: it is, and nobody hears of it. */
  readonly where: 'before' | 'after'
}

type Armed = Cut & { left: number; readonly cut: (name: string) => void }
type World = Pick<EdgeWorld, 'worker' | 'github' | 'slack' | 'libsql'>

/** Ends a runtime in the middle of what it does. */
export class Cutter {
  readonly #world: World
  #armed: Armed | undefined
  /** The calls that something could have been cut off at, since the start or the last cut. */
  points: string[] = []

  constructor(world: World) {
    const { github, slack, libsql } = world
    this.#world = world
    github.fault = (call) => {
      if (call.method === 'GET' || isQuestion(call)) return undefined
      const where = this.#pass(`${call.method} ${call.path}`)
      return where && (where === 'before' ? { close: true } : { lost: true })
    }
    slack.fault = ({ method }) => {
      const where = method.startsWith('chat.') ? this.#pass(method) : undefined
      return where && (where === 'before' ? { close: true } : { lost: true })
    }
    libsql.fault = (call) => {
      const where = call.isWrite ? this.#pass(nameOf(call)) : undefined
      return where && (where === 'before' ? 'cut' : 'forsaken')
    }
  }

  /** Ends the runtime at a call to come, and then answers which one that was. */
  cut({ at, nth = 1, where }: Cut): Promise<string> {
    this.points = []
    return new Promise((cut) => {
      this.#armed = { at, where, left: nth, cut }
    })
  }

  #pass(name: string): Cut['where'] | undefined {
    this.points.push(name)
    const armed = this.#armed
    if (!armed?.at.test(name) || --armed.left > 0) return undefined
    this.#armed = undefined
    void this.#world.worker.kill().then(() => armed.cut(name))
    return armed.where
  }
}

/** A signed token is no effect, and neither is what is only asked. */
const isQuestion = ({ path, body }: GithubCall): boolean =>
  path.endsWith('/access_tokens') || (path === '/graphql' && !String(body.query).startsWith('mutation')) // biome-ignore format: one value

/** The statements that a write is of, without what stands around each. */
const nameOf = ({ sql }: HostCall): string =>
  sql
    .filter(
      (text) => !/^\s*(?:begin|commit|rollback|pragma)\b|lease_guard|write_receipts/i.test(text),
    )
    .map((text) => text.replaceAll(/\s+/g, ' ').trim())
    .join('; ')
