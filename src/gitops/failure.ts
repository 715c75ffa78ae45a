import { Fault } from '../domain/fault.ts'
import { GitFailure } from './git.ts'

/**
 * Whether the host refused who we are. A hint for people and for how long to wait: what landed is
 * never read from a text.
 */
export function isForbidden(error: unknown): boolean {
  if (!(error instanceof GitFailure)) return false
  return /returned error: 40[13]\b|Authentication failed|could not read (?:Username|Password)|Permission denied \(|Host key verification failed/i.test(
    error.stderr,
  )
}

/** Why ssh does not take the host for the one that is meant, if so: no credential would help. */
function unknownHost(error: unknown): string | undefined {
  if (!(error instanceof GitFailure) || !error.stderr.includes('Host key verification failed'))
    return undefined
  return /IDENTIFICATION HAS CHANGED/.test(error.stderr)
    ? 'the host shows another ssh key than before; if it was changed on purpose, take the old one out of known_hosts in the data folder and in ~/.ssh'
    : 'the host’s ssh key is not known; put it into ~/.ssh/known_hosts of the user that the server runs as'
}

/** Why the remote could not be spoken to: who we are, or whether it answers. */
export function remoteFault(error: unknown, doing: string, credential: string): Fault {
  if (error instanceof Fault) return error
  const unknown = unknownHost(error)
  if (unknown) return new Fault('gitops_forbidden', `${doing}: ${unknown}`, { cause: error })
  return isForbidden(error)
    ? new Fault('gitops_forbidden', `${doing}: the host refuses ${credential}`, { cause: error })
    : new Fault('gitops_unreachable', doing, { cause: error })
}

/**
 * Why a push that is known not to have landed was not taken: `gitops_refused` when the host looked at
 * it and said no, which stays so, else something that passes.
 */
export function pushFault(error: unknown, credential: string): Fault {
  const doing = `pushing to the GitOps repository: ${reasonOf(error)}`
  return error instanceof GitFailure && isRuledOut(error)
    ? new Fault('gitops_refused', doing, { cause: error })
    : remoteFault(error, doing, credential)
}

/** `push --porcelain` ends with 1 and a line for each ref that the host did not take. */
function isRuledOut({ exitCode, stdout }: GitFailure): boolean {
  const [, why] = /^!\t\S+\t\[remote rejected\] \((.*)\)$/m.exec(stdout) ?? []
  // A host that is busy or full says no as well, and takes the same push later.
  return exitCode === 1 && why !== undefined && !/lock|failed to|unpack|incorrect old/i.test(why)
}

/** What the host said, in one line that a person can read. */
function reasonOf(error: unknown): string {
  if (error instanceof Fault) return error.message
  return error instanceof GitFailure
    ? error.stderr.replaceAll(/\s+/g, ' ').slice(0, 300)
    : 'git could not be run'
}
