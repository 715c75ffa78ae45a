import { type Refusal, refuse } from '../domain/fault.ts'
import { parseJson } from '../policy/json-text.ts'
import { isObject } from '../policy/problem.ts'

/** The tokens of GitHub and GitLab have less than a quarter of it. */
export const tokenCharsMax = 8_192

/** Only what an issuer signs with a key that it keeps to itself. */
export const algorithms: readonly string[] = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']

/** What would have us take a key from the token itself, or understand more than we do. */
const refusedHeaders = ['crit', 'jku', 'x5u', 'jwk', 'x5c', 'b64', 'zip', 'enc', 'cty']

export type TokenText = {
  readonly kid: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** No, about the token itself: who sent it is not known. */
export const noToken = (message: string): Refusal => refuse('unauthenticated', message)

/**
 * Reads what a token says, signed or not. It must be written in the one way that there is: what two
 * readers could take for two things is refused.
 */
export function readToken(token: string): TokenText | Refusal {
  if (token.length > tokenCharsMax)
    return noToken(`The token has more than ${tokenCharsMax} characters; no CI makes such a one`)
  const parts = token.split('.')
  if (parts.length === 5) return noToken('The token is encrypted; send the signed one of your CI')
  if (parts.length !== 3) return noToken('The token is no JWT: that has three parts')
  if (!parts.every(isBase64Url))
    return noToken('The token is not written as a JWT is: base64url, without padding or spaces')
  const [headerText = '', claimsText = ''] = parts
  const header = objectOf(headerText, 'header')
  if (header.kind === 'refusal') return header
  const problem = headerProblem(header.value)
  if (problem !== null) return noToken(problem)
  const claims = objectOf(claimsText, 'claims')
  return claims.kind === 'refusal'
    ? claims
    : { kid: String(header.value.kid), claims: claims.value }
}

/** One text for the same bytes: the last character may hold bits that count for nothing. */
const isBase64Url = (text: string): boolean =>
  /^[\w-]*$/.test(text) && Buffer.from(text, 'base64url').toString('base64url') === text

type Read = { readonly kind: 'value'; readonly value: Readonly<Record<string, unknown>> } | Refusal

function objectOf(part: string, what: string): Read {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(part, 'base64url'),
    )
  } catch {
    return noToken(`The token’s ${what} is not UTF-8`)
  }
  const parsed = parseJson(text)
  if (parsed.kind === 'broken') return noToken(`The token’s ${what} is not JSON: ${parsed.message}`)
  return isObject(parsed.value)
    ? { kind: 'value', value: parsed.value }
    : noToken(`The token’s ${what} is no JSON object`)
}

function headerProblem(header: Readonly<Record<string, unknown>>): string | null {
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || !algorithms.includes(alg))
    return `The token says the algorithm ${shown(alg)}; only ${algorithms.join(', ')} are taken`
  const refused = refusedHeaders.find((name) => Object.hasOwn(header, name))
  if (refused !== undefined)
    return `The token has the header ${refused}; keys are taken from its issuer only`
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT'))
    return `The token is of the type ${shown(typ)}; only JWT is taken`
  return typeof kid === 'string' && kid !== ''
    ? null
    : 'The token does not say which key signed it: kid is missing'
}

const shownCharsMax = 100

/** What the token says, as it may stand in a sentence. */
export const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing').slice(0, shownCharsMax)
