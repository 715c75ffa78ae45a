import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cpuMsOfEach } from '../support/edge-cpu.ts'
import { eventually } from '../support/eventually.ts'
import { membersOf } from '../support/process-group.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'

let worker: Workerd
const work: (() => unknown)[] = []

beforeAll(async () => {
  worker = await startWorkerd('probe', {}, (one) => void work.push(one))
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

const kept = async (): Promise<readonly string[]> => (await fetch(worker.url)).json() as never
const says = (what: string) => eventually(async () => expect(await kept()).toContain(what))

describe('the runtime in tests', () => {
  it('has a queue, a cron and alarms', async () => {
    await fetch(`${worker.url}/send`)
    expect((await worker.tick()).status).toBe(200)
    await fetch(`${worker.url}/alarm`)
    await Promise.all(['sent', 'minute', 'alarm'].map(says))
  })

  it('goes on after a kill with what objects kept, at the same address', async () => {
    await fetch(worker.url, { method: 'POST', body: 'before' })
    await worker.kill()
    await expect(fetch(worker.url)).rejects.toThrow()
    await worker.restart()
    expect(await kept()).toContain('before')
  })

  it('says what processor time a request takes', async () => {
    const spin = (turns: number) => () => fetch(`${worker.url}/spin?turns=${turns}`)
    const little = await cpuMsOfEach(worker, { times: 100, ask: spin(1) })
    const much = await cpuMsOfEach(worker, { times: 20, ask: spin(5_000_000) })
    expect(little).toBeLessThan(10)
    expect(much).toBeGreaterThan(2 * little)
  })
})

describe('a group of processes', () => {
  it('is empty where there is none', () => {
    expect(membersOf(2 ** 30)).toEqual([])
  })
})
