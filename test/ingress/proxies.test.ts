import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'

let server: Awaited<ReturnType<typeof testServer>>

beforeAll(async () => {
  server = await testServer({}, afterAll)
  await server.post('/api/artifact', posted())
})

type Raw = { method?: string; headers?: IncomingHttpHeaders; body?: string }

/** Sends a path as it is written: `fetch` would tidy it. */
async function raw(path: string, { method = 'GET', headers = {}, body = '' }: Raw = {}) {
  const { hostname, port } = new URL(server.url)
  const asked = request({ hostname, port, path, method, headers })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of answer) text += chunk
  return { status: answer.statusCode ?? 0, headers: answer.headers, text }
}

const withToken = () => ({ authorization: `Bearer ${server.adminToken}` })

const spoofs: readonly IncomingHttpHeaders[] = [
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-host': 'localhost', 'x-forwarded-proto': 'https' },
  { 'x-real-ip': '::1', forwarded: 'for=127.0.0.1;by=127.0.0.1' },
  { 'x-original-url': '/healthz', 'x-rewrite-url': '/healthz' },
  { 'x-http-method-override': 'GET', 'x-method-override': 'GET' },
  { 'x-forwarded-user': 'admin', 'x-remote-user': 'admin', 'x-auth-request-user': 'admin' },
  { host: 'localhost' },
  { cookie: 'token=x; session=x', 'x-api-key': 'x' },
]

test('A37: no header of a proxy lets anybody in, or makes another request of one', async () => {
  for (const headers of spoofs) {
    expect([headers, (await raw('/api/artifacts', { headers })).status]).toEqual([headers, 401])
    const { status, text } = await raw('/api/artifacts', {
      headers: { ...headers, ...withToken() },
    })
    expect([headers, status, JSON.parse(text).length]).toEqual([headers, 200, 1])
    const method = 'DELETE'
    expect([headers, (await raw('/api/user/x', { method, headers })).status]).toEqual([
      headers,
      401,
    ])
  }
})

const paths = [
  ...[
    '/api/%61rtifacts',
    '/%61pi/artifacts',
    '/api%2fartifacts',
    '//api/artifacts',
    '/api//artifacts',
  ],
  ...[
    '/./api/artifacts',
    '/healthz/../api/artifacts',
    '/healthz/..%2fapi/artifacts',
    '/api/artifacts/',
  ],
  ...[
    '/api/artifacts;x=1',
    '/api/artifacts%00',
    '/api/artifacts%20',
    '/API/artifacts',
    '/api/artifacts/.',
  ],
  ...[
    '/api/artifacts#/healthz',
    '/api/artifacts?/healthz',
    '/\\api\\artifacts',
    '/api/artifacts%3f',
  ],
  ...[
    '/healthz%2f..%2fapi/artifacts',
    '/setup/../api/artifacts',
    '/metrics;/api/artifacts',
    '/%2e/api/artifacts',
  ],
]

test('A37: however a path is written, what is behind a token stays behind it', async () => {
  for (const path of paths) {
    const { status, text } = await raw(path)
    expect([path, status >= 400 && status < 500]).toEqual([path, true])
    expect(text).not.toContain('owner/web')
  }
})

test('A37: a request that two readers could cut in two ways is refused', async () => {
  const { hostname, port } = new URL(server.url)
  const smuggled = 'GET /api/artifacts HTTP/1.1\r\nHost: x\r\n\r\n'
  const heads = [
    `Content-Length: 4\r\nTransfer-Encoding: chunked`,
    `Content-Length: 4\r\nContent-Length: 5`,
    `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity`,
    `Transfer-Encoding: xchunked`,
    `Content-Length: +4`,
    `Content-Length : 4`,
  ]
  for (const head of heads) {
    const socket = connect(Number(port), hostname)
    socket.write(`POST /api/artifact HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n0\r\n\r\n${smuggled}`)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    await once(socket, 'close')
    expect([head, text.slice(0, 12)]).toEqual([head, 'HTTP/1.1 400'])
    expect([head, text.split('HTTP/1.1').length - 1]).toEqual([head, 1])
  }
})

test('A31: another site may neither ask nor read: no route answers with leave of that, and no cookie is a token', async () => {
  const { body } = await server.call('/openapi.json', { token: null })
  const known = Object.entries((body as { paths: Record<string, object> }).paths)
  expect(known.length).toBeGreaterThan(20)
  const origin = 'https://evil.example.com'
  for (const [path, methods] of known)
    for (const method of ['OPTIONS', ...Object.keys(methods).map((one) => one.toUpperCase())]) {
      const asked = { 'access-control-request-method': method, 'sec-fetch-site': 'cross-site' }
      const cookie = `token=${server.adminToken}; access_token=${server.adminToken}`
      const { status, headers } = await raw(path.replaceAll(/\{\w+\}/g, 'x'), {
        method,
        headers: { origin, cookie, ...asked },
      })
      expect([method, path, status]).toEqual([method, path, method === 'OPTIONS' ? 404 : 401])
      const leave = Object.keys(headers).filter((name) => name.startsWith('access-control-'))
      expect([method, path, leave]).toEqual([method, path, []])
    }
})
