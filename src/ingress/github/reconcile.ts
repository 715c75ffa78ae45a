import { GoneBranches } from './gone-branches.ts'
import { Installations } from './installations.ts'
import { takeMissed } from './missed.ts'
import { repairPulls } from './open-pulls.ts'
import type { RecordPorts, Repository } from './ports.ts'
import type { GithubReceiver } from './receiver.ts'
import { Ended, SweepCalls, type Why } from './sweep-calls.ts'

/** After the start, so that what GitHub sends by itself is taken first. */
const firstMs = 3_000
const everyMs = 2 * 60_000
/** How much of a wait is left to chance, so that many servers do not ask at once. */
const jitter = 0.1
/** An installation may ask 5,000 times an hour; comments need most of it. */
const callsMax = 100
/** The most that two steps may ask, and what the pull requests leave to the branches. */
const shares = { missed: 50, installations: 25, branches: 20 } as const
/** GitHub asks to wait for an hour at most. */
const limitedMsMax = 60 * 60_000
/** What heads were is of use for as long as deliveries are remembered. */
const headsSeconds = 30 * 24 * 60 * 60

type ReconcilePorts = RecordPorts & {
  readonly door: Pick<GithubReceiver, 'knows' | 'take' | 'leave'>
}
type Step = readonly [name: string, run: (calls: SweepCalls) => Promise<void>]

/**
 * Asks GitHub again and again what it may have told us in vain: webhooks are lost and reordered, and
 * nobody sends them again (rows F15 to F17).
 */
export class Reconciler {
  readonly #ports: ReconcilePorts
  #stopping = new AbortController()
  readonly #installations: Installations
  readonly #branches: GoneBranches
  /** In which sweep the pull requests of a repository were looked at last, and whether they were shown. */
  readonly #lookedAt = new Map<number, { readonly sweep: number; readonly isShown: boolean }>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #quietUntilMs = 0
  #isDown = false
  #sweeps = 0

  constructor(ports: ReconcilePorts) {
    this.#ports = ports
    this.#installations = new Installations(ports)
    this.#branches = new GoneBranches(ports)
  }

  /** May be started again after a stop. */
  start(): void {
    this.#stopping = new AbortController()
    this.#later(firstMs)
  }

  /** Ends a sweep wherever it is. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  /** Looks at everything once; while that goes on, it is the same sweep. Never rejects. */
  sweep(): Promise<void> {
    this.#running ??= this.#sweep().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  #later(ms: number): void {
    if (this.#stopping.signal.aborted) return
    const waitMs = Math.max(ms, this.#quietUntilMs - this.#ports.commands.clock.nowMs())
    this.#timer = setTimeout(
      () => void this.sweep().then(() => this.#later(everyMs)),
      waitMs * (1 + jitter * Math.random()),
    )
  }

  async #sweep(): Promise<void> {
    const { api, commands } = this.#ports
    const { signal } = this.#stopping
    if (signal.aborted || commands.clock.nowMs() < this.#quietUntilMs) return
    this.#sweeps++
    const calls = new SweepCalls({ api, signal, callsMax })
    let problem: string | null = null
    for (const [name, run] of this.#steps()) {
      const why = await this.#end(name, () => run(calls))
      if (why?.kind === 'stopped') return
      if (why?.kind === 'limited') return this.#wait(why.afterMs)
      // One address that is broken must not keep the others from being asked.
      if (why?.kind === 'unreachable') problem ??= why.problem
    }
    // What was found may change which previews there should be.
    commands.wake()
    this.#tell(problem)
  }

  #steps(): readonly Step[] {
    return [
      ['deliveries', (calls) => takeMissed(this.#ports, calls.part(shares.missed))],
      ['installations', (calls) => this.#installations.look(calls.part(shares.installations))],
      ['pull requests', (calls) => this.#pulls(calls.part(calls.left - shares.branches))],
      ['branches', async (calls) => this.#branches.look(calls, await this.#shown())],
    ]
  }

  /** Runs a step to its end. Answers why that came early, if it did. */
  async #end(step: string, run: () => Promise<void>): Promise<Why | null> {
    try {
      await run()
      return null
    } catch (error) {
      if (error instanceof Ended) return error.why
      this.#ports.log.error({ err: error, step }, 'comparing with GitHub broke off')
      return null
    }
  }

  #wait(afterMs: number): void {
    const waitMs = Math.min(afterMs, limitedMsMax)
    this.#quietUntilMs = this.#ports.commands.clock.nowMs() + waitMs
    this.#ports.log.info({ waitMs }, 'GitHub asks to wait before it is compared with again')
  }

  #tell(problem: string | null): void {
    const { log } = this.#ports
    if (problem !== null && !this.#isDown)
      log.warn({ problem }, 'GitHub does not answer: what was missed is looked for when it does')
    if (problem === null && this.#isDown) log.info({}, 'GitHub answers again')
    this.#isDown = problem !== null
  }

  /** Those repositories first that were not looked at for longest. */
  async #pulls(calls: SweepCalls): Promise<void> {
    const { pulls, commands } = this.#ports
    await pulls.forgetHeads(Math.floor(commands.clock.nowMs() / 1000) - headsSeconds)
    const all = await pulls.repositories()
    const ids = new Set(all.map(({ id }) => id))
    for (const id of this.#lookedAt.keys()) if (!ids.has(id)) this.#lookedAt.delete(id)
    const ageOf = ({ id }: Repository) => this.#lookedAt.get(id)?.sweep ?? 0
    for (const repository of [...all].sort((one, other) => ageOf(one) - ageOf(other))) {
      const { id } = repository
      if (calls.left > 0) this.#lookedAt.set(id, { sweep: this.#sweeps, isShown: false })
      const isShown = await repairPulls(this.#ports, calls, repository)
      this.#lookedAt.set(id, { sweep: this.#sweeps, isShown })
    }
  }

  /** Only of these is it known which branches are of forks. */
  async #shown(): Promise<Repository[]> {
    const all = await this.#ports.pulls.repositories()
    return all.filter(({ id }) => this.#lookedAt.get(id)?.isShown)
  }
}
