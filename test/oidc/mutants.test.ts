import { createHmac } from 'node:crypto'
import { exportSPKI } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../support/api-client.ts'
import { keylessServer, pushed } from '../support/keyless-server.ts'
import { type Claims, type Header, newKey, signed } from '../support/oidc-issuer.ts'

const strict = {
  ...{ repository: 'acme/api', repositoryId: 8, refs: ['refs/heads/main', 'refs/tags/v*'] },
  workflows: ['acme/api/.github/workflows/build.yml@refs/heads/main'],
  environments: ['production'],
}
const keyless = await keylessServer(afterAll, [
  { events: ['push', 'pull_request'] },
  strict,
  { issuer: 'gitlab', repository: 'acme/shop', repositoryId: 22 },
])
const { server, issuer, gitlab, audience, claims } = keyless
const attacker = await newKey()
const nowUnix = Math.floor(Date.now() / 1000)

type Mutant = {
  readonly name: string
  readonly token: () => Promise<string>
  readonly status?: number
  readonly says: string
  readonly version?: Record<string, unknown>
  /** What no header can hold goes by the query. */
  readonly inQuery?: boolean
}

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')
const token = (given: Claims = {}, header: Partial<Header> = {}) =>
  issuer.sign(claims(given), header)
const without = (name: string) => () => {
  const { [name]: _, ...rest } = claims()
  return issuer.sign(rest)
}
/** The parts of a good token, changed. */
const changed =
  (change: (parts: [string, string, string]) => readonly string[]) => async (): Promise<string> =>
    change((await token()).split('.') as [string, string, string]).join('.')
const inText = (change: (text: string) => string) => async () => change(await token())
/** A signed token of a text that is not what a serializer makes. */
const ofText = (text: () => string) => () => signed(text(), {}, issuer.state.signing)
const claimsText = (more: string) => () => `${JSON.stringify(claims()).slice(0, -1)},${more}}`
const headed = (header: Record<string, unknown>) =>
  changed(([, body, signature]) => [base64(JSON.stringify(header)), body, signature])
const flipped = (part: string) => `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}`

/** The public key taken for a secret: what a verifier falls for that lets the token choose. */
const byHmac = (alg: string, secret: () => Promise<string>) => async () => {
  const { kid } = issuer.state.signing
  const text = `${base64(JSON.stringify({ alg, kid, typ: 'JWT' }))}.${base64(JSON.stringify(claims()))}`
  const hash = alg === 'HS512' ? 'sha512' : 'sha256'
  return `${text}.${createHmac(hash, await secret())
    .update(text)
    .digest('base64url')}`
}
const pem = () => exportSPKI(issuer.state.signing.publicKey)

