import { join } from 'node:path'
import { expect } from 'vitest'
import { posted } from '../../support/builders.ts'
import { eventually } from '../../support/eventually.ts'
import { shas } from '../../support/github-server.ts'
import { pushed } from '../../support/keyless-server.ts'
import { githubClaims } from '../../support/oidc-issuer.ts'
import type { Program } from '../../support/program.ts'
import { answered, users } from '../../support/slack-server.ts'
import { putScript } from '../../support/temp.ts'
import type { World } from './world.ts'

/** Calls the API with a token of whoever, and answers what came, as text. */
export const callAs = async (url: string, path: string, given: RequestInit & { token: string }) => {
  const { token, ...rest } = given
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(url + path, { ...rest, headers })
  return { status: response.status, text: await response.text() }
}

/** Everything that people, CI and clusters do, each with a credential of its own. */
export async function allFlows(world: World, server: Program): Promise<void> {
  const tokens = await makeTokens(world, server)
  await postArtifacts(world, tokens)
  const { url, slack, slackSender, githubSender, pull } = world
  const talk = { slack, sender: slackSender }
  await answered(talk, 'release web-1 staging', { user: users.alice })
  await processed(server, 1)
  await answered(talk, 'release web-1 production', { user: users.alice, secret: world.former.slack }) // biome-ignore format: one call
  const held = await eventually(async () => {
    const { json } = await server.call('GET', '/api/audit?limit=500')
    const [id] = /r-[0-9a-z]{10,}/.exec(JSON.stringify(json)) ?? []
    if (id === undefined) throw new Error('nothing was asked for yet')
    return id
  })
  await answered(talk, `approve ${held}`, { user: users.bob })
  await githubSender.comment(pull, '/gimlet release staging --reason "it is time"')
  await githubSender.comment(pull, '/gimlet status', { secret: world.former.github })
  await eventually(() => expect(world.github.storedComments.length).toBeGreaterThan(3))
  const commit = (await world.gitops.git('rev-parse', 'main')).trim()
  const event = {
    involvedObject: { kind: 'Kustomization', name: 'apps', namespace: 'flux-system' },
    ...{ severity: 'info', reason: 'ReconciliationSucceeded', message: 'Reconciliation finished' },
    metadata: { revision: `main@sha1:${commit}` },
  }
  const told = await callAs(url, '/api/flux-events?env=staging', {
    ...{ method: 'POST', token: tokens.cluster, body: JSON.stringify(event) },
  })
  expect([told.text, told.status]).toEqual([told.text, 200])
  await server.call('POST', '/api/locks', { env: 'production', reason: 'freeze' })
  await server.call('POST', '/api/rollback?env=staging&app=web')
  await server.call('POST', '/api/delete?env=staging&app=web')
}

type Made = Parameters<World['made']>[0]
type Tokens = Readonly<Record<'user' | 'ci' | 'cluster' | 'former' | 'removed', string>>

async function makeTokens({ made }: World, server: Program): Promise<Tokens> {
  const add = async (slot: Made, path: string, body: object) => {
    const { status, json } = await server.call('POST', path, body)
    expect(status).toBe(201)
    const { token } = json as { token: string }
    made(slot, token)
    return token
  }
  const user = (slot: Made, login: string, roles: readonly string[]) =>
    add(slot, '/api/user', { login, roles })
  const former = await user('the former token of a user', 'carol', ['releaser'])
  const tokens = {
    former,
    user: await add('the token of a user', '/api/user/carol/token', {}),
    ci: await user('the token of a CI', 'ci', ['ci']),
    cluster: await user('the token of a cluster (Flux and Argo CD)', 'cluster', ['cluster']),
    removed: await user('the token of a user who is removed', 'leaver', ['viewer']),
  }
  await server.call('DELETE', '/api/user/leaver')
  return tokens
}

