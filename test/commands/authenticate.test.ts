import { expect, test } from 'vitest'
import { authenticator } from '../../src/commands/authenticate.ts'
import { refuse } from '../../src/domain/fault.ts'
import { readPeople } from '../../src/policy/people.ts'
import { newToken, tokenHash, UserStore } from '../../src/store/users.ts'
import { settableClock } from '../support/clock.ts'
import { tempDatabase } from '../support/temp.ts'

test('A7: a token that was removed works for a second at most', async () => {
  const { database } = await tempDatabase()
  const users = new UserStore(database)
  const clock = settableClock()
  const keyless = async () => refuse('unauthenticated', 'no CI is known')
  const people = async () => readPeople('{"people": []}').people
  const authenticate = authenticator(
    { clock, hash: tokenHash, users, people, keyless },
    { adminHash: '' },
  )
  const { token, hash } = newToken()
  await users.add({ login: 'leaver', roles: ['viewer'], repositories: [], createdUnix: 0 }, hash)
  expect(await authenticate(token)).toMatchObject({ login: 'leaver' })
  clock.moveMs(1)
  await users.remove('leaver')
  clock.moveMs(999)
  expect(await authenticate(token)).toBeUndefined()
})
