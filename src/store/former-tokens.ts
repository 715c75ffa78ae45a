import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { User } from '../domain/actor.ts'
import type { Database } from './client.ts'
import { userOf } from './users.ts'

/** Tokens of a GimletD before us have some 150 characters. */
const tokenCharactersMax = 2_000
/** AES-GCM's own sizes, in bytes. */
const nonceBytes = 12
const tagBytes = 16
const signatureBytes = 32

/**
 * The secret of a user, as it is kept: a dump of the database without the administrator's token opens
 * nothing. Bound to its login, so that it cannot be given to another.
 */
export function sealSecret(
  secret: string,
  { login, adminToken }: { login: string; adminToken: string },
): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', keyOf(adminToken), nonce)
  cipher.setAAD(Buffer.from(login))
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64')
}

/** Stands for the hash of a user's token who has none but those from there: no token has this for its hash. */
export const noHashOf = (login: string): string => `former ${login}`

/**
 * Knows who owns a token of a GimletD before us: a JWT that is signed with its user's own secret. Answers
 * nothing for any other, for one of a user who was removed or has a token from here, and when the administrator's token is no
 * more the one that the secrets were sealed with.
 */
export function formerOwner(
  database: Database,
  adminToken: string,
  clock: { nowMs(): number },
): (token: string) => Promise<User | undefined> {
  const key = keyOf(adminToken)
  return async (token) => {
    const claimed = claimsOf(token)
    if (claimed === undefined || claimed.expiresMs <= clock.nowMs()) return undefined
    const [row] = await database.read(
      `select u.*, f.sealed from former_tokens f join users u on u.login = f.login
       where f.login = ? and u.token_hash = ?`,
      [claimed.login, noHashOf(claimed.login)],
    )
    const secret = row && opened(String(row.sealed), { login: claimed.login, key })
    return row && secret !== undefined && isSignedWith(secret, claimed) ? userOf(row) : undefined
  }
}

const keyOf = (adminToken: string) =>
  Buffer.from(hkdfSync('sha256', adminToken, '', 'tokens of a former GimletD', 32))

function opened(sealed: string, { login, key }: { login: string; key: Buffer }) {
  const bytes = Buffer.from(sealed, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
    decipher.setAAD(Buffer.from(login))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

type Claimed = {
  readonly login: string
  readonly expiresMs: number
  readonly signed: string
  readonly signature: Buffer
}

/** What a token says of itself; nothing when it is none of theirs. */
function claimsOf(token: string): Claimed | undefined {
  const parts = token.length > tokenCharactersMax ? [] : token.split('.')
  const [header = '', payload = '', signature = ''] = parts
  if (parts.length !== 3 || jsonOf(header).alg !== 'HS256') return undefined
  const { sub: login, type, exp: expires } = jsonOf(payload)
  // Sessions of its web pages were signed alike, and are no tokens.
  if (type !== 'user' || typeof login !== 'string') return undefined
  if (expires !== undefined && typeof expires !== 'number') return undefined
  return {
    login,
    expiresMs: expires === undefined ? Number.POSITIVE_INFINITY : expires * 1000,
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

function isSignedWith(secret: string, { signed, signature }: Claimed): boolean {
  const wanted = createHmac('sha256', secret).update(signed).digest()
  return signature.length === signatureBytes && timingSafeEqual(signature, wanted)
}

function jsonOf(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
