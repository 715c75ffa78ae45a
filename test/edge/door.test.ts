import { type ClientRequest, request } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { manifest, posted, trigger } from '../support/builders.ts'
import { atRest, holds, rowsOf } from '../support/edge-judge.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'

let world: EdgeWorld
const work: (() => unknown)[] = []

beforeAll(async () => {
  const given = {
    policies: { 'to-staging.json': trigger({ app: 'web' }) },
    manifests: { 'staging.yaml': manifest({ env: 'staging' }) },
    settings: { GIMLET_LEASE_SECONDS: '3' },
  }
  world = await edgeWorld(given, (one) => void work.push(one))
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

afterEach(() => {
  world.libsql.fault = () => undefined
})

const artifact = (id: string) =>
  posted({ id, version: { repositoryName: 'owner/other', message: 'x'.repeat(500) } })
const post = (id: string) => world.post('/api/artifact', artifact(id))

/** Posts an artifact as somebody who may go away: the status, or 0 without an answer. */
function statusOf(id: string, open: ClientRequest[]): Promise<number> {
  const { url } = world.worker
  const headers = { authorization: `Bearer ${world.vars.GIMLET_ADMIN_TOKEN}` }
  return new Promise((done) => {
    const asked = request(`${url}/api/artifact`, { method: 'POST', headers }, (answer) => {
      open.splice(open.indexOf(asked), 1)
      answer.resume().once('end', () => done(answer.statusCode ?? 0))
    })
    asked.once('error', () => done(0)).once('close', () => done(0))
    open.push(asked)
    asked.end(JSON.stringify(artifact(id)))
  })
}

const kept = async (like: string) =>
  (await rowsOf(world.file, `select id from artifacts where id like '${like}'`)).map(({ id }) => String(id)) // biome-ignore format: one line

/** The most that the free plan gives to a request. */
const requestMsMax = 10

describe('the door', () => {
  it('answers 503 before it has seen the database, and takes what comes when that is back (F19)', async () => {
    world.libsql.fault = () => ({ status: 502 })
    const answer = await post('too-early')
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'overloaded' } } })
    expect(answer.text).toContain('database')
    const ready = await world.call('/readyz')
    expect(ready).toMatchObject({ status: 503, body: { error: { code: 'overloaded' } } })
    world.libsql.fault = () => undefined
    expect(await post('too-early')).toMatchObject({ status: 201 })
  })

  it('takes 1,000 artifacts with 10 ms of processor time each, at most', async () => {
    const startMs = world.worker.cpuMs()
    await Promise.all(
      Array.from({ length: 20 }, async (_, worker) => {
        for (let at = 0; at < 50; at++)
          expect(await post(`cpu-${worker}-${at}`)).toMatchObject({ status: 201 })
      }),
    )
    const eachMs = (world.worker.cpuMs() - startMs) / 1_000
    process.stdout.write(
      `processor time of an artifact: ${eachMs.toFixed(2)} ms; until then ${startMs} ms\n`,
    )
    expect(await kept('cpu-%')).toHaveLength(1_000)
    expect(eachMs).toBeLessThan(requestMsMax)
    await atRest(world)
  })

  it('keeps what it answered 201, whoever else goes away in the middle', async () => {
    const open: ClientRequest[] = []
    let calls = 0
    // Somebody goes away with every fifth call to the database: any of those who wait, by turns.
    world.libsql.fault = () => {
      if (++calls % 5 === 0) open.splice((calls * 7) % open.length, 1)[0]?.destroy()
      return undefined
    }
    const ids = Array.from({ length: 200 }, (_, at) => `gone-${at}`)
    const answers = await Promise.all(
      ids.map(async (id) => ({ id, status: await statusOf(id, open) })),
    )
    world.libsql.fault = () => undefined
    const stored = new Set(await kept('gone-%'))
    const taken = answers.filter(({ status }) => status === 201)
    expect(taken.filter(({ id }) => !stored.has(id))).toEqual([])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([0, 201]))
    // Whoever went away asks again, and hears the same as whoever did not.
    for (const { id } of answers) expect([200, 201]).toContain((await post(id)).status)
    expect(await kept('gone-%')).toHaveLength(200)
  })
})

describe('a database in trouble', () => {
  it('that loses answers gets each artifact once (F19)', async () => {
    const faults = [
      'dropped',
      undefined,
      undefined,
      'cut',
      undefined,
      'forsaken',
      undefined,
    ] as const
    let calls = 0
    world.libsql.fault = () => faults[calls++ % faults.length]
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => post(`lost-${at}`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(await kept('lost-%')).toHaveLength(20)
  })

  it.each([429, 500, 503])('that answers %i for a while is asked again (F19)', async (status) => {
    const calls = world.libsql.calls.length
    world.libsql.fault = () => (world.libsql.calls.length < calls + 4 ? { status } : undefined)
    expect(await post(`while-${status}`)).toMatchObject({ status: 201 })
    world.libsql.fault = () => undefined
  })

  it('that is away gets nothing by halves, and what was accepted goes on afterwards (F19)', async () => {
    const web = (number: number) =>
      world.post('/api/artifact', posted({ id: `web-${number}`, items: [{ name: 'image', tag: `v${number}` }] })) // biome-ignore format: one line
    // Away from the moment on that the server begins to carry out what was accepted.
    let isAway = false
    world.libsql.fault = ({ sql }) => {
      isAway ||= sql.some((text) => text.includes('into commits'))
      return isAway ? { status: 503 } : undefined
    }
    expect(await web(1)).toMatchObject({ status: 201 })
    await eventually(() => expect(isAway).toBe(true))
    const answer = await web(2)
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'overloaded' } } })
    expect(answer.text).toContain('database')
    world.libsql.fault = () => undefined
    isAway = false
    expect(await kept('web-%')).toEqual(['web-1'])
    const halves = `select e.id from events e where kind = 'artifact'
                    and not exists (select 1 from artifacts a where a.event_id = e.id)`
    expect(await rowsOf(world.file, halves)).toEqual([])
    await world.worker.tick()
    await atRest(world)
    expect(await world.gitops.commits('staging/web')).toHaveLength(1)
    await holds(world, ['web-1'])
  })
})
