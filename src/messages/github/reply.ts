import type { Explanation, RequestCard } from '../../domain/card.ts'
import type { Outcome, Plan } from '../../domain/outcome.ts'
import type { Release } from '../../domain/release.ts'
import { driftText } from '../drift-text.ts'
import { failureText, healthText } from '../health-text.ts'
import { code, codeBlock, fold, link, words } from './markdown.ts'

const diffCharsMax = 20_000
const rowsMax = 40

/** What texts on GitHub need to know. */
export type GithubContext = {
  /** The GitHub login that someone is; `null` for whoever is not linked. */
  readonly githubLogin: (login: string) => string | null
  readonly commitUrl: (ref: string, env: string | null) => string | null
  /** Where people look at GitHub. */
  readonly githubUrl: string
}

const marks = {
  new: '⏳',
  held: '✋',
  processed: '✅',
  denied: '⛔',
  superseded: '⏩',
  error: '⚠️',
} as const

const states = {
  new: 'Releasing',
  held: 'Waiting',
  processed: 'Released',
  denied: 'Refused',
  superseded: 'Superseded',
  error: 'Could not be carried out',
} as const

const kinds: Readonly<Record<string, string>> = { rollback: 'Roll back', delete: 'Delete' }

type Folds = {
  readonly explanation: Explanation | null
  /** What the GitOps commit changed, as git shows it; empty before there is one. */
  readonly changes: string
}

/** One comment for a request in every state of it. */
export function requestReply(
  card: RequestCard,
  { explanation, changes }: Folds,
  context: GithubContext,
): string {
  const { event, version } = card
  const what = kinds[event.type] === undefined ? '' : `${kinds[event.type]}: `
  const commit = event.gitopsHashes[0]?.hash
  const lines = [
    `${marks[event.status]} ${what}**${stateOf(card)}** ${code(event.app ?? 'every app')} → ${code(event.env ?? '')}`,
    ...(event.statusDesc && event.status !== 'processed' ? [words(event.statusDesc)] : []),
    ...failureLines(card),
    ...(card.approvers.length > 0
      ? [`May approve: ${card.approvers.map((login) => personText(login, context)).join(', ')}`]
      : []),
    [
      ...(event.artifactId ? [`Artifact ${code(event.artifactId)}`] : []),
      ...(version ? [`commit ${code(version.sha)}`] : []),
      `asked by ${personText(event.triggeredBy, context)}`,
      `request ${code(event.id)}`,
      ...(commit
        ? [`GitOps commit ${link(code(commit.slice(0, 8)), context.commitUrl(commit, event.env))}`]
        : []),
      ...(event.forced ? ['**forced**'] : []),
    ].join(' · '),
    ...(card.warnings.length > 0 ? card.warnings.map((warning) => `⚠️ ${words(warning)}`) : []),
  ]
  const why = explanation === null || explanation.lines.length === 0 ? [] : [whyFold(explanation)]
  const copy =
    event.status === 'held'
      ? [
          `To go on: ${code(`/gimlet approve ${event.id}`)}, to take it back: ${code(`/gimlet reject ${event.id}`)}`,
        ]
      : []
  return [...lines, ...copy, ...why, ...changesFold('What changed', changes)].join('\n\n')
}

function stateOf({ event, release, isRunning }: RequestCard): string {
  if (release?.rolledBack) return 'Was rolled back'
  const health = isRunning ? release?.health?.state : undefined
  if (health === 'failed') return 'Failed in the cluster'
  if (event.status === 'processed' && event.type !== 'release')
    return event.type === 'delete' ? 'Deleted' : 'Done'
  return health === 'healthy' ? 'Released and healthy' : states[event.status]
}

function failureLines({ release, isRunning }: RequestCard): string[] {
  const failure = release?.health && isRunning ? failureText(release.health) : ''
  return failure === '' ? [] : [words(failure)]
}

const changesFold = (summary: string, changes: string): string[] =>
  changes.trim() === '' ? [] : [fold(summary, codeBlock(changes.trim(), 'diff', diffCharsMax))]

const whyFold = ({ lines, policyVersion }: Explanation) =>
  fold(`Why (policies ${policyVersion})`, codeBlock(lines.join('\n'), 'text', diffCharsMax))

/** A person: a link to whoever GitHub knows, else the login. */
export function personText(login: string, { githubLogin, githubUrl }: GithubContext): string {
  if (login.startsWith('policy:')) return `policy ${code(login.slice('policy:'.length))}`
  const known = githubLogin(login)
  return known === null
    ? code(login)
    : `[${words(known)}](${githubUrl}/${encodeURIComponent(known)})`
}

