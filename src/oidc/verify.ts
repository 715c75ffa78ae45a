import { errors, jwtVerify } from 'jose'
import type { CiKind, CiRun } from '../domain/ci-run.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { runOf } from './claims.ts'
import { IssuerKeys, type KeyPorts, KeysAway } from './issuer-keys.ts'
import { readKeys } from './read-keys.ts'
import { algorithms, noToken, readToken, shown } from './token-text.ts'

/** How far clocks may be apart. */
const leewaySeconds = 30
/** How old a token may be: GitHub makes one when it is asked, GitLab when the job begins. */
const ageSecondsMax: Readonly<Record<CiKind, number>> = { github: 3_600, gitlab: 24 * 3_600 }

export type Issuer = { readonly issuer: string; readonly kind: CiKind }

type Given = {
  /** Whom tokens have to be made for: our public URL. */
  readonly audience: string
  readonly issuers: readonly Issuer[]
}
type Ports = Pick<KeyPorts, 'clock' | 'pause'> & {
  readonly log: { warn(fields: object, text: string): void }
}

/**
 * Verifies the OIDC tokens of CI runs. Each refusal says which check it was. `mayPost` names the issuers
 * that anyone may post with: of others no keys are asked for.
 */
export type VerifyToken = (
  token: string,
  mayPost: (issuer: string) => boolean,
) => Promise<CiRun | Refusal>

/** Knows the issuers, and the keys of each once it was needed. */
export function tokenVerifier({ log, ...ports }: Ports, { audience, issuers }: Given): VerifyToken {
  const known = new Map(
    issuers.map(({ issuer, kind }) => {
      const unreadable = (err: unknown) =>
        log.warn({ err, issuer }, 'the keys of an issuer of CI tokens could not be read')
      const keys = new IssuerKeys({ ...ports, read: () => readKeys(issuer), unreadable })
      return [issuer, { issuer, kind, keys }] as const
    }),
  )
  return async (token, mayPost) => {
    const text = readToken(token)
    if (isRefusal(text)) return text
    const { iss } = text.claims
    const from = typeof iss === 'string' ? known.get(iss) : undefined
    if (from === undefined)
      return noToken(`The token is of the issuer ${shown(iss)}, which OIDC_ISSUERS does not name`)
    if (!mayPost(from.issuer))
      return refuse('forbidden', `No entry of ci.json is of the issuer ${from.issuer}: add one`)
    const refusal = await signedRight(token, { audience, from, nowMs: ports.clock.nowMs() })
    if (refusal) return refusal
    const { aud, exp, iat } = text.claims
    if (aud !== audience) return otherAudience(audience)
    const run = runOf(text.claims, from)
    if (isRefusal(run)) return run
    const { jti, ...rest } = run
    const ageMax = ageSecondsMax[from.kind]
    const untilUnix = Math.ceil(Math.min(Number(exp), Number(iat) + ageMax)) + leewaySeconds
    return { ...rest, token: { id: `${from.issuer} ${jti}`, untilUnix } }
  }
}

type Check = {
  readonly audience: string
  readonly from: Issuer & { readonly keys: IssuerKeys }
  readonly nowMs: number
}

async function signedRight(token: string, check: Check): Promise<Refusal | null> {
  const { audience, from, nowMs } = check
  try {
    await jwtVerify(token, from.keys.find, {
      ...{ algorithms: [...algorithms], issuer: from.issuer, audience },
      ...{ clockTolerance: leewaySeconds, maxTokenAge: ageSecondsMax[from.kind] },
      ...{ currentDate: new Date(nowMs), requiredClaims: ['exp', 'nbf'] },
    })
    return null
  } catch (error) {
    return reasonOf(error, check)
  }
}

const otherAudience = (audience: string) =>
  noToken(`The token is for another audience; ask your CI for one whose audience is ${audience}`)

function reasonOf(error: unknown, { audience, from }: Check): Refusal {
  if (error instanceof KeysAway)
    return refuse('overloaded', `The keys of ${from.issuer} cannot be read now; send it again`)
  if (error instanceof errors.JWKSNoMatchingKey)
    return noToken(`The token is signed with a key that ${from.issuer} does not publish`)
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)
    return claimReason(error, audience)
  return noToken('The token’s signature is not right')
}

function claimReason(
  { claim, reason }: Pick<errors.JWTClaimValidationFailed, 'claim' | 'reason'>,
  audience: string,
): Refusal {
  if (reason === 'missing') return noToken(`The token’s claim ${claim} is missing`)
  if (reason === 'invalid') return noToken(`The token’s claim ${claim} must be a number`)
  if (claim === 'aud') return otherAudience(audience)
  if (claim === 'exp') return noToken('The token has expired; ask your CI for a new one')
  if (claim === 'nbf') return noToken('The token is not valid yet: compare the clocks')
  return claim === 'iat'
    ? noToken('The token is too old, or of the future; ask your CI for a new one')
    : noToken(`The token’s claim ${claim} is not right`)
}
