import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Bindings } from '../../src/edge/bindings.ts'
import { Door } from '../../src/edge/door.ts'
import { openDatabase } from '../../src/store/client.ts'
import { KeptSourcesStore } from '../../src/store/kept-sources.ts'
import { migrate } from '../../src/store/migrate.ts'
import { newToken, UserStore } from '../../src/store/users.ts'
import { posted } from '../support/builders.ts'
import { privateKey } from '../support/github-auth.ts'
import { LibsqlHost } from '../support/libsql-host.ts'
import { tempFolder } from '../support/temp.ts'

const adminToken = 'gimlet_the-admin-of-the-edge-tests-0123456789'
const secret = 'a-webhook-secret-of-the-tests'

/** The door on a real libSQL server, with nobody behind it: neither the object nor the queue answers. */
async function doorAlone() {
  const libsql = await new LibsqlHost(join(await tempFolder(), 'gimlet.db')).listen()
  onTestFinished(() => libsql.stop())
  const database = await openDatabase(libsql.url)
  await migrate(database)
  const gone = () => Promise.reject(new Error('Durable Object reset'))
  const bindings: Bindings = {
    ...{ GIMLET_ADMIN_TOKEN: adminToken, GIMLET_DB_URL: libsql.url, LOG_LEVEL: 'silent' },
    ...{ APP_ID: '1', PRIVATE_KEY: privateKey, WEBHOOK_SECRET: secret },
    GITOPS_REPO: 'https://github.com/example/gitops',
    DELIVERIES: { send: gone },
    SERVER: {
      idFromName: () => 'server',
      get: () => ({ fetch: gone, wake: gone, tick: gone, accept: gone }),
    },
  }
  const send = (path: string, body: string, headers: Readonly<Record<string, string>>) =>
    Door.of(bindings).answer(
      new Request(`https://door.test${path}`, { method: 'POST', body, headers }),
    )
  return {
    database,
    post: (body: unknown, token = adminToken) =>
      send('/api/artifact', JSON.stringify(body), { authorization: `Bearer ${token}` }),
    deliver: (payload: object) => {
      const body = JSON.stringify(payload)
      const digest = createHmac('sha256', secret).update(body).digest('hex')
      return send('/api/github/webhooks', body, {
        'content-type': 'application/json',
        'x-github-event': 'issue_comment',
        'x-github-delivery': 'd-1',
        'x-hub-signature-256': `sha256=${digest}`,
      })
    },
  }
}

test('F41: an artifact that the server does not take is kept by the door, once', async () => {
  const { post, database } = await doorAlone()
  expect((await post(posted())).status).toBe(201)
  expect((await post(posted())).status).toBe(200)
  expect(await database.read(`select 1 from events where kind = 'artifact'`)).toHaveLength(1)
})

test('F41: a delivery that the queue does not take is kept by the door, and answered 202', async () => {
  const { deliver, database } = await doorAlone()
  expect((await deliver({ action: 'created', installation: { id: 42 } })).status).toBe(202)
  const kept = await database.read(`select key from deliveries where is_done = 0`)
  expect(kept).toHaveLength(1)
})

test('who posts is known by the policies that the server read last, whichever came back', async () => {
  const { post, database } = await doorAlone()
  const { token, hash } = newToken()
  const user = { login: 'ci', roles: ['ci'], repositories: [], createdUnix: 0 } as const
  await new UserStore(database).add({ ...user }, hash)
  // Nobody knows yet whose token it is.
  expect((await post(posted(), token)).status).toBe(503)
  const kept = new KeptSourcesStore(database, 'policies')
  const people = (roles: readonly string[]) =>
    new Map([['people.json', JSON.stringify({ people: [{ login: 'ci', roles }] })]])
  const [open, shut] = ['a'.repeat(40), 'b'.repeat(40)]
  await kept.keep(shut, { version: shut, files: new Map([['people.json', 'not JSON']]) })
  await kept.keep(open, { version: open, files: people(['ci']) })
  await kept.keep(shut, { version: shut, files: new Map() })
  expect(await kept.newest()).toBe(shut)
  await kept.keep(open, { version: open, files: people(['ci']) })
  expect(await kept.newest()).toBe(open)
  expect((await post(posted({ id: 'web-2' }), token)).status).toBe(201)
})
