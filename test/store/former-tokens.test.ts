import { expect, test } from 'vitest'
import { FormerImport } from '../../src/store/former-import.ts'
import { formerOwner, sealSecret } from '../../src/store/former-tokens.ts'
import { newToken, UserStore } from '../../src/store/users.ts'
import { settableClock } from '../support/clock.ts'
import { gimletdToken, secretOf } from '../support/gimletd-database.ts'
import { tempDatabase } from '../support/temp.ts'

const adminToken = 'an-admin-token'
const claims = { sub: 'ci', type: 'user', iat: 1_622_792_757 }
const secret = secretOf('ci')
const token = gimletdToken(claims, secret)
const [header = '', payload = '', signature = ''] = token.split('.')
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Users ci and other, who came from a GimletD before us. */
async function migrated() {
  const { database } = await tempDatabase()
  const into = new FormerImport(database)
  for (const login of ['ci', 'other']) {
    const user = { login, roles: ['ci', 'releaser'], repositories: [], createdUnix: 1 } as const
    await into.keepUser(user, sealSecret(secretOf(login), { login, adminToken }))
  }
  return { database, into, users: new UserStore(database) }
}

test('a token of a GimletD before us works, however often it was made anew', async () => {
  const { database } = await migrated()
  const owner = formerOwner(database, adminToken, settableClock())
  expect(await owner(token)).toMatchObject({ login: 'ci', roles: ['ci', 'releaser'] })
  const another = gimletdToken({ ...claims, iat: 1 }, secret)
  expect(await owner(another)).toMatchObject({ login: 'ci' })
})

test.each([
  { name: 'of another user’s secret', sent: gimletdToken(claims, secretOf('other')) },
  { name: 'of nobody', sent: gimletdToken({ ...claims, sub: 'nobody' }, secretOf('nobody')) },
  { name: 'of an empty secret', sent: gimletdToken(claims, '') },
  {
    name: 'with another name in it',
    sent: `${header}.${part({ ...claims, sub: 'other' })}.${signature}`,
  },
  {
    name: 'of a session of its web pages',
    sent: gimletdToken({ ...claims, type: 'sess' }, secret),
  },
  { name: 'without a kind', sent: gimletdToken({ sub: 'ci' }, secret) },
  { name: 'that is over', sent: gimletdToken({ ...claims, exp: -1 }, secret) },
  { name: 'whose end is no time', sent: gimletdToken({ ...claims, exp: '2999' }, secret) },
  { name: 'with no algorithm', sent: gimletdToken(claims, secret, { alg: 'none' }) },
  { name: 'with another algorithm', sent: gimletdToken(claims, secret, { alg: 'HS512' }) },
  { name: 'without its signature', sent: `${header}.${payload}.` },
  { name: 'with half of it', sent: `${header}.${payload}.${signature.slice(0, 20)}` },
  { name: 'with something behind it', sent: `${token}.x` },
  { name: 'that is huge', sent: gimletdToken({ ...claims, more: 'x'.repeat(5_000) }, secret) },
  { name: 'that is no JSON', sent: 'a.b.c' },
  { name: 'that is none', sent: 'gimlet_abc' },
])('a token $name is nobody’s', async ({ sent }) => {
  const { database } = await migrated()
  expect(await formerOwner(database, adminToken, settableClock())(sent)).toBeUndefined()
})

test('A7: a user who is removed has no token any more, and one who is made anew has only the new one', async () => {
  const { database, users, into } = await migrated()
  const owner = formerOwner(database, adminToken, settableClock())
  await users.remove('ci')
  expect(await owner(token)).toBeUndefined()
  const user = { login: 'ci', roles: ['viewer'], repositories: [], createdUnix: 2 } as const
  await users.add(user, newToken().hash)
  await into.keepUser(user, sealSecret(secret, { login: 'ci', adminToken }))
  expect(await owner(token)).toBeUndefined()
})

test('a user who is given a token from here has the old one no more', async () => {
  const { database } = await migrated()
  const owner = formerOwner(database, adminToken, settableClock())
  await database.write([
    { sql: `update users set token_hash = ? where login = 'ci'`, args: [newToken().hash] },
  ])
  expect(await owner(token)).toBeUndefined()
})

test('the database alone does not tell what tokens are checked with', async () => {
  const { database } = await migrated()
  const kept = JSON.stringify(await database.read('select * from former_tokens'))
  expect(kept).not.toContain(secret.slice(0, 12))
  expect(await formerOwner(database, 'another', settableClock())(token)).toBeUndefined()
  await database.write([
    `update former_tokens set sealed = (select sealed from former_tokens where login = 'other') where login = 'ci'`,
  ])
  const forged = gimletdToken(claims, secretOf('other'))
  expect(await formerOwner(database, adminToken, settableClock())(forged)).toBeUndefined()
})
