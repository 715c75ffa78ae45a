import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Shifts } from '../../src/edge/shifts.ts'

/**
 * An object of the platform, with time that goes on only when somebody waits: its alarm outlives it, and
 * a kill throws away whatever is under way.
 */
class Platform {
  nowMs = 0
  alarmMs: number | undefined
  /** When each piece of work is due that is not done. */
  due: number[] = []
  shifts = 0
  isBusy = false
  isAnswering = true
  /** Happens once, while a shift says that it needs no other. */
  atEnd: (() => Promise<void>) | undefined
  #life = 0
  #object: Shifts | undefined

  /** The object, which is made when it is called and not there. */
  get object(): Shifts {
    this.#object ??= this.#made(this.#life)
    return this.#object
  }

  kill(): void {
    this.#life++
    this.#object = undefined
  }

  /** Somebody asks for something and says so. */
  async ask(dueMs: number): Promise<void> {
    this.due.push(dueMs)
    await this.object.wake()
  }

  /** Lets alarms go off until there is none left, or until the end. */
  async run({ untilMs, killAtMs }: { untilMs: number; killAtMs?: number }): Promise<void> {
    while (this.alarmMs !== undefined && this.alarmMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.alarmMs)
      this.alarmMs = undefined
      this.#killAtMs = killAtMs
      // One that is killed never ends, and nobody hears of it.
      await Promise.race([
        this.object.work(),
        new Promise<void>((gone) => {
          this.#gone = gone
        }),
      ])
    }
  }
  #killAtMs: number | undefined
  #gone: () => void = () => undefined

  #made(life: number): Shifts {
    return new Shifts({
      clock: { nowMs: () => this.nowMs },
      pause: (ms) => this.#pause(ms, life),
      setAlarm: async (ms) => {
        this.alarmMs = ms ?? undefined
        const { atEnd } = this
        if (ms !== null || atEnd === undefined) return
        this.atEnd = undefined
        await atEnd()
      },
      begin: () => {
        this.shifts++
        let isOn = true
        const term = {
          isLeading: true,
          async stop() {
            isOn = false
          },
        }
        this.#work = () => {
          if (isOn) this.due = this.due.filter((ms) => ms > this.nowMs)
        }
        return term
      },
      isBusy: () => this.isBusy,
      nextDueMs: async () => {
        if (!this.isAnswering) throw new Error('no answer')
        return this.due.length === 0 ? undefined : Math.min(...this.due)
      },
      log: { warn: () => undefined },
    })
  }
  #work: () => void = () => undefined

  #pause(ms: number, life: number): Promise<void> {
    this.nowMs += ms
    if (this.#killAtMs !== undefined && this.nowMs >= this.#killAtMs) {
      this.#killAtMs = undefined
      this.kill()
      this.#gone()
    }
    if (life !== this.#life) return new Promise(() => undefined)
    this.#work()
    return Promise.resolve()
  }
}

const farMs = 10_000_000

describe('shifts', () => {
  test('do what is asked for, and rest when there is nothing to do', async () => {
    const platform = new Platform()
    await platform.ask(0)
    await platform.run({ untilMs: farMs })
    expect(platform).toMatchObject({ due: [], shifts: 1, alarmMs: undefined })
  })

  test('come back for what is due later', async () => {
    const platform = new Platform()
    await platform.ask(600_000)
    await platform.run({ untilMs: 599_000 })
    expect(platform).toMatchObject({ due: [600_000], alarmMs: 600_000 })
    await platform.run({ untilMs: farMs })
    expect(platform).toMatchObject({ due: [], shifts: 2 })
  })

  test('wait for what is being carried out, one after the other', async () => {
    const platform = new Platform()
    platform.isBusy = true
    await platform.ask(0)
    await platform.run({ untilMs: 100_000 })
    expect(platform.shifts).toBeGreaterThan(2)
    platform.isBusy = false
    await platform.run({ untilMs: farMs })
    expect(platform.alarmMs).toBeUndefined()
  })

  test('look again when they are woken while they end', async () => {
    const platform = new Platform()
    await platform.ask(0)
    platform.atEnd = () => platform.ask(platform.nowMs)
    await platform.run({ untilMs: farMs })
    expect(platform).toMatchObject({ due: [], shifts: 2, alarmMs: undefined })
  })

  test('come back while the database does not answer (F8)', async () => {
    const platform = new Platform()
    await platform.ask(0)
    platform.isAnswering = false
    await platform.run({ untilMs: 120_000 })
    expect(platform.alarmMs).toBeDefined()
    platform.isAnswering = true
    await platform.run({ untilMs: farMs })
    expect(platform).toMatchObject({ due: [], alarmMs: undefined })
  })

  test('leave nothing undone, whenever they are asked and cut off (F6)', async () => {
    const asked = fc.record({
      dueMs: fc.nat(90_000),
      runMs: fc.nat(90_000),
      killAfterMs: fc.option(fc.nat(40_000), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 1, maxLength: 8 }), async (all) => {
        const platform = new Platform()
        for (const { dueMs, runMs, killAfterMs } of all) {
          await platform.ask(platform.nowMs + dueMs)
          const { nowMs } = platform
          const kill = killAfterMs === undefined ? {} : { killAtMs: nowMs + killAfterMs }
          await platform.run({ untilMs: nowMs + runMs, ...kill })
        }
        await platform.run({ untilMs: farMs })
        expect(platform).toMatchObject({ due: [], alarmMs: undefined })
      }),
      { numRuns: 500 },
    )
  })
})
