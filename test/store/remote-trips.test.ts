import { expect, test } from 'vitest'
import { authenticator } from '../../src/commands/authenticate.ts'
import { refuse } from '../../src/domain/fault.ts'
import { readPeople } from '../../src/policy/people.ts'
import { ArtifactStore } from '../../src/store/artifacts.ts'
import { openForRequests } from '../../src/store/client.ts'
import { DeliveryStore } from '../../src/store/deliveries.ts'
import { newId } from '../../src/store/ids.ts'
import { migrate } from '../../src/store/migrate.ts'
import { newToken, tokenHash, UserStore } from '../../src/store/users.ts'
import { artifact } from '../support/builders.ts'
import { settableClock } from '../support/clock.ts'
import type { LibsqlHost } from '../support/libsql-host.ts'
import { drain, testParts } from '../support/parts.ts'
import { remoteDatabase } from '../support/temp.ts'

async function migrated() {
  const remote = await remoteDatabase()
  await migrate(remote.database)
  return remote
}

/** How often the server was asked meanwhile. */
async function tripsOf({ calls }: LibsqlHost, work: () => Promise<unknown>): Promise<number> {
  const before = calls.length
  await work()
  return calls.length - before
}

test('a stateless Worker accepts an artifact in four round trips at most', async () => {
  const { host, url } = await migrated()
  const database = openForRequests(url)
  const users = new UserStore(database)
  const { token, hash } = newToken()
  await users.add({ login: 'ci', roles: ['ci'], repositories: ['*'], createdUnix: 0 }, hash)
  const clock = settableClock()
  const people = async () => readPeople('{"people": []}').people
  const keyless = async () => refuse('unauthenticated', 'no CI is known')
  /** As a request that finds nothing remembered. */
  const accept = (body: Record<string, unknown>) => async () => {
    const ports = { clock, hash: tokenHash, users, people, keyless }
    expect(await authenticator(ports, { adminHash: '' })(token)).toMatchObject({ login: 'ci' })
    const arrival = { artifact: artifact(body), actor: '{}', nowMs: clock.nowMs() }
    await new ArtifactStore(database, { isShared: false }).accept({
      ...arrival,
      eventId: newId('event'),
    })
  }
  // The token is looked up, its use is noted, and the artifact is written.
  expect(await tripsOf(host, accept({ id: 'web-1' }))).toBeLessThanOrEqual(3)
  expect(await tripsOf(host, accept({ id: 'web-2' }))).toBe(2)
  // What was there already is read, to be answered.
  expect(await tripsOf(host, accept({ id: 'web-2' }))).toBeLessThanOrEqual(4)
})

test('a hundred deliveries are accepted in one round trip', async () => {
  const { host, url } = await migrated()
  const deliveries = new DeliveryStore(openForRequests(url), 'edge')
  const all = Array.from({ length: 100 }, (_, at) => ({
    ...{ key: `push ${at}`, surface: 'github', requestId: `r-${at}`, body: '{}', receivedMs: 1 },
    alias: `github ${at}`,
  }))
  expect(await tripsOf(host, () => deliveries.acceptAll(all))).toBe(1)
})

test('a release takes twenty-two round trips at most, from its request to its end', async () => {
  const opened = await migrated()
  const parts = await testParts({ opened })
  await parts.push()
  const ask = async () => {
    await parts.ask()
    await drain(parts.ports)
  }
  expect(await tripsOf(opened.host, ask)).toBeLessThanOrEqual(22)
})
