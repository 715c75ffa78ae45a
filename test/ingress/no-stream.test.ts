import { describe, expect, onTestFinished, test } from 'vitest'
import { routes } from '../../src/ingress/http/app.ts'
import { posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'

const pages = ['/', '/healthz', '/readyz', '/metrics', '/openapi.json']

describe('F35, A38: no route streams, so that no connection outlives its answer and none shows what its caller lost the right to', () => {
  test('every GET ends, whole, and is no stream of events', async () => {
    const server = await testServer({}, onTestFinished)
    await server.post('/api/artifact', posted())
    const gets = routes.filter(({ method }) => method === 'get').map(({ path }) => path)
    expect(gets.length).toBeGreaterThan(10)
    for (const path of [...gets.map(filled), ...pages]) {
      const accept = { accept: 'text/event-stream' }
      const answer = await server.call(path, { headers: accept })
      expect(answer.status, path).toBeLessThan(500)
      expect(answer.headers.get('content-type'), path).toMatch(/^(application\/json|text\/plain)/)
    }
  })

  test('nothing is changed into a WebSocket', async () => {
    const server = await testServer({}, onTestFinished)
    for (const path of ['/api/stream', '/api/events', ...pages]) {
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
      const { status } = await server.call(path, { headers: upgrade }).catch(() => ({ status: 0 }))
      expect(status, path).not.toBe(101)
    }
    expect((await server.call('/api/stream')).status).toBe(404)
  })
})

/** A path with something in each place of it. */
const filled = (path: string) =>
  path.replaceAll(/\{(\w+)\}/g, 'web-1') + (path.includes('?') ? '' : '?env=production&id=web-1')
