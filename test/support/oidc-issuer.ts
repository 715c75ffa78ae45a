import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CompactSign, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters } from 'jose'
import type { Later } from './temp.ts'

export type Claims = Readonly<Record<string, unknown>>
export type Header = JWTHeaderParameters & Record<string, unknown>
export type SigningKey = Awaited<ReturnType<typeof newKey>>
export type TestIssuer = Awaited<ReturnType<typeof oidcIssuer>>

let made = 0

/** A new key pair, and its public half as an issuer publishes it. */
export async function newKey(alg = 'RS256') {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const kid = `key-${++made}`
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  return { alg, kid, privateKey, publicKey, jwk }
}

/** An issuer of OIDC tokens on this machine: discovery, keys, and what may go wrong with them. */
export async function oidcIssuer(later: Later) {
  const first = await newKey()
  const state = {
    signing: first,
    published: [first.jwk] as readonly JWK[],
    /** Answers in place of the issuer, where it is set. */
    instead: null as RequestListener | null,
    keyReads: 0,
    reads: 0,
  }
  const server = createServer((request, response) => {
    state.reads++
    if (state.instead) return state.instead(request, response)
    const json = (body: unknown) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.url === '/.well-known/openid-configuration')
      return json({ issuer: url, jwks_uri: `${url}/keys` })
    state.keyReads++
    return json({ keys: state.published })
  })
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  later(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    state,
    /** Signs claims with a key, by default the one that is used now. */
    sign: (claims: Claims, header: Partial<Header> = {}, key: SigningKey = state.signing) =>
      signed(JSON.stringify(claims), header, key),
    /** Signs with a new key from now on, which is published beside those before it. */
    async rotate(): Promise<SigningKey> {
      const next = await newKey()
      state.published = [...state.published, next.jwk]
      state.signing = next
      return next
    },
  }
}

/** A token of a text that need not be claims. */
export const signed = (
  payload: string,
  header: Partial<Header>,
  { alg, kid, privateKey }: SigningKey,
): Promise<string> =>
  new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg, kid, typ: 'JWT', ...header } as Header)
    .sign(privateKey, { crit: { 'https://example.com/new': true } })

export const runSha = 'c'.repeat(40)
let run = 0

type Of = { readonly issuer: string; readonly audience: string }

/** What GitHub says of a push to main of acme/web, unless told otherwise. */
export const githubClaims = ({ issuer, audience }: Of, given: Claims = {}): Claims => {
  const nowUnix = Math.floor(Date.now() / 1000)
  return {
    jti: `run-${++run}`,
    ...{ iss: issuer, aud: audience, iat: nowUnix, nbf: nowUnix - 600, exp: nowUnix + 300 },
    sub: 'repo:acme/web:ref:refs/heads/main',
    ...{ repository: 'acme/web', repository_id: '7', repository_owner_id: '1' },
    ...{ sha: runSha, ref: 'refs/heads/main', ref_type: 'branch', event_name: 'push' },
    ...{ head_ref: '', base_ref: '', run_id: '99', run_attempt: '1' },
    workflow_ref: 'acme/web/.github/workflows/build.yml@refs/heads/main',
    job_workflow_ref: 'acme/web/.github/workflows/build.yml@refs/heads/main',
    ...given,
  }
}

/** What GitLab says of a push to main of acme/shop, unless told otherwise. */
export const gitlabClaims = ({ issuer, audience }: Of, given: Claims = {}): Claims => {
  const nowUnix = Math.floor(Date.now() / 1000)
  return {
    jti: `job-${++run}`,
    ...{ iss: issuer, aud: audience, iat: nowUnix, nbf: nowUnix - 5, exp: nowUnix + 3_600 },
    sub: 'project_path:acme/shop:ref_type:branch:ref:main',
    ...{ project_path: 'acme/shop', project_id: '22', namespace_path: 'acme' },
    ...{ sha: runSha, ref: 'main', ref_type: 'branch', ref_path: 'refs/heads/main' },
    ...{ pipeline_source: 'push', pipeline_id: '1', job_id: '2' },
    ci_config_ref_uri: 'gitlab.example.com/acme/shop//.gitlab-ci.yml@refs/heads/main',
    ...given,
  }
}
