import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { plain } from '../../src/messages/paint.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Answers = Readonly<Record<string, readonly [number, unknown]>>

/** A server that answers recorded shapes by method and path, and keeps what it was asked. */
async function answering(answers: Answers) {
  const asked: { line: string; authorization: string | undefined; body: string }[] = []
  const bodyOf = async (request: IncomingMessage) => {
    let body = ''
    for await (const chunk of request) body += chunk
    return body
  }
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const { authorization } = request.headers
    asked.push({ line: `${request.method} ${request.url}`, authorization, body })
    const path = request.url?.split('?')[0]
    const [status, json] = answers[`${request.method} ${path}`] ?? [
      404,
      { error: { code: 'not_found', message: 'There is no such thing' } },
    ]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, asked }
}

/** Runs the program and collects what it wrote. */
async function gimlet(url: string, ...words: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const environment = { GIMLET_SERVER: url, GIMLET_TOKEN: 'a-secret-token' }
  const terminal = { out: (t: string) => void out.push(t), err: (t: string) => void err.push(t), paint: plain, environment } // biome-ignore format: one value
  const code = await run(words, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const event = (status: string, statusDesc = '') => ({
  id: 'r-1',
  type: 'release',
  status,
  statusDesc,
  env: 'staging',
  app: 'web',
  artifactId: 'web-1',
  triggeredBy: 'ada',
  reason: '',
  created: 1,
  expires: null,
  decisionId: null,
  forced: false,
  approvals: [],
  gitopsHashes: [],
  releases: [],
  events: [], // biome-ignore format: one value
})
const accepted = { 'POST /api/releases': [201, { id: 'r-1' }] } as const

describe('the exit code', () => {
  test.each([
    { status: 'processed', code: 0 },
    { status: 'denied', code: 3 },
    { status: 'error', code: 1 },
    { status: 'superseded', code: 1 },
  ])('of a release that ends as $status is $code', async ({ status, code }) => {
    const { url } = await answering({ ...accepted, 'GET /api/event': [200, event(status, 'why')] })
    const result = await gimlet(url, 'release', 'web', 'staging')
    expect(result.code).toBe(code)
    expect(result.err).toContain('why')
  })

  it('of a release that is still held when the time is up is 4, and says how to go on', async () => {
    const { url } = await answering({ ...accepted, 'GET /api/event': [200, event('held')] })
    const result = await gimlet(url, 'release', 'web', 'staging', '--timeout', '0s')
    expect(result.code).toBe(4)
    expect(result.err).toContain('gimlet track r-1')
  })

  test.each([
    { code: 'not_found', http: 404, exit: 1 },
    { code: 'invalid', http: 422, exit: 2 },
    { code: 'forbidden', http: 403, exit: 3 },
    { code: 'unauthenticated', http: 401, exit: 3 },
    { code: 'overloaded', http: 503, exit: 69 },
  ])('of an answer $code is $exit', async ({ code, http, exit }) => {
    const error = { error: { code, message: 'because' } }
    const { url } = await answering({ 'GET /api/whoami': [http, error] })
    expect(await gimlet(url, 'whoami')).toMatchObject({ code: exit, err: 'because', out: '' })
  })

  it('is 69 when nobody answers, and the sentence names the server', async () => {
    const { code, err } = await gimlet('http://127.0.0.1:1', 'whoami')
    expect(code).toBe(69)
    expect(err).toContain('http://127.0.0.1:1')
  })

  it('is 2 for words that are not understood, and nothing is asked', async () => {
    const { url, asked } = await answering({})
    expect((await gimlet(url, 'relese', 'web', 'staging')).code).toBe(2)
    expect((await gimlet(url, 'status', '--output', 'xml')).code).toBe(2)
    expect((await gimlet(url, 'artifact', 'push', '-f', '/nowhere')).code).toBe(2)
    expect(asked).toEqual([])
  })
})

describe('a request', () => {
  test.each([
    [['status'], 'GET /api/status?env=*'],
    [['status', 'web', '--env', 'staging'], 'GET /api/status?env=staging&app=web'],
    [['artifacts', '--branch', 'a b'], 'GET /api/artifacts?branch=a+b&limit=50&offset=0'],
    [['artifact', 'owner/web-1'], 'GET /api/artifacts/owner%2Fweb-1'],
    [['history', 'web', 'staging'], 'GET /api/releases?env=staging&app=web&limit=50'],
    [
      ['rollback', 'web', 'staging', 'abcdef1'],
      'POST /api/rollback?app=web&env=staging&sha=abcdef1',
    ],
    [['delete', 'web', 'staging'], 'POST /api/delete?app=web&env=staging'],
  ])('of %j is %s, with the token', async (words, line) => {
    const { url, asked } = await answering({})
    await gimlet(url, ...words)
    expect(asked[0]).toMatchObject({
      line,
      authorization: 'Bearer a-secret-token',
    })
  })

  it('is not followed with --no-wait', async () => {
    const { url, asked } = await answering(accepted)
    const { code, out } = await gimlet(url, 'release', 'web', 'staging', '--no-wait')
    expect([code, out]).toEqual([0, 'Asked for a release: r-1'])
    expect(asked).toHaveLength(1)
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ env: 'staging', app: 'web' })
  })
})

describe('--output json', () => {
  it('prints nothing but the API’s JSON, and never the token (A28)', async () => {
    const { url } = await answering({ ...accepted, 'GET /api/event': [200, event('denied', 'no')] })
    const result = await gimlet(url, 'release', 'web', 'staging', '--output', 'json')
    expect(JSON.parse(result.out)).toEqual(event('denied', 'no'))
    expect(result.out + result.err).not.toContain('a-secret-token')
  })
})

describe('policy check', () => {
  it('passes the shipped policies and names file, pointer and problem of a bad one', async () => {
    expect((await gimlet('', 'policy', 'check', 'policies')).code).toBe(0)
    const folder = join(tempFolder(), 'policies')
    mkdirSync(folder)
    writeFileSync(
      join(folder, 'bad.json'),
      '{"kind": "gate", "require": {"==": [{"var": "nope"}, "x"]}}',
    )
    const { code, out } = await gimlet('', 'policy', 'check', folder)
    expect(code).toBe(1)
    expect(out).toContain('bad.json /require')
    expect(out).toContain('nope')
    expect((await gimlet('', 'policy', 'check', join(folder, 'none'))).code).toBe(2)
  })
})
