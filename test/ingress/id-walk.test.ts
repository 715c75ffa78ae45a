import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gate, posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'

let server: Awaited<ReturnType<typeof testServer>>
let held: { id: string; decisionId: string }
let lock: string

const waiting = gate({ env: 'production', otherwise: 'hold', expires: '2h' })

beforeAll(async () => {
  server = await testServer({ policies: { 'waiting.json': waiting } }, afterAll)
  await server.post('/api/artifact', posted())
  const asked = { env: 'production', app: 'web', artifactId: 'web-1' }
  const { id } = (await server.post('/api/releases', asked)).body as { id: string }
  held = { id, decisionId: (await server.ended(id)).decisionId }
  const locked = await server.post('/api/locks', { env: 'staging', app: 'web', reason: 'x' })
  lock = (locked.body as { id: string }).id
})

/** Every id that differs from one in its last character. */
const beside = (id: string): string[] =>
  [...'0123456789abcdefghijklmnopqrstuvwxyz']
    .map((end) => id.slice(0, -1) + end)
    .filter((one) => one !== id)

const readings = (id: string) => [
  `/api/event?id=${id}`,
  `/api/decisions/${id}`,
  `/api/artifacts/${id}`,
]

describe('A32: who walks along ids', () => {
  test('finds nothing beside one, and nothing of another kind by it', async () => {
    const { call } = server
    for (const known of [held.id, held.decisionId, lock])
      for (const path of beside(known).flatMap(readings))
        expect([path, (await call(path)).status]).toEqual([path, 404])
    for (const id of beside(lock))
      expect([id, (await call(`/api/locks/${id}`, { method: 'DELETE' })).status]).toEqual([id, 404])
    for (const id of [held.decisionId, lock])
      expect([id, (await call(`/api/event?id=${id}`)).status]).toEqual([id, 404])
    for (const id of [held.id, lock])
      expect([id, (await call(`/api/decisions/${id}`)).status]).toEqual([id, 404])
  })

  test('without a token is not told which there are', async () => {
    const answers = new Set<string>()
    for (const id of [held.id, held.decisionId, lock, 'web-1', 'r-none'])
      for (const path of readings(id)) {
        const { status, text } = await server.call(path, { token: null })
        answers.add(`${status} ${text}`)
      }
    expect([...answers]).toEqual([expect.stringMatching(/^401 /)])
  })

  test('with the token of another repository changes nothing that is not its own', async () => {
    const roles = ['ci', 'releaser', 'approver']
    const token = await server.user('stranger', { roles, repositories: ['owner/other'] })
    const before = (await server.call('/api/locks')).text
    const asks: readonly (readonly [string, string])[] = [
      ['POST', `/api/event/${held.id}/approve`],
      ['POST', `/api/event/${held.id}/reject`],
      ['POST', '/api/artifacts/web-1/block'],
      ['POST', '/api/rollback?env=production&app=web'],
      ['POST', '/api/delete?env=production&app=web'],
      ['DELETE', `/api/locks/${lock}`],
    ]
    for (const [method, path] of asks) {
      const body = method === 'POST' ? JSON.stringify({ reason: 'x' }) : null
      const { status } = await server.call(path, { method, body, token })
      expect([path, status]).toEqual([path, expect.toBeOneOf([403, 404])])
    }
    expect((await server.call('/api/locks')).text).toBe(before)
    expect(await server.ended(held.id)).toMatchObject({ status: 'held' })
  })
})
