import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/store/client.ts'
import { TokenStore } from '../../src/store/tokens.ts'
import { tempDatabase } from '../support/temp.ts'

const spending = (usedFor: string, token = 'run-1') => ({ token, usedFor, untilUnix: 1_000 })

test('A2: of two servers on one database one spends a token, for one thing', async () => {
  const { database, url } = await tempDatabase()
  const other = await openDatabase(url)
  onTestFinished(() => other.close())
  const servers = [new TokenStore(database), new TokenStore(other)]
  const spent = await Promise.all(
    Array.from({ length: 40 }, (_, at) => servers[at % 2]?.spend(spending(`artifact ${at}`), 0)),
  )
  expect(spent.filter((isSpent) => isSpent)).toHaveLength(1)
  const first = `artifact ${spent.indexOf(true)}`
  for (const server of servers) expect(await server.spend(spending(first), 0)).toBe(true)
})

test('a spent token is kept for an hour after its end, for clocks differ, and no longer', async () => {
  const { database } = await tempDatabase()
  const tokens = new TokenStore(database)
  await tokens.spend(spending('one'), 0)
  await tokens.spend(spending('any', 'run-2'), 1_000 + 3_600)
  expect(await tokens.spend(spending('two'), 1_000 + 3_600)).toBe(false)
  await tokens.spend(spending('any', 'run-2'), 1_000 + 3_601)
  expect(await database.read('select token from spent_tokens')).toHaveLength(0)
})

test('A7: a dump of the database holds no token', async () => {
  const { database } = await tempDatabase()
  await new TokenStore(database).spend(spending('one', 'https://issuer.example.com job-1'), 0)
  const rows = await database.read('select * from spent_tokens')
  expect(JSON.stringify(rows)).not.toMatch(/issuer|job-1|one/)
})