const written: readonly Mutant[] = [
  {
    name: 'alg none, unsigned',
    token: changed(([, body]) => [base64('{"alg":"none","kid":"k"}'), body, '']),
    says: 'the algorithm "none"',
  },
  {
    name: 'alg none, with a signature',
    token: headed({ alg: 'none', kid: 'k' }),
    says: 'the algorithm "none"',
  },
  { name: 'alg None', token: headed({ alg: 'None', kid: 'k' }), says: 'the algorithm "None"' },
  { name: 'alg rs256', token: headed({ alg: 'rs256', kid: 'k' }), says: 'the algorithm "rs256"' },
  { name: 'alg missing', token: headed({ kid: 'k' }), says: 'the algorithm nothing' },
  {
    name: 'alg a list',
    token: headed({ alg: ['RS256'], kid: 'k' }),
    says: 'the algorithm ["RS256"]',
  },
  { name: 'alg EdDSA', token: headed({ alg: 'EdDSA', kid: 'k' }), says: 'the algorithm "EdDSA"' },
  { name: 'HS256 with the public key', token: byHmac('HS256', pem), says: 'the algorithm "HS256"' },
  { name: 'HS512 with the public key', token: byHmac('HS512', pem), says: 'the algorithm "HS512"' },
  {
    name: 'HS256 with the modulus',
    token: byHmac('HS256', async () => issuer.state.signing.jwk.n ?? ''),
    says: 'the algorithm "HS256"',
  },
  {
    name: 'ES256 said of an RSA key',
    token: headed({ alg: 'ES256', kid: issuer.state.signing.kid }),
    says: 'does not publish',
  },
  { name: 'kid missing', token: headed({ alg: 'RS256' }), says: 'kid is missing' },
  { name: 'kid empty', token: headed({ alg: 'RS256', kid: '' }), says: 'kid is missing' },
  { name: 'kid a number', token: headed({ alg: 'RS256', kid: 1 }), says: 'kid is missing' },
  { name: 'kid unknown', token: () => token({}, { kid: 'no-such-key' }), says: 'does not publish' },
  {
    name: 'kid a path',
    token: () => token({}, { kid: '../../../dev/null' }),
    says: 'does not publish',
  },
  {
    name: 'crit',
    token: () => token({}, { crit: ['https://example.com/new'], 'https://example.com/new': 1 }),
    says: 'the header crit',
  },
  {
    name: 'jku of an attacker',
    token: () => issuer.sign(claims(), { jku: 'https://attacker.example.com/keys' }, attacker),
    says: 'the header jku',
  },
  {
    name: 'x5u of an attacker',
    token: () => issuer.sign(claims(), { x5u: 'https://attacker.example.com/cert' }, attacker),
    says: 'the header x5u',
  },
  {
    name: 'an embedded jwk',
    token: () => issuer.sign(claims(), { jwk: attacker.jwk }, attacker),
    says: 'the header jwk',
  },
  {
    name: 'an embedded certificate',
    token: () => issuer.sign(claims(), { x5c: ['MIIB'] }, attacker),
    says: 'the header x5c',
  },
  {
    name: 'a nested JWT',
    token: async () => signed(await token(), { cty: 'JWT' }, issuer.state.signing),
    says: 'the header cty',
  },
  { name: 'compressed', token: () => token({}, { zip: 'DEF' }), says: 'the header zip' },
  { name: 'an access token', token: () => token({}, { typ: 'at+jwt' }), says: 'the type "at+jwt"' },
  { name: 'typ a number', token: headed({ alg: 'RS256', kid: 'k', typ: 1 }), says: 'the type 1' },
  {
    name: 'alg twice',
    token: changed(([, body, signature]) => [
      base64('{"alg":"RS256","kid":"k","alg":"none"}'),
      body,
      signature,
    ]),
    says: 'header is not JSON: line 1, column 26: the key "alg" stands twice',
  },
  { name: 'a header that is a list', token: headed([] as never), says: 'header is no JSON object' },
  {
    name: 'a header that is no JSON',
    token: changed(([, body, signature]) => [base64('{'), body, signature]),
    says: 'header is not JSON',
  },
  { name: 'one part', token: changed(([header]) => [`${header}.`]), says: 'three parts' },
  { name: 'two parts', token: changed(([header, body]) => [header, body]), says: 'three parts' },
  { name: 'four parts', token: changed((parts) => [...parts, 'AA']), says: 'three parts' },
  { name: 'encrypted', token: changed((parts) => [...parts, 'AA', 'AA']), says: 'is encrypted' },
  { name: 'nothing but dots', token: async () => '..', says: 'header is not JSON' },
  { name: 'padding', token: inText((text) => `${text}=`), says: 'base64url' },
  {
    name: 'base64 of the other alphabet',
    token: changed(([header, body]) => [header, body, '+/+/']),
    says: 'base64url',
  },
  {
    name: 'bits that count for nothing',
    token: changed(([header, body]) => [header, body, 'AB']),
    says: 'base64url',
  },
  {
    name: 'a space in front',
    token: inText((text) => ` ${text}`),
    says: 'base64url',
    inQuery: true,
  },
  { name: 'a line end', token: inText((text) => `${text}\n`), says: 'base64url', inQuery: true },
  {
    name: 'a space within',
    token: inText((text) => text.replace('.', ' .')),
    says: 'base64url',
    inQuery: true,
  },
  { name: 'a NUL', token: inText((text) => `${text}\0`), says: 'base64url', inQuery: true },
  {
    name: 'a Cyrillic letter',
    token: inText((text) => text.replace('a', '\u0430')),
    says: 'base64url',
    inQuery: true,
  },
  {
    name: 'a character without width',
    token: inText((text) => `\u200b${text}`),
    says: 'base64url',
    inQuery: true,
  },
  {
    name: 'another dot',
    token: inText((text) => text.replace('.', '\uff0e')),
    says: 'three parts',
    inQuery: true,
  },
  { name: 'quotes', token: inText((text) => `"${text}"`), says: 'base64url' },
  {
    name: 'huge',
    token: () => token({ more: 'x'.repeat(8_000) }),
    says: 'more than 8192 characters',
  },
  { name: 'claims that are no JSON', token: ofText(() => 'iss'), says: 'claims is not JSON' },
  { name: 'claims that are a list', token: ofText(() => '[]'), says: 'claims is no JSON object' },
  { name: 'claims that are null', token: ofText(() => 'null'), says: 'claims is no JSON object' },
  { name: 'no claims at all', token: ofText(() => '{}'), says: 'the issuer nothing' },
  {
    name: 'a byte order mark',
    token: ofText(() => `\ufeff${JSON.stringify(claims())}`),
    says: 'claims is not JSON',
  },
  {
    name: 'bytes that are no UTF-8',
    token: changed(([header, , signature]) => [
      header,
      base64(new Uint8Array([0x22, 0xff, 0x22])),
      signature,
    ]),
    says: 'claims is not UTF-8',
  },
  {
    name: 'a claim twice',
    token: ofText(claimsText('"repository_id":"7"')),
    says: 'the key "repository_id" stands twice',
  },
  {
    name: 'the issuer twice',
    token: ofText(claimsText(`"iss":"https://attacker.example.com"`)),
    says: 'the key "iss" stands twice',
  },
  {
    name: 'a claim twice, once with an escape',
    token: ofText(claimsText('"repository_\\u0069d":"8"')),
    says: 'stands twice',
  },
  {
    name: 'claims that nest for ever',
    token: ofText(() => `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`),
    says: 'nests deeper',
  },
]