/** What something that makes no request says. */
export function outcomeReply(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'refusal':
      return `⛔ ${words(outcome.message)}`
    case 'plans':
      return outcome.plans.map(planText).join('\n\n')
    case 'status':
      return statusText(outcome.status)
    case 'artifacts':
      return outcome.artifacts.length === 0
        ? 'No artifact fits.'
        : outcome.artifacts
            .slice(0, rowsMax)
            .map(
              ({ id, version }) =>
                `- ${code(id)} of ${code(version.branch || version.tag)}: ${words(version.message.split('\n', 1)[0] ?? '')}`,
            )
            .join('\n')
    case 'history':
      return outcome.releases.length === 0
        ? 'No release fits.'
        : outcome.releases
            .slice(0, rowsMax)
            .map(
              ({ app, env, artifactId, created, triggeredBy, health }) =>
                `- ${timeText(created)} ${code(app)} → ${code(env)}: ${code(artifactId)} by ${code(triggeredBy)}${health ? `, ${healthMarks[health.state]} ${health.state}` : ''}`,
            )
            .join('\n')
    case 'approved':
      return `👍 ${code(outcome.by)} approved ${code(outcome.id)}`
    case 'rejected':
      return `🚫 ${code(outcome.by)} has ${outcome.what} ${code(outcome.id)}`
    case 'locked':
      return `🔒 ${lockText(outcome.lock)}`
    case 'unlocked':
      return outcome.locks.map((lock) => `🔓 Ended: ${lockText(lock)}`).join('\n')
    case 'locks':
      return outcome.locks.length === 0
        ? 'Nothing is locked.'
        : outcome.locks.map((lock) => `- 🔒 ${lockText(lock)}`).join('\n')
    case 'blocked':
      return `⛔ ${code(outcome.block.artifactId)} is blocked: ${words(outcome.block.reason)}`
    case 'unblocked':
      return `${code(outcome.artifactId)} can be released again`
    case 'whoami': {
      const { login, roles, actions } = outcome.whoami
      const names = roles.map((one) => (typeof one === 'string' ? one : one.role))
      return `You are ${code(login)} (${words(names.join(', ') || 'no role')}). You may ${words(actions.join(', ') || 'do nothing')}.`
    }
    default:
      return 'Done.'
  }
}

function lockText({
  env,
  app,
  by,
  reason,
  untilUnix,
}: {
  env: string
  app: string | null
  by: string
  reason: string
  untilUnix: number | null
}): string {
  const until = untilUnix === null ? '' : ` until ${timeText(untilUnix)}`
  return `${code(app === null ? env : `${app} in ${env}`)} by ${code(by)}${until}: ${words(reason)}`
}

/** A moment, in UTC. */
export const timeText = (unix: number) =>
  new Date(unix * 1000).toISOString().slice(0, 16).replace('T', ' ')

function planText({ app, env, artifactId, decision, diff, problem }: Plan): string {
  const verdict = {
    allow: '✅ would be released',
    hold: '✋ would wait',
    deny: '⛔ would be refused',
  }
  const rows = [
    `${code(app)} → ${code(env)}: ${verdict[decision.verdict]}`,
    `${code(artifactId)} · ${words(decision.message)}`,
    ...decision.warnings.map((warning) => `⚠️ ${words(warning)}`),
    ...(problem === null ? [] : [`❌ ${words(problem)}`]),
  ]
  return [...rows, ...changesFold('What would change', diff)].join('\n\n')
}

function statusText(status: Extract<Outcome, { kind: 'status' }>['status']): string {
  const rows = Object.entries(status).flatMap(([env, apps]) =>
    Object.entries(apps).map(([app, release]) =>
      release
        ? `| ${code(env)} | ${code(app)} | ${code(release.artifactId)} | ${timeText(release.created)} | ${code(release.triggeredBy)}${driftMark(release)} | ${healthMark(release)} |`
        : `| ${code(env)} | ${code(app)} | nothing yet | | | |`,
    ),
  )
  if (rows.length === 0) return 'Nothing is released, and no manifest fits.'
  return [
    '| environment | app | artifact | released | by | health |',
    '|---|---|---|---|---|---|',
    ...rows.slice(0, rowsMax),
  ].join('\n')
}

const healthMarks = { healthy: '✅', failed: '❌', progressing: '⏳' } as const

/** What the cluster says of what runs; nothing where it has said nothing. */
export const healthMark = ({ health }: Release): string =>
  health === undefined ? '' : `${healthMarks[health.state]} ${words(healthText(health))}`

function driftMark(release: Release): string {
  const drift = driftText(release)
  return drift === '' ? '' : ` ⚠️ ${words(drift)}`
}

/** Words that were not understood, and lines to copy. */
export const problemReply = (problem: {
  readonly message: string
  readonly suggestions: readonly string[]
}): string =>
  [
    `🤔 ${words(problem.message)}`,
    ...problem.suggestions.map((line) => `Try ${code(`/gimlet ${line}`)}`),
  ].join('\n\n')
