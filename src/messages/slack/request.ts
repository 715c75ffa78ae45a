import type { ApprovalWish, RequestCard } from '../../domain/card.ts'
import { failureText } from '../health-text.ts'
import { person, type SlackContext } from './context.ts'
import { type Button, buttons, message, type SlackMessage } from './message.ts'
import {
  bold,
  code,
  emoji,
  type Inline,
  italic,
  type Line,
  label,
  lines,
  link,
  moment,
  text,
} from './rich.ts'
import { headLine } from './stage.ts'

/** How many people are asked by name. */
const namesMax = 8
const partsMax = 20

/** The ids of the buttons: what a click on each asks for. */
export const actions = {
  approve: 'approve',
  reject: 'reject',
  rollback: 'rollback',
  retry: 'retry',
  explain: 'explain',
  open: 'open-release',
} as const

/** One message for a request in every state of it: it is edited as the request goes on. */
export function requestMessage(card: RequestCard, context: SlackContext): SlackMessage {
  if (card.parts.length > 0) return partsMessage(card, context)
  const head = headLine(card)
  const rows = [head, ...detailLines(card, context)]
  const row = buttonsOf(card)
  return message(head, [
    lines(...rows),
    ...(row.length > 0 ? [buttons(`request-${card.event.id}`, row)] : []),
  ])
}

function partsMessage(card: RequestCard, context: SlackContext): SlackMessage {
  const { event, parts } = card
  const head = headLine(card)
  const rows = parts
    .slice(0, partsMax)
    .map(
      (part): Line => [
        ...headLine(part),
        ...(part.event.statusDesc ? [text(`: ${part.event.statusDesc}`)] : []),
      ],
    )
  const more = parts.length - partsMax
  const rest: Line[] = more > 0 ? [[italic(`and ${more} more`)]] : []
  const what: Line[] = event.artifactId === null ? [] : [[code(event.artifactId)]]
  const all = [head, ...what, ...rows, ...rest, askedLine(card, context), idLine(card)]
  return message(head, [lines(...all)])
}

function detailLines(card: RequestCard, context: SlackContext): Line[] {
  const { event } = card
  const isClosed = event.status !== 'new' && event.status !== 'held'
  const isWhy =
    event.status === 'denied' || event.status === 'error' || event.status === 'superseded'
  return [
    // What someone may have to do comes first.
    ...(event.status === 'held' ? holdLines(card, context) : []),
    ...(isClosed && isWhy ? [[text('Why: '), text(event.statusDesc)]] : []),
    ...(event.forced ? [forcedLine(card)] : []),
    ...(event.approvals.length > 0 ? [approvedLine(card, context)] : []),
    ...versionLine(card),
    ...beforeLine(card),
    askedLine(card, context),
    ...(event.status === 'new' && event.statusDesc ? [[italic(event.statusDesc)]] : []),
    ...writtenLine(card, context),
    ...healthLine(card),
    ...card.warnings
      .filter((warning) => !warning.startsWith('forced past '))
      .map((warning): Line => [emoji('warning'), text(` ${warning}`)]),
    idLine(card),
  ]
}

function versionLine({ event, version }: RequestCard): Line[] {
  if (event.artifactId === null) return []
  if (version === null) return [[code(event.artifactId)]]
  const { branch, tag, sha, url, authorName, message: subject } = version
  const from = tag || branch
  return [
    [
      code(event.artifactId),
      ...(from ? [text(' from '), code(from)] : []),
      text(' at '),
      link(sha.slice(0, 8), url, { code: true }),
    ],
    ...(subject || authorName
      ? [
          [
            italic(subject.split('\n', 1)[0] ?? ''),
            ...(authorName ? [text(` (${authorName})`)] : []),
          ],
        ]
      : []),
  ]
}

function beforeLine({ event, before }: RequestCard): Line[] {
  if (before === null || before.artifactId === event.artifactId) return []
  const word = event.status === 'processed' ? 'Replaced ' : 'Replaces '
  return [[text(word), code(before.artifactId), text(', released '), moment(before.created)]]
}

const askedLine = ({ event }: RequestCard, context: SlackContext): Line => [
  text('Asked for by '),
  person(event.triggeredBy, context),
  text(', '),
  moment(event.created),
  ...(event.reason ? [text(`: “${event.reason}”`)] : []),
]

