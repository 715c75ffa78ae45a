import { expect, onTestFinished, test } from 'vitest'
import { posted } from '../support/builders.ts'
import { gimletIn } from '../support/gimlet.ts'
import { testServer } from '../support/server.ts'

test('a user is made with a token that works, is listed, and is ended', async () => {
  const server = await testServer({}, onTestFinished)
  const gimlet = gimletIn({ GIMLET_SERVER: server.url, GIMLET_TOKEN: server.adminToken })
  const added = await gimlet(
    'user',
    'add',
    '--login',
    'web-ci',
    '--roles',
    'ci',
    '--repositories',
    'owner/web',
  )
  const token = /gimlet_\S+/.exec(added.out)?.[0] ?? ''
  expect(added).toMatchObject({ code: 0, out: expect.stringContaining('shown this once') })
  const post = (repositoryName: string) =>
    server.post('/api/artifact', posted({ version: { repositoryName } }), token)
  expect((await post('owner/web')).status).toBe(201)
  expect((await post('owner/other')).status).toBe(403)
  expect((await gimlet('user', 'list')).out).toContain('web-ci')
  expect((await gimlet('user', 'get', 'web-ci')).out).toBe('web-ci: ci')
  const json = await gimlet('user', 'add', 'root', '--admin', '-o', 'json')
  expect(JSON.parse(json.out)).toMatchObject({ login: 'root', admin: true })
  expect((await gimlet('user', 'remove', 'web-ci')).out).toBe('web-ci is removed')
  expect(await gimlet('user', 'get', 'web-ci')).toMatchObject({
    code: 1,
    err: 'There is no user web-ci',
  })
})

test('a token ends when that was said, and is renewed without a gap', async () => {
  const server = await testServer({}, onTestFinished)
  const gimlet = gimletIn({ GIMLET_SERVER: server.url, GIMLET_TOKEN: server.adminToken })
  const tokenIn = (out: string) => /gimlet_\S+/.exec(out)?.[0] ?? ''
  const first = tokenIn((await gimlet('user', 'add', 'web-ci', '--expires', '90d')).out)
  expect((await gimlet('user', 'list')).out).toMatch(/web-ci +ci, releaser +all +\d{4}-\d\d-\d\d/)
  const renewed = await gimlet('user', 'renew', 'web-ci', '--expires', '30d')
  expect(renewed.code).toBe(0)
  const second = tokenIn(renewed.out)
  expect(second).not.toBe(first)
  const me = async (token: string) => (await server.call('/api/whoami', { token })).status
  expect([await me(first), await me(second)]).toEqual([200, 200])
})

test('-t is GimletD’s short form of --to in a rollback, and of --timeout elsewhere', async () => {
  const server = await testServer({}, onTestFinished)
  const gimlet = gimletIn({ GIMLET_SERVER: server.url, GIMLET_TOKEN: server.adminToken })
  const words = ['--env', 'production', '--app', 'web', '-t', 'c8d8c1d192']
  expect((await gimlet('release', 'rollback', ...words)).err).toBe(
    'The GitOps commit c8d8c1d192 released nothing of web to production',
  )
  expect((await gimlet('release', 'track', 'r-1', '-t', 'c8d8c1d192')).err).toContain(
    '--timeout is such as 30s',
  )
})
