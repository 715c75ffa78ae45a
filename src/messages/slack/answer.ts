import type { Grant } from '../../domain/actor.ts'
import type { Artifact } from '../../domain/artifact.ts'
import { assertNever } from '../../domain/fault.ts'
import type { Outcome, Plan, StatusByEnv, WhoAmI } from '../../domain/outcome.ts'
import type { Release } from '../../domain/release.ts'
import { driftText } from '../drift-text.ts'
import { healthText } from '../health-text.ts'
import { person, type SlackContext } from './context.ts'
import { controlAnswer } from './control.ts'
import { message, type SlackMessage, said } from './message.ts'
import {
  type Block,
  bold,
  bullets,
  code,
  emoji,
  italic,
  type Line,
  lines,
  link,
  moment,
  preformatted,
  text,
} from './rich.ts'

/** How many rows of a list one answer shows: what is further down is asked for more narrowly. */
const rowsMax = 25
const diffCharsMax = 2_800

/** What an outcome says to a person in Slack. */
export function answer(outcome: Outcome, context: SlackContext): SlackMessage {
  switch (outcome.kind) {
    case 'refusal':
      return said([emoji('no_entry'), text(` ${outcome.message}`)])
    case 'artifact':
      return artifactAnswer(outcome.artifact)
    case 'artifacts':
      return artifactsAnswer(outcome.artifacts)
    case 'accepted':
      return said([text(`Asked for: ${outcome.what} `), code(outcome.id)])
    case 'approved':
    case 'rejected':
    case 'blocked':
    case 'unblocked':
    case 'locked':
    case 'unlocked':
    case 'locks':
      return controlAnswer(outcome, context)
    case 'plans':
      return plansAnswer(outcome.plans)
    case 'status':
      return statusAnswer(outcome.status, context)
    case 'history':
      return historyAnswer(outcome.releases, context)
    case 'whoami':
      return whoamiAnswer(outcome.whoami)
    case 'gitops-repo':
      return said([text('The GitOps repository is '), code(outcome.url)])
    case 'gitops-state':
    case 'gitops-resumed':
    case 'artifact-stored':
    case 'health-reported':
    case 'event':
    case 'decision':
    case 'decisions':
    case 'users':
    case 'user':
    case 'user-added':
    case 'user-removed':
    case 'audit':
      return said([text('That is done from the command line: gimlet help')])
    default:
      return assertNever(outcome)
  }
}

function artifactAnswer({ id, version, created }: Artifact): SlackMessage {
  const head: Line = [code(id), text(' of '), bold(version.repositoryName)]
  return said(head, commitLine({ id, version, created }), [text('Posted '), moment(created)])
}

const commitLine = ({ version }: Pick<Artifact, 'id' | 'version' | 'created'>): Line => [
  ...(version.tag || version.branch ? [code(version.tag || version.branch), text(' ')] : []),
  link(version.sha.slice(0, 8), version.url, { code: true }),
  text(' '),
  italic(version.message.split('\n', 1)[0] ?? ''),
  ...(version.authorName ? [text(` (${version.authorName})`)] : []),
]

function artifactsAnswer(artifacts: readonly Artifact[]): SlackMessage {
  const [first] = artifacts
  if (!first) return said([text('No artifact fits. CI posts one for every version it builds.')])
  const head: Line = [bold('What can be released'), text(', newest first')]
  const rows = artifacts.map(
    (one): Line => [code(one.id), text('  '), ...commitLine(one), text('  '), moment(one.created)],
  )
  return listed(head, rows, 'name an app or a branch: artifacts web --branch main')
}

/** A list under its head, at most as long as people read. */
function listed(head: Line, rows: readonly Line[], narrower: string): SlackMessage {
  const more = rows.length - rowsMax
  const rest: Block[] = more > 0 ? [lines([italic(`and ${more} more; ${narrower}`)])] : []
  return message(head, [lines(head), bullets(rows.slice(0, rowsMax)), ...rest])
}

function statusAnswer(status: StatusByEnv, context: SlackContext): SlackMessage {
  const head: Line = [bold('What runs where')]
  const blocks: Block[] = []
  let left = rowsMax
  for (const [env, apps] of Object.entries(status)) {
    const rows = Object.entries(apps).map(([app, release]) => runningLine(app, release, context))
    if (rows.length === 0 || left <= 0) continue
    blocks.push(lines([bold(env)]), bullets(rows.slice(0, left)))
    left -= rows.length
  }
  if (blocks.length === 0)
    return said([text('Nothing is released, and no manifest fits. Is the name right?')])
  if (left < 0)
    blocks.push(lines([italic(`and ${-left} more; name an app: status web --env production`)]))
  return message(head, blocks)
}

