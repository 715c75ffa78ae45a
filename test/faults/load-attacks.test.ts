import { afterEach, expect, it } from 'vitest'
import { effort, figure } from '../support/figures.ts'
import { endPrograms } from '../support/program.ts'
import type { Body } from './load/bodies.ts'
import { goal, scaled } from './load/goal.ts'
import { type Loaded, type Place, place } from './load/place.ts'
import { endLoad, run, start } from './load/start.ts'
import { rssMiBMost, useOf, watch } from './load/watch.ts'

afterEach(endPrograms)
afterEach(endLoad)

const seconds = Math.ceil((effort >= 3 ? 60 : 15) * Math.min(1, effort))
/** The acknowledgement that legitimate senders get meanwhile, in milliseconds. */
const legitMsMost = 500

/** What legitimate senders send meanwhile, 50 a second. */
const legit = (here: Place, { port }: Loaded) =>
  run('send', {
    ...{ port, connections: 16, perSecond: 50 },
    mix: here.mix({ kind: 'mixed', count: 50 * seconds, releasedOneIn: 10 }),
  })

it('F34, I8: 2,000 slow connections keep nobody waiting, and who sends slowly is hung up on', async () => {
  const here = await place()
  const server = await here.start()
  await legit(here, server)
  const before = useOf(server.pid)
  const watching = watch(server)
  const job = { port: server.port, everyMs: 1_000, token: server.token }
  const senders = await start('slow', {
    ...{ ...job, connections: scaled(1_333), ways: ['headers', 'bodies'] },
  })
  const readers = await start('slow', { ...job, connections: scaled(667), ways: ['readers'] })
  const sent = await legit(here, server)
  const closed = await senders.result
  const { opened } = await (effort >= 3 ? readers.result : readers.stop())
  await watching.stop(`${closed.opened + opened} slow connections`)
  expect(closed.closedByServer).toBe(closed.opened)
  expect(await here.missing(sent.accepted)).toEqual([])
  const rows = ['F34']
  const what = `acknowledgement beside ${closed.opened + opened} slow connections, p99`
  goal({ rows, what, is: sent.p99Ms, most: legitMsMost, unit: 'ms' })
  const longest = 'who sends a request slowly is hung up on after'
  goal({ rows, what: longest, is: closed.longestMs / 1000, most: 35, unit: 's' })
  await expect.poll(() => useOf(server.pid).handles).toBeLessThan((before.handles ?? 0) + 50)
  expect(await server.stop()).toBe(0)
})

it('A5, A32, A35: thousands of unsigned requests a second are refused, and keep nobody waiting', async () => {
  const here = await place()
  const server = await here.start()
  await legit(here, server)
  const watching = watch(server)
  const mix = here.mix({ kind: 'unsigned', count: 1_000 })
  const flood = await start('send', {
    ...{ port: server.port, connections: 64, mix, perSecond: 5_000 },
    forMs: seconds * 1_000,
  })
  const sent = await legit(here, server)
  const { statuses, perSecond } = await flood.result
  const seen = await watching.stop('5,000 unsigned requests a second')
  expect(Object.keys(statuses)).toEqual(['401'])
  expect(sent.accepted).toHaveLength(50 * seconds)
  expect(await here.missing(sent.accepted)).toEqual([])
  const rows = ['A5', 'A32', 'A35']
  figure({ rows, what: 'unsigned requests refused', is: `${perSecond.toFixed(0)} a second` })
  const what = 'acknowledgement beside them, p99'
  goal({ rows, what, is: sent.p99Ms, most: legitMsMost, unit: 'ms' })
  goal({ rows: ['I8'], what: 'memory beside them', is: seen.rssMiB, most: rssMiBMost, unit: 'MiB' })
  expect(await server.stop()).toBe(0)
})

const mebibyte = 1 << 20
const gibibyte = 1 << 30
const json = 'content-type: application/json'
const forged = `x-hub-signature-256: sha256=${'0'.repeat(64)}`
const slackSigned = [`x-slack-signature: v0=${'0'.repeat(64)}`, 'x-slack-request-timestamp: 1']

/** A request to each door that takes a body, by someone whom no door knows; and by one whom they know. */
const heads = ({ token }: Loaded): readonly (readonly string[])[] =>
  [
    ['POST /api/artifact HTTP/1.1', json],
    ['POST /api/artifact HTTP/1.1', json, `authorization: Bearer ${token}`],
    ['POST /api/github/webhooks HTTP/1.1', json, forged, 'x-github-event: push'],
    ['POST /slack/events HTTP/1.1', json, ...slackSigned],
    ['POST /nowhere HTTP/1.1', json],
    ['GET / HTTP/1.1', json],
  ].map(([first = '', ...rest]) => [first, 'host: 127.0.0.1', ...rest])

const sizes = [1, mebibyte, mebibyte + 1, 25 * mebibyte, 25 * mebibyte + 1, gibibyte]

it('F33, A5, I8: bodies of up to a gibibyte, whatever they say of themselves, do not fill the memory', async () => {
  const here = await place()
  const server = await here.start({
    SLACK_SIGNING_SECRET: 'a-signing-secret',
    SLACK_BOT_TOKEN: 'xoxb-1',
  })
  await legit(here, server)
  const before = useOf(server.pid).rssMiB ?? 0
  const watching = watch(server)
  const { port } = server
  const all = heads(server).flatMap((head) =>
    sizes.flatMap((bytes): Body[] => [
      { head, says: bytes, bytes },
      { head, says: 'chunked', bytes },
      // One that says too little, and one that says too much and ends.
      { head, says: 10, bytes },
    ]),
  )
  const answered = await run('bodies', { port, bodies: all, atOnce: 8 })
  const wrong = answered.filter(({ status }) => status < 400 && status !== 200)
  expect(wrong).toEqual([])
  // The largest that a door takes before it knows who sends it, a hundred at once.
  const [, , github = []] = heads(server)
  const large = { head: github, says: 25 * mebibyte, bytes: 25 * mebibyte }
  const chunked = { ...large, says: 'chunked' as const }
  const bodies = Array.from({ length: scaled(200) }, (_, at) => (at % 2 ? large : chunked))
  const many = await run('bodies', { port, bodies, atOnce: 100 })
  const seen = await watching.stop('huge bodies')
  expect(many.every(({ status }) => status === 401 || status === 503)).toBe(true)
  const rows = ['F33', 'A5']
  const what = 'memory that 100 bodies of 25 MiB at once add'
  goal({ rows, what, is: seen.rssMiB - before, most: 100, unit: 'MiB' })
  const sent = await legit(here, server)
  expect(sent.accepted).toHaveLength(50 * seconds)
  expect(await server.stop()).toBe(0)
})