const signedWrong: readonly Mutant[] = [
  {
    name: 'claims of another',
    token: changed(([header, , signature]) => [
      header,
      base64(JSON.stringify(claims({ sha: 'd'.repeat(40) }))),
      signature,
    ]),
    says: 'signature is not right',
  },
  {
    name: 'a header of another',
    token: changed(([, body, signature]) => [
      base64(JSON.stringify({ alg: 'RS256', kid: issuer.state.signing.kid, typ: 'jwt' })),
      body,
      signature,
    ]),
    says: 'signature is not right',
  },
  {
    name: 'RS384 said of RS256',
    token: headed({ alg: 'RS384', kid: issuer.state.signing.kid }),
    says: 'does not publish',
  },
  {
    name: 'a bit of the signature',
    token: changed(([header, body, signature]) => [header, body, flipped(signature)]),
    says: 'signature is not right',
  },
  {
    name: 'half a signature',
    token: changed(([header, body, signature]) => [header, body, signature.slice(0, 172)]),
    says: 'signature is not right',
  },
  {
    name: 'no signature',
    token: changed(([header, body]) => [header, body, '']),
    says: 'signature is not right',
  },
  {
    name: 'an attacker’s key under the right name',
    token: () => issuer.sign(claims(), { kid: issuer.state.signing.kid }, attacker),
    says: 'signature is not right',
  },
  {
    name: 'an attacker’s key under its own',
    token: () => issuer.sign(claims(), {}, attacker),
    says: 'does not publish',
  },
  {
    name: 'the key of another issuer',
    token: () => issuer.sign(claims(), {}, gitlab.state.signing),
    says: 'does not publish',
  },
  {
    name: 'another issuer with this key',
    token: () => token({ iss: gitlab.url }),
    says: 'does not publish',
  },
  {
    name: 'an unknown issuer with this key',
    token: () => token({ iss: 'https://attacker.example.com' }),
    says: 'OIDC_ISSUERS does not name',
  },
  {
    name: 'the issuer with a slash',
    token: () => token({ iss: `${issuer.url}/` }),
    says: 'OIDC_ISSUERS does not name',
  },
  {
    name: 'the issuer in capitals',
    token: () => token({ iss: issuer.url.toUpperCase() }),
    says: 'OIDC_ISSUERS does not name',
  },
  {
    name: 'the issuer as the beginning of another',
    token: () => token({ iss: `${issuer.url}.example.com` }),
    says: 'OIDC_ISSUERS does not name',
  },
  {
    name: 'issuers',
    token: () => token({ iss: [issuer.url] }),
    says: 'OIDC_ISSUERS does not name',
  },
]