const marks = { healthy: 'white_check_mark', failed: 'x', progressing: 'hourglass' } as const

/** One app of an environment: what runs, since when, by whom, and what the cluster says. */
export function runningLine(app: string, release: Release | null, context: SlackContext): Line {
  if (release === null) return [bold(app), text('  nothing is released yet')]
  const { artifactId, version, created, triggeredBy, health } = release
  const drift = driftText(release)
  return [
    bold(app),
    text('  '),
    code(artifactId),
    ...(version.branch ? [text(` of ${version.branch}`)] : []),
    text(', '),
    moment(created),
    text(' by '),
    person(triggeredBy, context),
    ...(health ? [text('  '), emoji(marks[health.state]), text(` ${healthText(health)}`)] : []),
    ...(drift === '' ? [] : [text('  '), emoji('warning'), text(` ${drift}`)]),
  ]
}

function historyAnswer(releases: readonly Release[], context: SlackContext): SlackMessage {
  const [first] = releases
  if (!first) return said([text('No release fits.')])
  const head: Line = [bold('Releases'), text(` to ${first.env}, newest first`)]
  const rows = releases.map(
    (one): Line => [
      moment(one.created),
      text('  '),
      bold(one.app),
      text('  '),
      code(one.artifactId),
      text(' '),
      link(one.gitopsRef.slice(0, 8), context.commitUrl(one.gitopsRef, one.env), { code: true }),
      text(' by '),
      person(one.triggeredBy, context),
      ...(one.health
        ? [text('  '), emoji(marks[one.health.state]), text(` ${one.health.state}`)]
        : []),
      ...(one.rollbackTo ? [text('  '), emoji('rewind'), text(' a rollback')] : []),
      ...(one.rolledBack ? [text('  rolled back since')] : []),
    ],
  )
  return listed(head, rows, 'use --limit or --filter')
}

/** What releases would do: verdict, reason and change of each. */
export function plansAnswer(plans: readonly Plan[]): SlackMessage {
  const [first] = plans
  if (!first) return said([text('There is nothing to release.')])
  const head: Line = [bold('Nothing is released yet'), text(': this is what it would do')]
  const share = Math.floor(diffCharsMax / Math.max(1, plans.length)) + 200
  return message(head, [lines(head), ...plans.flatMap((plan) => planBlocks(plan, share))])
}

const verdicts = {
  allow: { mark: 'white_check_mark', words: 'would be released' },
  hold: { mark: 'raised_hand', words: 'would wait' },
  deny: { mark: 'no_entry', words: 'would be refused' },
} as const

/** The verdict of one plan, why, and the change as git shows it. */
export function planBlocks(plan: Plan, charsMax: number): Block[] {
  const { verdict, policy, message: why, warnings } = plan.decision
  const { mark, words } = verdicts[verdict]
  const rows: Line[] = [
    [emoji(mark), text(' '), bold(plan.app), text(' → '), bold(plan.env), text(`: ${words}`)],
    [code(plan.artifactId)],
    [text(policy === null ? why : `${why} (${policy})`)],
    ...warnings.map((warning): Line => [emoji('warning'), text(` ${warning}`)]),
    ...(plan.problem === null ? [] : [[emoji('x'), text(` ${plan.problem}`)]]),
  ]
  const change = plan.diff.trim()
  if (change) return [lines(...rows), preformatted(change, charsMax)]
  return [lines(...rows, ...(plan.problem === null ? [[italic('No file would change.')]] : []))]
}

const whoamiAnswer = ({ login, roles, teams, repositories, actions }: WhoAmI): SlackMessage =>
  said(
    [text('You are '), bold(login), text(` (${roles.map(grantText).join(', ') || 'no role'}).`)],
    ...(teams.length > 0 ? [[text(`Your teams: ${teams.join(', ')}.`)]] : []),
    [
      text(`You may ${actions.join(', ') || 'do nothing'}`),
      text(repositories.length > 0 ? `, of ${repositories.join(', ')} only.` : '.'),
    ],
  )

/** `approver of web-* in production` */
function grantText(grant: Grant): string {
  if (typeof grant === 'string') return grant
  const of = grant.app === undefined ? '' : ` of ${[grant.app].flat().join(', ')}`
  const where = grant.env === undefined ? '' : ` in ${[grant.env].flat().join(', ')}`
  return `${grant.role}${of}${where}`
}
