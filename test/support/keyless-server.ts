import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { posted } from './builders.ts'
import { type Claims, githubClaims, oidcIssuer, runSha } from './oidc-issuer.ts'
import { testServer } from './server.ts'
import type { Later } from './temp.ts'

type Entry = Readonly<Record<string, unknown>>

export type KeylessServer = Awaited<ReturnType<typeof keylessServer>>

/** The whole server that takes tokens of an issuer on this machine, for runs of acme/web. */
export async function keylessServer(later: Later, entries: readonly Entry[] = [{}]) {
  const issuer = await oidcIssuer(later)
  const gitlab = await oidcIssuer(later)
  const port = await freePort()
  const audience = `http://127.0.0.1:${port}`
  const ci = entries.map((given) => ({
    ...{ issuer: issuer.url, repository: 'acme/web', repositoryId: 7 },
    ...given,
    ...(given.issuer === 'gitlab' ? { issuer: gitlab.url } : {}),
  }))
  const issuers = [
    { issuer: issuer.url, kind: 'github' },
    { issuer: gitlab.url, kind: 'gitlab' },
  ]
  const server = await testServer(
    {
      policies: { 'ci.json': JSON.stringify({ ci }) },
      environment: {
        PORT: String(port),
        GIMLET_URL: audience,
        OIDC_ISSUERS: JSON.stringify(issuers),
      },
    },
    later,
  )
  let count = 0
  const of = { issuer: issuer.url, audience }
  const claims = (given: Claims = {}) => githubClaims(of, given)
  return {
    ...{ server, issuer, gitlab, audience, claims },
    /** A token of a push to main, but for the claims that are given. */
    token: (given: Claims = {}) => issuer.sign(claims(given)),
    /** Posts the artifact of a push to main, but for what is given, with a token. */
    post: (token: string, version: Record<string, unknown> = {}, id = `web-${++count}`) =>
      server.post('/api/artifact', pushed(version, id), token),
    async stored(): Promise<number> {
      return ((await server.call('/api/artifacts?limit=500')).body as unknown[]).length
    },
  }
}

/** What CI posts for a push to main of acme/web. */
export const pushed = (version: Record<string, unknown> = {}, id = 'web-1') =>
  posted({ id, version: { repositoryName: 'acme/web', sha: runSha, ...version } })

/** A port that nobody listens on: the public URL has to be known before the server is started. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((done) => {
    server.close(done)
  })
  return port
}