const forcedLine = ({ event, warnings }: RequestCard): Line => {
  const passed = warnings.filter((warning) => warning.startsWith('forced past '))
  const what = passed.length > 0 ? passed.join('; ') : 'past gates and locks'
  const verb = event.status === 'processed' ? 'Was' : 'Is'
  return [
    emoji('rotating_light'),
    bold(` ${verb} ${what.startsWith('forced') ? what : `forced ${what}`}`),
  ]
}

function holdLines({ event, wishes, approvers }: RequestCard, context: SlackContext): Line[] {
  const until: Line =
    event.expires === null ? [] : [text(' (until '), moment(event.expires), text(')')]
  return [
    [text('Waits: '), text(event.statusDesc), ...until],
    ...(wishes.length > 0
      ? [[text(`Needs ${wishes.map(wishText).join(' and ')}. `), ...names(approvers, context)]]
      : []),
  ]
}

function wishText({ count, role, team }: ApprovalWish): string {
  const approvals = count === 1 ? 'an approval' : `${count} approvals`
  const who = [role === null ? '' : `by role ${role}`, team === null ? '' : `of team ${team}`]
  return [approvals, ...who.filter((word) => word !== '')].join(' ')
}

function names(logins: readonly string[], context: SlackContext): Line {
  if (logins.length === 0) return [text('Nobody in people.json may give it.')]
  const shown = logins.slice(0, namesMax).flatMap((login, at): Inline[] => {
    const one = person(login, context)
    return at === 0 ? [one] : [text(', '), one]
  })
  const more = logins.length - namesMax
  return [text('May approve: '), ...shown, ...(more > 0 ? [text(` and ${more} more`)] : [])]
}

const approvedLine = ({ event }: RequestCard, context: SlackContext): Line => [
  emoji('thumbsup'),
  text(' Approved by '),
  ...event.approvals.flatMap((login, at): Inline[] =>
    at === 0 ? [person(login, context)] : [text(', '), person(login, context)],
  ),
]

function writtenLine({ event, release }: RequestCard, { commitUrl }: SlackContext): Line[] {
  const [commit] = event.gitopsHashes
  if (event.status !== 'processed' || !commit) return []
  const seconds = release === null ? null : Math.max(0, release.created - event.created)
  return [
    [
      text('Written to the GitOps repository: '),
      link(commit.hash.slice(0, 8), commitUrl(commit.hash, event.env), { code: true }),
      ...(seconds === null ? [] : [text(` (${took(seconds)})`)]),
    ],
  ]
}

function took(seconds: number): string {
  if (seconds < 120) return `${seconds} s after it was asked for`
  return seconds < 7_200
    ? `${Math.floor(seconds / 60)} min after it was asked for`
    : `${Math.floor(seconds / 3_600)} h after it was asked for`
}

function healthLine({ release, isRunning }: RequestCard): Line[] {
  const health = release?.health
  if (!health || !isRunning) return []
  const failure = failureText(health)
  const why = failure === '' ? [] : [text(`: ${failure}`)]
  const again = health.recoveredFrom
    ? [text(', after it failed '), moment(health.recoveredFrom.since)]
    : []
  return [[text(`The cluster says ${health.state}, `), moment(health.since), ...again, ...why]]
}

const idLine = ({ event }: RequestCard): Line => [text('Request '), code(event.id)]

/** What can be done about it now. A click is looked at again by who clicks and by what is then. */
function buttonsOf(card: RequestCard): Button[] {
  const { event, approvers, isRunning, before } = card
  const value = event.id
  const why: Button = { action: actions.explain, words: 'Explain', value }
  if (event.status === 'held' || event.status === 'new')
    return [
      ...(approvers.length > 0 ? [approveButton(card)] : []),
      { action: actions.reject, words: 'Reject…', value, style: 'danger' },
      why,
    ]
  if (event.status === 'processed' && event.type !== 'delete')
    return isRunning && before !== null
      ? [{ action: actions.rollback, words: 'Roll back…', value }, why]
      : [why]
  const isAgain = event.type === 'release' && event.artifactId !== null
  if (isAgain && (event.status === 'denied' || event.status === 'error'))
    return [{ action: actions.retry, words: 'Try again', value }, why]
  return [why]
}

function approveButton({ event, version }: RequestCard): Button {
  const what = `${event.app} in ${event.env}: ${event.artifactId ?? event.type}`
  const at = version === null ? '' : ` (commit ${version.sha.slice(0, 8)})`
  return {
    action: actions.approve,
    words: 'Approve',
    value: event.id,
    style: 'primary',
    confirm: {
      title: 'Approve this?',
      text: label(`${event.type} ${what}`, 270) + at,
      yes: 'Approve',
    },
  }
}
