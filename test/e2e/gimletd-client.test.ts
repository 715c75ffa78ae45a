import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { gate, manifest } from '../support/builders.ts'
import { type GoTypes, goProblems } from '../support/go-json.ts'
import { testServer } from '../support/server.ts'

type Recorded = {
  readonly call: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly token: 'header' | 'query' | 'none'
    readonly body?: unknown
  }
  readonly answer: {
    readonly status: number
    readonly decodes?: string
    readonly says?: object
    readonly length?: number
  }
  /** What later calls need, by the path in the answer. */
  readonly keep?: Readonly<Record<string, string>>
  /** The request that is to end before the next call. */
  readonly waits?: string
}

const folder = resolve('test/fixtures/gimletd')
const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as unknown
const types = read('types.json') as GoTypes
const recorded = readdirSync(folder)
  .filter((file) => /^\d/.test(file))
  .sort()
  .map((file) => read(file) as Recorded)

/** Writes what was kept into what was recorded. */
const filled = <T>(value: T, kept: ReadonlyMap<string, string>): T =>
  JSON.parse(JSON.stringify(value).replaceAll(/\{(\w+)\}/g, (_, name) => kept.get(name) ?? '')) as T

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce((one, key) => (one as Record<string, unknown>)[key], value)

/** Sends a request as the Go client would: JSON only where there is a body, nothing else in the headers. */
async function send(
  url: string,
  { method, path, token, body }: Recorded['request'],
  secret: string,
) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === 'header' ? { authorization: `Bearer ${secret}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, text }
}

test('every recorded call of GimletD’s clients is answered as they decode it', async () => {
  const server = await testServer({ manifests: {} }, onTestFinished)
  const kept = new Map([['token', server.adminToken]])
  for (const one of recorded) {
    const { call, request, answer, keep = {}, waits } = filled(one, kept)
    const { status, text } = await send(server.url, request, server.adminToken)
    expect({ call, status, text }).toMatchObject({ call, status: answer.status })
    if (answer.decodes === undefined) continue
    const body: unknown = JSON.parse(text)
    expect({ call, problems: goProblems(types, answer.decodes, body) }).toEqual({
      call,
      problems: [],
    })
    if (answer.says) expect(body).toMatchObject(answer.says)
    if (answer.length !== undefined) expect(body).toHaveLength(answer.length)
    for (const [name, path] of Object.entries(keep)) {
      kept.set(name, String(at(body, path)))
      kept.set(`${name}10`, String(at(body, path)).slice(0, 10))
    }
    if (waits) await server.ended(kept.get(waits) ?? '')
  }
})

test('a request that is held or denied never looks done to a client of GimletD', async () => {
  const policies = {
    'hold.json': gate({ env: 'production', otherwise: 'hold', message: 'Not now' }),
    'deny.json': gate({ env: 'staging', message: 'Never' }),
  }
  const manifests = { 'web.yaml': manifest(), 'staging.yaml': manifest({ env: 'staging' }) }
  const server = await testServer({ policies, manifests }, onTestFinished)
  await server.post('/api/artifact', (recorded[1]?.request.body ?? {}) as object)
  const artifactId = 'owner/web-8f1f4a0e-6ad5-4b7c-a4e0-0d7a5a3d6c01'
  const tracked = async (env: string) => {
    const { body } = await server.post('/api/releases', { env, app: 'web', artifactId })
    const { id } = body as { id: string }
    await server.ended(id)
    return (await server.call(`/api/eventReleaseTrack?id=${id}`)).body
  }
  expect(await tracked('production')).toMatchObject({
    status: 'new',
    statusDesc: expect.stringContaining('is held'),
    results: [{ app: 'web', status: 'pending' }],
  })
  expect(await tracked('staging')).toMatchObject({
    status: 'error',
    statusDesc: expect.stringContaining('Never'),
    results: [{ app: 'web', env: 'staging', status: 'failure' }],
  })
})