async function postArtifacts(world: World, tokens: Tokens): Promise<void> {
  const { url, issuer, made } = world
  const version = { repositoryName: 'example/web', sha: shas.one, branch: 'faster' }
  const post = (token: string, body: object) =>
    callAs(url, '/api/artifact', { method: 'POST', token, body: JSON.stringify(body) })
  expect((await post(tokens.ci, posted({ id: 'web-1', version }))).status).toBe(201)
  const redis = posted({ id: 'redis-1', version: { repositoryName: 'owner/redis' } })
  expect((await post(tokens.ci, redis)).status).toBe(201)
  const oidc = await issuer.sign(githubClaims({ issuer: issuer.url, audience: url }))
  made('the OIDC token of a run', oidc)
  const { status, text } = await post(oidc, pushed({}, 'web-oidc'))
  expect([status, text]).toEqual([201, text])
  // What is refused with a token that is good, was good, or stands in the wrong place.
  for (const token of Object.values(tokens)) {
    await callAs(url, '/api/whoami', { token })
    await callAs(url, '/api/users', { token })
    await fetch(`${url}/api/status?env=staging&access_token=${token}`)
    await fetch(`${url}/api/nothing/${token}?access_token=${token}`)
    await post(token, { token: 1 })
  }
  await post(oidc, pushed({}, 'web-oidc-again'))
}

/** What a host may do with a credential that it was shown: say it back. */
export async function allFailures(world: World, server: Program): Promise<void> {
  const { slack, github, githubSender, slackSender, pull, way, secret } = world
  slack.fail('chat.postMessage', { error: `invalid_auth ${slack.token}` }, 2)
  slack.fail('chat.update', { error: `invalid_auth ${slack.token}` }, 2)
  const [shown = ''] = github.installationTokens
  github.fail('POST', /\/comments$/, { status: 401, message: `Bad credentials: ${shown}` })
  github.fail('POST', /\/comments$/, { html: true })
  github.fail('POST', /access_tokens$/, { status: 401, message: `no: ${world.environment.PRIVATE_KEY}` }) // biome-ignore format: one call
  github.expireTokens()
  await githubSender.comment(pull, '/gimlet whoami')
  await githubSender.comment(pull, '/gimlet whoami', { secret: secret.slack })
  await slackSender.command('whoami', { user: users.alice, secret: secret.github })
  await slackSender.raw('{', { 'content-type': 'application/json' })
  await askedFor(
    server,
    { env: 'staging', app: 'redis', artifactId: 'redis-1' },
    /401 unauthorized/,
  )
  await putScript(world.gitops.remote, 'hooks/pre-receive', `#!/bin/sh\necho "${way.hookSays}" >&2\nexit 1\n`) // biome-ignore format: one call
  await askedFor(server, { env: 'staging', app: 'web', artifactId: 'web-1' }, /pre-receive|remote/)
  await putScript(world.gitops.remote, 'hooks/pre-receive', '#!/bin/sh\nexit 0\n')
  await way.refuse(true)
  const waiting = { env: 'staging', app: 'web', artifactId: 'web-1' }
  await server.call('POST', '/api/releases', waiting)
  await eventually(async () => expect((await server.call('GET', '/readyz')).status).toBe(503))
  await way.refuse(false)
  const { database } = way
  if (database === null) return
  const own = `says ${world.environment.GIMLET_DB_TOKEN}`
  database.fault = (call) => (call.isWrite ? { status: 500, message: own } : undefined)
  const lost = await server.call('POST', '/api/locks', { env: 'staging', reason: 'freeze' })
  expect(lost.status).toBe(503)
  database.fault = () => undefined
}

/** Asks for a release, and waits for the end of it, which says so. */
async function askedFor(server: Program, body: object, says: RegExp): Promise<void> {
  const { status, json } = await server.call('POST', '/api/releases', body)
  expect([status, json]).toEqual([201, json])
  const { id } = json as { id: string }
  await eventually(async () => {
    const seen = (await server.call('GET', `/api/event?id=${id}`)).json as object
    expect(JSON.stringify(seen)).toMatch(says)
  })
}

const processed = (server: Program, most: number) =>
  eventually(async () => {
    const { json } = await server.call('GET', '/api/releases?env=staging&limit=100')
    expect((json as unknown[]).length).toBeGreaterThanOrEqual(most)
  })

/** Where the files of a clone are that hold the credential. */
export const clonesConfig = (dataDir: string): string => join(dataDir, 'clone.git', 'config')
