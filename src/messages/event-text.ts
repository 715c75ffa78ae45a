import type { EventStatus } from '../domain/event.ts'
import type { EventView, Plan } from '../domain/outcome.ts'
import { healthText } from './health-text.ts'
import { clean, cleanLines, type Paint } from './paint.ts'

const words: Readonly<Record<EventStatus, { word: string; colour: keyof Paint }>> = {
  new: { word: 'waiting its turn', colour: 'dim' },
  held: { word: 'held', colour: 'yellow' },
  processed: { word: 'done', colour: 'green' },
  denied: { word: 'denied', colour: 'red' },
  superseded: { word: 'superseded', colour: 'dim' },
  error: { word: 'failed', colour: 'red' },
}

/** What became of a request, and of each part of it: one line each, with the commit it made. */
export function eventText(event: EventView, paint: Paint): string {
  const parts = event.events.map((part) => `  ${eventLine(part, paint)}`)
  return [eventLine(event, paint), ...parts].join('\n')
}

/** A request in one line: state, what, why, who and which. */
export function eventLine(event: EventView, paint: Paint): string {
  const { word, colour } = words[event.status]
  const until =
    event.expires === null || event.status !== 'held' ? '' : ` until ${iso(event.expires)}`
  const why = event.statusDesc === '' ? '' : `: ${clean(event.statusDesc)}`
  const [commit] = event.events.length > 0 ? [] : event.gitopsHashes
  const details = [
    `by ${clean(event.triggeredBy)}`,
    event.id,
    ...(event.approvals.length > 0 ? [`approved by ${event.approvals.map(clean).join(', ')}`] : []),
    ...(event.forced ? ['forced'] : []),
    ...(commit ? [`GitOps commit ${commit.hash.slice(0, 8)}`] : []),
  ]
  const said = `${subjectOf(event)}${why}${inCluster(event, paint)}`
  return `${paint[colour](word)}${until}  ${said}  ${paint.dim(`(${details.join(', ')})`)}`
}

const healthColours = { healthy: 'green', failed: 'red', progressing: 'dim' } as const

function inCluster({ releases, events }: EventView, paint: Paint): string {
  const health = events.length > 0 ? undefined : releases[0]?.health
  return health === undefined
    ? ''
    : `; in the cluster ${paint[healthColours[health.state]](clean(healthText(health)))}`
}

function subjectOf({ type, app, env, artifactId }: EventView): string {
  if (type === 'artifact') return `artifact ${clean(artifactId ?? '')}`
  if (type === 'released') return `what follows the release of ${clean(artifactId ?? '')}`
  if (type === 'branchDeleted') return 'a deleted branch'
  if (type === 'health') return 'what the cluster said'
  if (type === 'schedule') return 'a schedule'
  return `${type} ${clean(app ?? 'every app')} ${type === 'release' ? '→' : 'in'} ${clean(env ?? '')}`
}

const iso = (unix: number) => new Date(unix * 1000).toISOString().replace('.000', '')

/** What a release would do: the decision and why, then the change as git shows it. */
export function planText(plan: Plan, paint: Paint): string {
  const { verdict, policy, message, warnings } = plan.decision
  const verdicts = {
    allow: paint.green('would be released'),
    hold: paint.yellow('would be held'),
    deny: paint.red('would be denied'),
  }
  const by = policy === null ? '' : ` (policy ${policy})`
  return [
    `${clean(plan.app)} → ${clean(plan.env)}: ${clean(plan.artifactId)} ${verdicts[verdict]}${by}`,
    `  ${clean(message)}`,
    ...warnings.map((warning) => paint.yellow(`  warning: ${clean(warning)}`)),
    ...(plan.problem === null ? [] : [paint.red(`  ${clean(plan.problem)}`)]),
    ...(plan.diff === '' ? [] : ['', diffText(plan.diff, paint)]),
  ].join('\n')
}

/** A diff with its lines coloured. */
export const diffText = (diff: string, paint: Paint): string =>
  cleanLines(diff.trimEnd())
    .split('\n')
    .map((line) => {
      if (/^(?:\+\+\+|---|diff |index |new file|deleted file)/.test(line)) return paint.dim(line)
      if (line.startsWith('+')) return paint.green(line)
      return line.startsWith('-') ? paint.red(line) : line
    })
    .join('\n')
