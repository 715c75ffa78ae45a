import { type Check, fine, warning } from './check.ts'

/** Requirement R1: a shorter secret may be guessed. */
const secretCharsMin = 24

type About = {
  /** What the line is called. */
  readonly check: string
  readonly key: string
  readonly signer: string
  /** What can be said of one that is right. */
  readonly right: string
  /** How to get another one. */
  readonly again: string
  /** What else is odd about a secret. */
  readonly oddity: (secret: string) => string | null
}

/** Looks at the secret that a surface signs with, and at the one before it. Shows neither. */
export function secretChecks(secrets: readonly string[], about: About): Check[] {
  const { check, signer, right, again, oddity } = about
  return secrets.map((secret, at) => {
    const key = at === 0 ? about.key : `${about.key}_PREVIOUS`
    if (secret.length < secretCharsMin)
      return warning(check, `${key} has fewer than ${secretCharsMin} characters; ${again}`)
    const odd = oddity(secret)
    if (odd !== null) return warning(check, `${key} ${odd}; ${again}`)
    return at === 0
      ? fine(check, `${key} ${right}`)
      : warning(check, `${key} is still taken; remove it once ${signer} signs with the new one`)
  })
}