const required = [
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'repository',
  'repository_id',
  'sha',
  'ref',
  'ref_type',
  'event_name',
]
const claimed: readonly Mutant[] = [
  ...required.map((name) => ({
    name: `${name} missing`,
    token: without(name),
    says: `claim ${name} is missing`,
  })),
  { name: 'iss missing', token: without('iss'), says: 'the issuer nothing' },
  ...[
    { aud: 'https://other.example.com' },
    { aud: 'https://github.com/acme' },
    { aud: `${audience}/` },
    { aud: `${audience}/api` },
    { aud: audience.toUpperCase() },
    { aud: [audience] },
    { aud: [audience, 'https://other.example.com'] },
    { aud: [] },
    { aud: 1 },
    { aud: { 0: audience } },
  ].map((given) => ({
    name: `aud ${JSON.stringify(given.aud)}`,
    token: () => token(given),
    says: `audience is ${audience}`,
  })),
  { name: 'expired', token: () => token({ exp: nowUnix - 31 }), says: 'has expired' },
  { name: 'exp 0', token: () => token({ exp: 0 }), says: 'has expired' },
  {
    name: 'exp as text',
    token: () => token({ exp: String(nowUnix + 300) }),
    says: 'claim exp must be a number',
  },
  { name: 'exp null', token: () => token({ exp: null }), says: 'claim exp must be a number' },
  {
    name: 'exp a list',
    token: () => token({ exp: [nowUnix + 300] }),
    says: 'claim exp must be a number',
  },
  { name: 'nbf to come', token: () => token({ nbf: nowUnix + 600 }), says: 'not valid yet' },
  { name: 'nbf as text', token: () => token({ nbf: '0' }), says: 'claim nbf must be a number' },
  { name: 'iat of the future', token: () => token({ iat: nowUnix + 600 }), says: 'of the future' },
  {
    name: 'too old, whatever exp says',
    token: () => token({ iat: nowUnix - 3_700, exp: nowUnix + 10 ** 9 }),
    says: 'too old',
  },
  {
    name: 'iat as text',
    token: () => token({ iat: String(nowUnix) }),
    says: 'claim iat must be a number',
  },
  { name: 'jti empty', token: () => token({ jti: '' }), says: 'claim jti must not be empty' },
  { name: 'jti a number', token: () => token({ jti: 1 }), says: 'claim jti must be text' },
  {
    name: 'repository_id a number',
    token: () => token({ repository_id: 7 }),
    says: 'claim repository_id must be',
  },
  ...['07', '7 ', '-7', '7e0', '0x7', '７', '7,8'].map((id) => ({
    name: `repository_id ${id}`,
    token: () => token({ repository_id: id }),
    says: 'claim repository_id must be',
  })),
  {
    name: 'repository a list',
    token: () => token({ repository: ['acme/web'] }),
    says: 'claim repository must be text',
  },
  {
    name: 'repository with ..',
    token: () => token({ repository: 'acme/../web' }),
    says: 'claim repository must be',
  },
  { name: 'sha short', token: () => token({ sha: 'ccccccc' }), says: 'claim sha must be' },
  {
    name: 'sha in capitals',
    token: () => token({ sha: 'C'.repeat(40) }),
    says: 'claim sha must be',
  },
  {
    name: 'ref_type other',
    token: () => token({ ref_type: 'pull' }),
    says: 'claim ref_type must be',
  },
  {
    name: 'a tag that says it is a branch',
    token: () => token({ ref: 'refs/tags/main' }),
    says: 'is not a branch',
  },
  {
    name: 'a branch that says it is a tag',
    token: () => token({ ref_type: 'tag' }),
    says: 'is not a tag',
  },
  {
    name: 'a pull request that does not say of what',
    token: () => token({ event_name: 'pull_request', ref: 'refs/pull/1/merge' }),
    says: 'claim head_ref is missing',
  },
]

