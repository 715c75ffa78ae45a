import { afterEach, expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { makeLog } from '../../src/log.ts'
import { startServer } from '../../src/main.ts'
import type { Database } from '../../src/store/client.ts'
import { apiClient } from '../support/api-client.ts'
import { manifest, posted } from '../support/builders.ts'
import { eventually } from '../support/eventually.ts'
import { endPrograms, startProgram } from '../support/program.ts'
import { putFiles, tempFolder } from '../support/temp.ts'

afterEach(endPrograms)

/** What asks the database when it is called; each is broken at each of its questions. */
const requests = [
  { method: 'POST', path: '/api/artifact', body: posted({ id: 'web-2' }) },
  { method: 'POST', path: '/api/releases', body: { env: 'production', app: 'web', artifactId: 'web-1' } }, // biome-ignore format: one value
  { method: 'POST', path: '/api/locks', body: { env: 'production', reason: 'freeze' } },
  { method: 'POST', path: '/api/artifacts/web-1/block', body: { reason: 'bad' } },
  { method: 'GET', path: '/api/artifacts' },
  { method: 'GET', path: '/api/releases?env=production' },
  { method: 'GET', path: '/api/status?env=*' },
  { method: 'GET', path: '/api/event?id=web-1' },
  { method: 'GET', path: '/api/locks' },
  { method: 'GET', path: '/api/users' },
  { method: 'GET', path: '/readyz' },
  { method: 'GET', path: '/metrics' },
]

/** A server whose database throws when its count has run down, once, however it is asked. */
async function breakable() {
  const folder = await tempFolder()
  await putFiles(folder, { 'policies/.keep': '', 'manifests/web.yaml': manifest() })
  const environment = { PORT: '0', GIMLET_DATA_DIR: `${folder}/data`, POLICIES: `${folder}/policies`, MANIFESTS: `${folder}/manifests`, LOG_LEVEL: 'silent' } // biome-ignore format: one value
  const config = readConfig(environment, null)
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  const left = { count: Number.POSITIVE_INFINITY }
  const counted = <T>(ask: () => Promise<T>): Promise<T> =>
    left.count-- === 0 ? Promise.reject(new Error('a bug, as the test wants it')) : ask()
  const through = (database: Database): Database => ({
    read: (...asked) => counted(() => database.read(...asked)),
    write: (...asked) => counted(() => database.write(...asked)),
    close: () => database.close(),
  })
  const log = makeLog(config.logLevel, config.secrets)
  const server = await startServer(config, log, (ways) => ({
    ...ways,
    database: through(ways.database),
  }))
  onTestFinished(() => server.stop())
  return { left, ...apiClient(server) }
}

test('F38: whatever throws while a request is answered, it gets a 5xx or its answer, and the server lives', async () => {
  const { left, call, post } = await breakable()
  expect((await post('/api/artifact', posted())).status).toBe(201)
  let broke = 0
  for (const { method, path, body } of requests) {
    const ask = () => call(path, { method, ...(body ? { body: JSON.stringify(body) } : {}) })
    // The loop asks, too, and may take the throw: each count is a try, and a few are not enough.
    for (let at = 0; at < 12; at++) {
      left.count = at
      const { status } = await ask()
      left.count = Number.POSITIVE_INFINITY
      if (status >= 500) broke++
      expect([500, 503].includes(status) || status < 500, `${method} ${path}`).toBe(true)
    }
    await eventually(async () => expect((await ask()).status, `${method} ${path}`).toBeLessThan(500)) // biome-ignore format: one claim
  }
  // A run without throws would prove nothing.
  expect(broke).toBeGreaterThan(requests.length)
  expect((await call('/healthz')).status).toBe(200)
})

/** Throws outside of everything a little later than it is told to. */
const bug = `process.on('SIGUSR2', () => setImmediate(() => { throw new Error('a bug of the test') }))`
const promise = `process.on('SIGUSR2', () => void Promise.reject(new Error('a bug of the test')))`

test.each([
  { what: 'an exception that nobody catches', code: bug },
  { what: 'a rejection that nobody handles', code: promise },
])('F38: $what ends the process with a word, and the next one goes on', async ({ code }) => {
  const dataDir = await tempFolder()
  const option = `--import data:text/javascript,${encodeURIComponent(code)}`
  const server = await startProgram(dataDir, { NODE_OPTIONS: option })
  const { status } = await server.call('POST', '/api/artifact', posted())
  expect(status).toBe(201)
  const ended = await server.endBy('SIGUSR2')
  expect(ended.code).not.toBe(0)
  expect(ended.errors).toContain('a bug of the test')
  const next = await startProgram(dataDir)
  await eventually(async () => expect((await next.call('GET', '/readyz')).status).toBe(200))
  expect((await next.call('POST', '/api/artifact', posted())).status).toBe(200)
  expect(await next.stop()).toBe(0)
})
