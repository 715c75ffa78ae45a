import { expect, test } from 'vitest'
import type { Bindings } from '../../src/edge/bindings.ts'
import { Door } from '../../src/edge/door.ts'

/** A Worker whose object is overloaded, or was just replaced by a deployment. */
const bindings: Bindings = {
  ...{ GIMLET_ADMIN_TOKEN: 'gimlet_the-admin-of-the-edge-tests-0123456789', LOG_LEVEL: 'silent' },
  ...{ GIMLET_DB_URL: 'https://libsql.example.com', GITOPS_TOKEN: 'token' },
  ...{ GITOPS_REPO: 'https://github.com/example/gitops' },
  ...{ SLACK_SIGNING_SECRET: 'f'.repeat(32), SLACK_BOT_TOKEN: 'xoxb-token' },
  DELIVERIES: { send: () => Promise.reject(new Error('not asked here')) },
  SERVER: {
    idFromName: () => 'server',
    get: () => {
      const gone = () => Promise.reject(new Error('Durable Object reset'))
      return { fetch: gone, wake: gone, tick: gone, accept: gone }
    },
  },
}

test.each(['/api/status?env=production', '/readyz', '/metrics'])(
  'the door answers 503 to %s while the server cannot be reached',
  async (path) => {
    const answer = await Door.of(bindings).answer(new Request(`https://door.test${path}`))
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { code: 'overloaded' } })
  },
)
