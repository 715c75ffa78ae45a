import { generateKeyPairSync, verify } from 'node:crypto'

const jwtSecondsMax = 600
/** Clocks differ; GitHub takes a little. */
const skewSeconds = 60

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** The app's key, one for the process, as GitHub gives it for download. */
export const privateKey = keys.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

/** What is wrong with a JWT of the app, if anything is. */
export function jwtProblem(token: string, appId: number): string | undefined {
  const [head = '', body = '', signature = '', ...rest] = token.split('.')
  const [{ alg }, { iss, exp, iat }] = [jsonOf(head), jsonOf(body)]
  const signed = Buffer.from(signature, 'base64url')
  const isOurs = alg === 'RS256' && rest.length === 0
  if (!isOurs || !verify('RSA-SHA256', Buffer.from(`${head}.${body}`), keys.publicKey, signed))
    return 'A JSON web token could not be decoded'
  if (String(iss) !== String(appId)) return "'Issuer' claim ('iss') must be an Integer"
  const now = Date.now() / 1000
  if (typeof exp !== 'number' || exp < now) return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires" // biome-ignore format: one line
  if (exp > now + jwtSecondsMax + skewSeconds) return "'Expiration time' claim ('exp') is too far in the future" // biome-ignore format: one line
  if (typeof iat !== 'number' || iat > now + skewSeconds) return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued" // biome-ignore format: one line
  return undefined
}

function jsonOf(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) ?? {}
  } catch {
    return {}
  }
}
