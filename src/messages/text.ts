import type { Grant } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import { assertNever } from '../domain/fault.ts'
import type { Outcome, StatusByEnv, WhoAmI } from '../domain/outcome.ts'
import type { Release } from '../domain/release.ts'
import { ago } from './ago.ts'
import { auditText } from './audit-text.ts'
import { controlText } from './control-text.ts'
import { driftText } from './drift-text.ts'
import { eventText, planText } from './event-text.ts'
import { gitopsText } from './gitops-text.ts'
import { failureText } from './health-text.ts'
import { clean } from './paint.ts'
import { firstLine, nothing, type Style } from './style.ts'
import { table } from './table.ts'
import { userText } from './user-text.ts'

/** What an outcome says to a person at a terminal. */
export function outcomeText(outcome: Outcome, style: Style): string {
  const { paint } = style
  switch (outcome.kind) {
    case 'refusal':
      return paint.red(clean(outcome.message))
    case 'artifact-stored':
      return `${clean(outcome.artifact.id)} ${outcome.isNew ? 'is stored' : 'was stored already'}`
    case 'artifact':
      return artifactText(outcome.artifact, style)
    case 'artifacts':
      return artifactsText(outcome.artifacts, style)
    case 'accepted':
      return `Asked for a ${outcome.what}: ${outcome.id}`
    case 'health-reported':
      return clean(outcome.ignored ?? `${outcome.apps.length} apps in ${outcome.env} have news`)
    case 'approved':
    case 'rejected':
    case 'blocked':
    case 'unblocked':
    case 'locked':
    case 'unlocked':
    case 'locks':
      return controlText(outcome, style)
    case 'plans':
      return outcome.plans.map((plan) => planText(plan, paint)).join('\n\n')
    case 'status':
      return statusText(outcome.status, style)
    case 'history':
      return historyText(outcome.releases, style)
    case 'event':
      return eventText(outcome.event, paint)
    case 'decision':
      return `${outcome.decision.verdict}: ${clean(outcome.decision.message)}`
    case 'decisions':
      return `${outcome.decisions.length} decisions`
    case 'gitops-repo':
    case 'gitops-state':
    case 'gitops-resumed':
      return gitopsText(outcome, style)
    case 'whoami':
      return whoamiText(outcome.whoami)
    case 'users':
    case 'user':
    case 'user-added':
    case 'user-removed':
      return userText(outcome, style)
    case 'audit':
      return auditText(outcome.records, style)
    default:
      return assertNever(outcome)
  }
}

function artifactText({ id, version, items }: Artifact, style: Style): string {
  const lines = [
    style.paint.bold(clean(id)),
    `${clean(version.repositoryName)}  ${clean(version.branch || version.tag)}  ${version.sha}`,
    `${clean(version.authorName)}: ${clean(version.message)}`,
    ...items.map((item) => `  ${clean(JSON.stringify(item))}`),
  ]
  return lines.join('\n')
}

function artifactsText(artifacts: readonly Artifact[], style: Style): string {
  if (artifacts.length === 0) return nothing('No artifact fits.', style)
  const rows = artifacts.map(({ id, version, created }) => [
    ...[id, version.branch || version.tag, short(version.sha)],
    ...[ago(created, style), version.authorName, firstLine(version.message)],
  ])
  return table(['ARTIFACT', 'BRANCH', 'COMMIT', 'POSTED', 'BY', 'MESSAGE'], rows, style.paint)
}

function statusText(status: StatusByEnv, style: Style): string {
  const rows = Object.entries(status).flatMap(([env, apps]) =>
    Object.entries(apps).map(([app, release]) =>
      release
        ? [
            env,
            app,
            release.artifactId,
            release.version.branch,
            ago(release.created, style),
            release.triggeredBy,
            stateFor(release, style),
            driftText(release),
          ]
        : [env, app, '-', '', '', 'nothing is released yet', '', ''],
    ),
  )
  if (rows.length === 0) return nothing('Nothing is released, and no manifest fits.', style)
  const head = ['ENV', 'APP', 'ARTIFACT', 'BRANCH', 'RELEASED', 'BY', 'HEALTH', 'DRIFT']
  // Where no cluster reports and nobody writes by hand, empty columns would only be in the way.
  const shown = head.map((_, at) => at < 6 || rows.some((row) => row[at] !== ''))
  const narrow = (row: readonly string[]) => row.filter((_, at) => shown[at])
  const failures = Object.values(status).flatMap((apps) =>
    Object.values(apps).flatMap((release) => failureOf(release) ?? []),
  )
  return [
    table(narrow(head), rows.map(narrow), style.paint),
    ...failures.map((line) => style.paint.red(line)),
  ].join('\n')
}

const stateFor = ({ health }: Release, style: Style): string =>
  health ? `${health.state} for ${ago(health.since, style).replace(' ago', '')}` : ''

/** Why an app fails, below the table: a reason is longer than a column. */
function failureOf(release: Release | null): string | undefined {
  const failure = release?.health ? failureText(release.health) : ''
  return failure === '' ? undefined : clean(`${release?.app} in ${release?.env}: ${failure}`)
}

function historyText(releases: readonly Release[], style: Style): string {
  if (releases.length === 0) return nothing('No release fits.', style)
  const seen = new Set<string>()
  const rows = releases.map((release) => {
    const isNewest = !seen.has(`${release.env}/${release.app}`)
    seen.add(`${release.env}/${release.app}`)
    return [
      ...[ago(release.created, style), release.app, release.artifactId, short(release.gitopsRef)],
      ...[release.triggeredBy, stateOf(release, isNewest), release.health?.state ?? ''],
      firstLine(release.version.message),
    ]
  })
  const head = ['RELEASED', 'APP', 'ARTIFACT', 'GITOPS', 'BY', '', 'HEALTH', 'MESSAGE']
  const isHealthKnown = releases.some(({ health }) => health !== undefined)
  const shown = (row: readonly string[]) => row.filter((_, at) => at !== 6 || isHealthKnown)
  return table(shown(head), rows.map(shown), style.paint)
}

function stateOf({ rolledBack, rollbackTo }: Release, isNewest: boolean): string {
  if (rollbackTo !== undefined) return `rollback to ${short(rollbackTo)}`
  if (rolledBack) return 'rolled back'
  return isNewest ? 'newest' : ''
}

const whoamiText = ({ login, roles, teams, repositories, actions }: WhoAmI): string =>
  [
    `You are ${clean(login)} (${roles.map(grantText).join(', ') || 'no role'}).`,
    ...(teams.length > 0 ? [`Your teams: ${teams.map(clean).join(', ')}.`] : []),
    `You may ${actions.join(', ') || 'do nothing'}${
      repositories.length > 0 ? `, of ${repositories.map(clean).join(', ')} only` : ''
    }.`,
  ].join('\n')

/** `approver of web-* in production` */
function grantText(grant: Grant): string {
  if (typeof grant === 'string') return grant
  const of = grant.app === undefined ? '' : ` of ${[grant.app].flat().join(', ')}`
  const where = grant.env === undefined ? '' : ` in ${[grant.env].flat().join(', ')}`
  return clean(`${grant.role}${of}${where}`)
}

const short = (ref: string) => ref.slice(0, 8)
