import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { createRepository } from '../../src/gitops/clone.ts'
import { backend, gitHost } from '../support/git-host.ts'
import { programsOf } from '../support/processes.ts'
import { endPrograms, until } from '../support/program.ts'
import { putScript } from '../support/temp.ts'
import { goal, scaled } from './load/goal.ts'
import { type Loaded, place } from './load/place.ts'
import { endLoad, run } from './load/start.ts'
import { watch } from './load/watch.ts'

afterEach(endPrograms)
afterEach(endLoad)

const readyGoalSeconds = 5
const exitGoalSeconds = 10

it('F2, I1: after a SIGKILL with some 10,000 events pending the server is ready again, and carries all of them out', async () => {
  const here = await place({ apps: 100 })
  const hosted = join(here.folder, 'hosted')
  await createRepository(join(hosted, 'gitops.git'), 'main', process.env)
  let isHanging = false
  const host = await gitHost(hosted, async ({ request, response }) => {
    // What hangs ends with its connection, when the server dies.
    if (isHanging) return true
    await backend(hosted, { request, response })
    return true
  })
  const environment = { GITOPS_REPO: `${host.url}/gitops.git` }
  const server = await here.start(environment)
  isHanging = true
  // One in ten is released.
  const mix = here.mix({ kind: 'artifacts', count: scaled(11_000), releasedOneIn: 10 })
  const sent = await run('send', { port: server.port, connections: 64, perSecond: null, mix })
  await server.kill()
  const [open] = await here.rows(`select count(*) as n from events where status = 'new'`)
  const pending = Number(open?.n)
  expect(pending).toBeGreaterThan(mix.count / 2)
  isHanging = false
  const beganMs = performance.now()
  const next = await here.start(environment)
  await until(async () => (await fetch(`${next.url}/readyz`)).status === 200)
  const is = (performance.now() - beganMs) / 1000
  const watching = watch(next)
  expect(await here.missing(sent.accepted)).toEqual([])
  await here.settled()
  await watching.stop('10,000 events that were pending')
  await here.holds(sent.accepted, join(hosted, 'gitops.git'))
  const what = `ready after a SIGKILL with ${pending} events pending`
  goal({ rows: ['F2'], what, is, most: readyGoalSeconds, unit: 's' })
  expect(await next.stop()).toBe(0)
})

/** A server with open connections of each kind, and a push in flight that takes a minute. */
async function busy() {
  const here = await place()
  const remote = join(here.folder, 'remote.git')
  await createRepository(remote, 'main', process.env)
  await putScript(remote, 'hooks/pre-receive', '#!/bin/sh\nsleep 60\n')
  const server = await here.start({ GITOPS_REPO: remote })
  const clone = join(here.dataDir, 'clone.git')
  const mix = here.mix({ kind: 'artifacts', count: 1, releasedOneIn: 1 })
  const { accepted } = await run('send', {
    port: server.port,
    connections: 1,
    perSecond: null,
    mix,
  })
  const sleeps = () => programsOf(clone).concat(programsOf(remote)).join().includes('sleep')
  await until(async () => sleeps())
  const openers = ['', 'GET / HTTP/1.1\r\nx-a: ', bodyHead(server)]
  const sockets = Array.from({ length: 30 }, (_, at) => {
    const socket = connect({ port: server.port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    socket.write(openers[at % openers.length] ?? '')
    return socket
  })
  await Promise.all(sockets.map((socket) => new Promise((done) => socket.once('connect', done))))
  const leftBehind = () => [...programsOf(clone), ...programsOf(remote)]
  return { here, server, remote, accepted, leftBehind }
}

const bodyHead = ({ token }: Loaded) =>
  `POST /api/artifact HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: 9000\r\n\r\n{`

it('F36: SIGTERM with slow requests, open connections and a push in flight ends the server in time, and no child is left', async () => {
  const { here, server, remote, accepted, leftBehind } = await busy()
  const beganMs = performance.now()
  expect(await server.stop()).toBe(0)
  const is = (performance.now() - beganMs) / 1000
  await expect.poll(leftBehind).toEqual([])
  goal({ rows: ['F36'], what: 'from SIGTERM to the end', is, most: exitGoalSeconds, unit: 's' })
  await putScript(remote, 'hooks/pre-receive', '#!/bin/sh\n')
  const next = await here.start({ GITOPS_REPO: remote })
  await here.settled()
  await here.holds(accepted, remote)
  expect(await next.stop()).toBe(0)
})

it('F36: a second SIGTERM ends it at once, and no child is left', async () => {
  const { server, leftBehind } = await busy()
  const beganMs = performance.now()
  process.kill(server.pid, 'SIGTERM')
  await until(async () => isRefused(server.port))
  expect(await server.stop()).toBe(1)
  const is = (performance.now() - beganMs) / 1000
  await expect.poll(leftBehind).toEqual([])
  goal({ rows: ['F36'], what: 'from a second SIGTERM to the end', is, most: 1, unit: 's' })
})

/** The server takes nothing new: the first signal has arrived. */
const isRefused = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      done(false)
    })
    socket.once('error', () => done(true))
  })
