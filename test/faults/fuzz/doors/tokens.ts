import { generateKeyPairSync, sign } from 'node:crypto'
import { isRefusal } from '../../../../src/domain/fault.ts'
import { runOf } from '../../../../src/oidc/claims.ts'
import { readToken } from '../../../../src/oidc/token-text.ts'
import type { VerifyToken } from '../../../../src/oidc/verify.ts'
import { parseJson } from '../../../../src/policy/json-text.ts'
import { broken, type Door, same } from '../fuzz.ts'
import { isSafePath } from './names.ts'
import { gist, refused } from './said.ts'

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const sha = 'c'.repeat(40)
const github = {
  ...{ jti: 'run-1', sub: 'repo:acme/web:ref:refs/heads/main' },
  ...{ repository: 'acme/web', repository_id: '7', repository_owner_id: '1' },
  ...{ sha, ref: 'refs/heads/main', ref_type: 'branch', event_name: 'push' },
  ...{
    head_ref: '',
    base_ref: '',
    run_id: '99',
    workflow_ref: 'acme/web/.github/workflows/b.yml@refs/heads/main',
  },
}
const gitlab = {
  ...{ jti: 'job-1', project_path: 'acme/shop', project_id: '22', sha, ref: 'main' },
  ...{ ref_type: 'branch', ref_path: 'refs/heads/main', pipeline_source: 'push' },
}
const header = { alg: 'RS256', kid: 'key-1', typ: 'JWT' }
const words = [
  'none',
  'HS256',
  'ES256',
  'jku',
  'jwk',
  'x5u',
  'crit',
  'b64',
  'pull_request',
  'merge_group',
  'tag',
  'refs/tags/v1',
  'aud',
  'exp',
  'iss',
  'acme/other',
]
const base64 = (text: string) => Buffer.from(text).toString('base64url')

/** Tokens of CI runs before anyone looks at their signature. */
export const tokensDoor: Door = {
  name: 'tokens',
  about: 'A4, A8, A19: OIDC tokens, as texts and by their claims',
  form: 'json',
  words,
  seeds: [
    { header, claims: github },
    { header, claims: gitlab },
    { header, claims: { ...github, event_name: 'pull_request', head_ref: 'x', base_ref: 'main' } },
  ],
  take(input) {
    const { header: head, claims } = isObject(input) ? input : { header, claims: input }
    const text = [head ?? null, claims ?? null].map((one) => base64(JSON.stringify(one)))
    const read = readToken([...text, 'c2ln'].join('.'))
    const odd = readToken([...text, 'c2lh='].join('.'))
    if (!isRefusal(odd)) broken('a token that is written otherwise is read')
    if (isRefusal(read)) return gist(read.message)
    same(read.claims, claims, 'its claims')
    return (['github', 'gitlab'] as const).map((kind) => ran(read.claims, kind)).join(' ')
  },
}

function ran(claims: Json, kind: 'github' | 'gitlab'): string {
  const run = runOf(claims, { issuer: 'https://issuer.example.com', kind })
  if (isRefusal(run)) return refused(run)
  if (!isSafePath(run.repository)) broken(`it is of ${JSON.stringify(run.repository)}`)
  if (!Number.isSafeInteger(run.repositoryId)) broken('it is of no repository')
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(run.sha)) broken('it is of no commit')
  const { built, event } = run
  if (built.event !== 'pr' && /^(?:pull_request|merge_request_event)$/.test(event))
    broken('what a pull request built counts as pushed')
  return built.event
}

/** The text of a token, character by character; whoever changes it has no key. */
export const tokenTextsDoor: Door = {
  name: 'token-texts',
  about: 'A4, A8: texts that are sent as OIDC tokens',
  form: 'text',
  words: ['.', '=', 'eyJ', '-_', base64('{"alg":"none"}')],
  seeds: [[base64(JSON.stringify(header)), base64(JSON.stringify(github)), 'c2ln'].join('.')],
  take(input) {
    const read = readToken(String(input))
    if (isRefusal(read)) return gist(read.message)
    const [, claims = ''] = String(input).split('.')
    if (Buffer.from(claims, 'base64url').toString('base64url') !== claims)
      broken('it has two texts')
    return `taken ${Object.keys(read.claims).length}`
  },
}

type Issued = { readonly verify: VerifyToken; readonly audience: string; readonly issuer: string }

/** The whole door: tokens that are signed by the issuer's own key, whatever they say. */
export function signedTokensDoor({ verify, audience, issuer }: Issued, key: SigningKey): Door {
  const unix = Math.floor(Date.now() / 1000)
  const times = { iss: issuer, aud: audience, iat: unix, nbf: unix - 600, exp: unix + 3_000 }
  return {
    name: 'signed-tokens',
    about: 'A8: OIDC tokens that are signed by the key of their issuer',
    form: 'json',
    words: [...words, issuer, audience, `${issuer}/`, 'https://gitlab.com'],
    share: 0.02,
    seeds: [{ ...times, ...github }],
    async take(claims) {
      const text = JSON.stringify(claims)
      const signing = `${base64(JSON.stringify({ ...header, kid: key.kid }))}.${base64(text)}`
      const signature = sign('sha256', Buffer.from(signing), key.privateKey)
      const token = `${signing}.${signature.toString('base64url')}`
      const found = await verify(token, () => true)
      const forged = await verify(`${signing}.${base64('x'.repeat(256))}`, () => true)
      if (!isRefusal(forged)) broken('a token without its signature is taken')
      if (isRefusal(found)) return gist(found.message)
      if (!isObject(claims) || claims.iss !== issuer || claims.aud !== audience)
        return broken('it is for somebody else')
      if (!(Number(claims.exp) > unix - 60) || !(Number(claims.nbf) < unix + 3_600))
        broken('it holds no more, or not yet')
      return `taken ${found.built.event}`
    },
  }
}

export type SigningKey = ReturnType<typeof signingKey>

/** A key of an issuer, and its public half as the issuer publishes it. */
export function signingKey() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = 'key-of-the-fuzz'
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
  return { kid, privateKey, jwk }
}

/** JSON that people write: read as everybody else reads it, or refused (A4). */
export const jsonTextsDoor: Door = {
  name: 'json-texts',
  about: 'A4, A19: JSON of policies, people and tokens',
  form: 'text',
  words: [
    '"a":1,',
    '\\u0061',
    '\\ud800',
    '1e999',
    '-0',
    '[',
    '{',
    '\ufeff',
    '/* c */',
    'NaN',
    ',,',
  ],
  seeds: [
    '{"a": [1, 2.5, -3e2], "b": {"c": null, "d": "x\\n\\u00e9"}, "e": true}',
    '[]',
    '"text"',
    '{"a": {"a": {"a": []}}}',
  ],
  take(input) {
    const text = String(input)
    const read = parseJson(text)
    const plain = plainlyParsed(text)
    if (read.kind === 'broken') return gist(read.message)
    if (plain === undefined) return broken('it is JSON to us alone')
    same(read.value, plain.value, 'read by everybody else')
    const printed = parseJson(JSON.stringify(read.value))
    if (printed.kind === 'broken') broken(`printed, it is none: ${printed.message}`)
    return 'taken'
  },
}

function plainlyParsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}