const api = {
  repository: 'acme/api',
  repository_id: '8',
  environment: 'production',
  workflow_ref: strict.workflows[0],
  job_workflow_ref: strict.workflows[0],
}
const unlisted: readonly Mutant[] = [
  {
    name: 'a right name of another repository (recycled)',
    token: () => token({ repository_id: '9' }),
    says: 'which has that name now',
  },
  {
    name: 'a right repository of another name',
    token: () => token({ repository: 'acme/site' }),
    says: 'if it was renamed',
  },
  {
    name: 'a right repository in capitals',
    token: () => token({ repository: 'Acme/Web' }),
    says: 'if it was renamed',
  },
  {
    name: 'the name of one, the number of another',
    token: () => token({ repository_id: '8' }),
    says: 'which has that name now',
  },
  {
    name: 'a fork',
    token: () => token({ repository: 'mallory/web', repository_id: '10' }),
    says: '"repository":"mallory/web","repositoryId":10',
  },
  {
    name: 'a repository of another issuer',
    token: () => token({ repository: 'acme/shop', repository_id: '22' }),
    says: 'No entry',
  },
  {
    name: 'another ref',
    token: () => token({ ...api, ref: 'refs/heads/next' }),
    says: '"refs" are refs/heads/main, refs/tags/v*',
  },
  {
    name: 'a ref that begins alike',
    token: () => token({ ...api, ref: 'refs/heads/main2' }),
    says: 'the ref of the token, "refs/heads/main2"',
  },
  {
    name: 'a tag that is called like the branch',
    token: () => token({ ...api, ref: 'refs/tags/main', ref_type: 'tag' }),
    says: 'the ref of the token, "refs/tags/main"',
  },
  {
    name: 'a pull request',
    token: () =>
      token({ ...api, event_name: 'pull_request', ref: 'refs/heads/main', head_ref: 'x' }),
    says: 'the event of the token, "pull_request"',
  },
  {
    name: 'pull_request_target',
    token: () => token({ ...api, event_name: 'pull_request_target' }),
    says: 'the event of the token, "pull_request_target"',
  },
  {
    name: 'PULL_REQUEST',
    token: () => token({ ...api, event_name: 'PUSH' }),
    says: 'the event of the token, "PUSH"',
  },
  {
    name: 'a run by hand',
    token: () => token({ ...api, event_name: 'workflow_dispatch' }),
    says: 'its "events" are push',
  },
  {
    name: 'another workflow',
    token: () =>
      token({ ...api, job_workflow_ref: 'acme/api/.github/workflows/evil.yml@refs/heads/main' }),
    says: 'the workflow of the token',
  },
  {
    name: 'the workflow of another branch',
    token: () =>
      token({ ...api, job_workflow_ref: 'acme/api/.github/workflows/build.yml@refs/heads/x' }),
    says: 'the workflow of the token',
  },
  {
    name: 'no workflow',
    token: () => token({ ...api, workflow_ref: undefined, job_workflow_ref: '' }),
    says: 'the workflow of the token, none',
  },
  {
    name: 'no environment',
    token: () => token({ ...api, environment: undefined }),
    says: 'the environment of the token, none',
  },
  {
    name: 'another environment',
    token: () => token({ ...api, environment: 'staging' }),
    says: 'the environment of the token, "staging"',
  },
  {
    name: 'an environment in capitals',
    token: () => token({ ...api, environment: 'Production' }),
    says: 'the environment of the token',
  },
].map((mutant) => ({ ...mutant, status: 403 }))

