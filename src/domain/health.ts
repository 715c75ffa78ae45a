import type { Sha } from './names.ts'
import type { GitopsHash } from './outcome.ts'
import type { Health, HealthBasis, HealthState, Release } from './release.ts'

/** What a cluster says of a GitOps commit that it applied, or could not. */
export type HealthReport = {
  readonly env: string
  readonly commit: Sha
  readonly state: HealthState
  /** The cluster's own word for it, such as `HealthCheckFailed`. */
  readonly reason: string
  readonly message: string
  /** Unix seconds. */
  readonly at: number
  /** The app that it is about, when the reporter says so. */
  readonly app?: string | undefined
  /** The name of the Kustomization or Application: it may be one app's. */
  readonly unit?: string | undefined
  /** The names of the objects that a failure is put down to. */
  readonly blamed: readonly string[]
}

/** What is looked at to say what a report means. */
export type Reported = {
  /** Of the environment, newest first. */
  readonly releases: readonly Release[]
  /** The commits that the report's commit holds, itself included. */
  readonly held: ReadonlySet<Sha>
}

/** A release of which a report says something new. */
export type HealthNews = { readonly release: Release; readonly health: Health }

/**
 * What a report means for each release. Reports may come late, twice and in any order: the same reports
 * lead to the same states.
 */
export function newsOf(report: HealthReport, { releases, held }: Reported): HealthNews[] {
  const named = appsNamed(report, new Set(releases.map(({ app }) => app)))
  const replaced = new Set<string>()
  return releases
    .filter(({ gitopsRef }) => held.has(gitopsRef))
    .flatMap((release) => {
      const { app, gitopsRef, created, health: known } = release
      const isOvertaken = replaced.has(app)
      replaced.add(app)
      if (named !== null && !named.has(app)) return []
      const isGuess = report.state === 'failed' && named === null && report.commit !== gitopsRef
      const basis: HealthBasis = isOvertaken ? 'overtaken' : isGuess ? 'later' : 'own'
      const order = known === undefined ? 'newer' : orderOf(report.commit, known.commit, held)
      const health = nextHealth(known, { report, basis, order, releasedAt: created })
      return health === known ? [] : [{ release, health }]
    })
}

/** The apps that a report is about, or `null` when it is about all of them. */
export function appsNamed(
  { env, app, unit = '', state, blamed }: HealthReport,
  apps: ReadonlySet<string>,
): ReadonlySet<string> | null {
  if (app !== undefined) return new Set([app])
  const fitting = [...apps].filter(
    (one) =>
      [one, `${env}-${one}`, `${one}-${env}`].includes(unit) || unit.endsWith(`-${env}-${one}`),
  )
  const [own] = fitting.sort((a, b) => b.length - a.length)
  if (own !== undefined) return new Set([own])
  const atFault = state === 'failed' ? blamed.filter((name) => apps.has(name)) : []
  return atFault.length > 0 ? new Set(atFault) : null
}

type Order = 'older' | 'same' | 'newer'

const orderOf = (commit: Sha, known: Sha, held: ReadonlySet<Sha>): Order =>
  commit === known ? 'same' : held.has(known) ? 'newer' : 'older'

/** A report as it bears on one release. */
export type Said = {
  readonly report: Pick<HealthReport, 'commit' | 'state' | 'reason' | 'message' | 'at'>
  readonly basis: HealthBasis
  /** Its commit against the one that the known state is from. */
  readonly order: Order
  readonly releasedAt: number
}

/** The health of a release after a report; the known one itself when that says nothing new. */
export function nextHealth(known: Health | undefined, said: Said): Health {
  const { report, basis, order, releasedAt } = said
  const { at, ...told } = report
  // Nothing was healthy before it was there, whatever a clock says: gates count the minutes since.
  const next: Health = { ...told, since: Math.max(at, releasedAt), reported: at, basis }
  if (known === undefined) return next
  if (!outweighs(next, known, order)) return interrupted(known, next)
  if (known.state === next.state)
    return { ...next, since: known.since, ...recovery(known.recoveredFrom) }
  const failure = known.state === 'failed' ? known : known.recoveredFrom
  return next.state === 'healthy' ? { ...next, ...recovery(failure) } : next
}

const recovery = (failure: Health['recoveredFrom']) =>
  failure && { recoveredFrom: { since: failure.since, message: failure.message } }

/** A failure that is told of late was there all the same: what is healthy is so only since then. */
function interrupted(known: Health, late: Health): Health {
  const isGap =
    known.state === 'healthy' &&
    late.state === 'failed' &&
    late.basis === 'own' &&
    late.reported > known.since &&
    late.reported <= known.reported
  return isGap && known.since < known.reported ? { ...known, since: known.reported } : known
}

/** What progresses says least, what is said of the release itself most. */
const weights: Readonly<Record<HealthBasis, number>> = { overtaken: 1, later: 2, own: 3 }
const weightOf = ({ state, basis }: Health) => (state === 'progressing' ? 0 : weights[basis])

const ranks: Readonly<Record<HealthState, number>> = { progressing: 0, healthy: 1, failed: 2 }

/** An order of all reports about a release: by weight, then commit, then time. */
function outweighs(next: Health, known: Health, order: Order): boolean {
  const weight = weightOf(next) - weightOf(known)
  if (weight !== 0) return weight > 0
  // What was never alone in the cluster keeps the word on the first commit that brought it there.
  if (order !== 'same') return order === (weightOf(next) === weights.overtaken ? 'older' : 'newer')
  if (next.reported !== known.reported) return next.reported > known.reported
  // Of two at one second the worse one counts: a gate must not open on a guess.
  if (next.state !== known.state) return ranks[next.state] > ranks[known.state]
  return next.message > known.message
}

const failures = ['ValidationFailed', 'HealthCheckFailed'] as const

/** A GitOps commit with its state, in the words of Flux that GimletD's clients wait for. */
export function gitopsHash(hash: Sha, health: Health | undefined): GitopsHash {
  if (health === undefined) return { hash, status: 'pushed', statusDesc: '' }
  const { state, reason, message: statusDesc } = health
  const status = {
    progressing: 'Progressing',
    healthy: 'ReconciliationSucceeded',
    failed: failures.find((word) => word === reason) ?? 'ReconciliationFailed',
  } as const
  return { hash, status: status[state], statusDesc }
}