const ofPull = {
  event_name: 'pull_request',
  ref: 'refs/pull/12/merge',
  head_ref: 'faster',
  base_ref: 'main',
}
const ofTag = { ref: 'refs/tags/v1', ref_type: 'tag' }
const foreign: readonly Mutant[] = [
  {
    name: 'another repository',
    token: () => token(),
    version: { repositoryName: 'acme/api' },
    says: 'may push artifacts only of acme/web',
  },
  {
    name: 'its number of another',
    token: () => token(),
    version: { repositoryId: 8 },
    says: 'repositoryId: the token says "7"',
  },
  {
    name: 'another commit',
    token: () => token(),
    version: { sha: 'd'.repeat(40) },
    says: 'sha: the token says',
  },
  {
    name: 'half a commit',
    token: () => token(),
    version: { sha: 'ccccccc' },
    says: 'sha: the token says',
  },
  {
    name: 'another branch',
    token: () => token(),
    version: { branch: 'next' },
    says: 'branch: the token says "main"',
  },
  {
    name: 'no branch',
    token: () => token(),
    version: { branch: '' },
    says: 'branch: the token says "main"',
  },
  {
    name: 'a push with a tag',
    token: () => token(),
    version: { tag: 'v1' },
    says: 'tag: the token does not say it',
  },
  {
    name: 'a push from another branch',
    token: () => token(),
    version: { sourceBranch: 'x' },
    says: 'sourceBranch: the token says',
  },
  {
    name: 'a push to another branch',
    token: () => token(),
    version: { targetBranch: 'main' },
    says: 'targetBranch: the token does not say it',
  },
  {
    name: 'a push for a tag',
    token: () => token(ofTag),
    version: {},
    says: 'event: the token says "tag"',
  },
  {
    name: 'a tag for a push',
    token: () => token(),
    version: { event: 'tag', tag: 'v1', branch: '' },
    says: 'event: the token says "push"',
  },
  {
    name: 'another tag',
    token: () => token(ofTag),
    version: { event: 'tag', tag: 'v2', branch: '' },
    says: 'tag: the token says "v1"',
  },
  {
    name: 'a tag on a branch',
    token: () => token(ofTag),
    version: { event: 'tag', tag: 'v1', branch: 'main' },
    says: 'branch: the token does not say it',
  },
  {
    name: 'a push for a pull request',
    token: () => token(ofPull),
    version: {},
    says: 'event: the token says "pr"',
  },
  {
    name: 'a pull request for a push',
    token: () => token(),
    version: { event: 'pr', branch: 'x', targetBranch: 'main' },
    says: 'event: the token says "push"',
  },
  {
    name: 'a pull request of another branch',
    token: () => token(ofPull),
    version: { event: 'pr', branch: 'other', targetBranch: 'main' },
    says: 'branch: the token says',
  },
  {
    name: 'a pull request to another branch',
    token: () => token(ofPull),
    version: { event: 'pr', branch: 'faster', targetBranch: 'live' },
    says: 'targetBranch: the token says "main"',
  },
  {
    name: 'a pull request of its target',
    token: () => token(ofPull),
    version: { event: 'pr', branch: 'main', targetBranch: '' },
    says: 'sourceBranch: the token says "faster"',
  },
].map((mutant) => ({ ...mutant, status: 403 }))

const mutants = [...written, ...signedWrong, ...claimed, ...unlisted, ...foreign]

async function answerTo({ token: make, version, inQuery }: Mutant): Promise<Answer> {
  const body = JSON.stringify(pushed(version, 'mutant'))
  const jwt = await make()
  return inQuery
    ? server.call(`/api/artifact?access_token=${encodeURIComponent(jwt)}`, {
        method: 'POST',
        token: null,
        body,
      })
    : server.post('/api/artifact', body, jwt)
}

describe(`A8: ${mutants.length} tokens that are not right are refused by name`, () => {
  const answers = new Map<string, Answer>()
  beforeAll(async () => {
    // Side by side: a token of an unknown key waits for the keys to be read again.
    await Promise.all(mutants.map(async (one) => answers.set(one.name, await answerTo(one))))
  }, 120_000)

  test.each(mutants)('$name', ({ name, status = 401, says }) => {
    const { status: got, body } = answers.get(name) ?? { status: 0, body: null }
    const { message = '' } = (body as { error?: { message: string } } | null)?.error ?? {}
    expect([got, message]).toEqual([status, expect.stringContaining(says)])
  })

  test('are each another one, and none stored anything', async () => {
    expect(answers.size).toBe(mutants.length)
    expect(mutants.length).toBeGreaterThanOrEqual(60)
    expect(await keyless.stored()).toBe(0)
  })

  test('while the one that they were made of is taken', async () => {
    expect((await keyless.post(await token())).status).toBe(201)
  })
})
