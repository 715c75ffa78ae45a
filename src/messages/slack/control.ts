import type { Lock } from '../../domain/control.ts'
import { assertNever } from '../../domain/fault.ts'
import type { ControlOutcome } from '../../domain/outcome.ts'
import { person, type SlackContext } from './context.ts'
import { message, type SlackMessage, said } from './message.ts'
import { bold, bullets, code, emoji, type Line, lines, moment, text } from './rich.ts'

/** What became of an approval, a block or a lock, for the person who asked. */
export function controlAnswer(outcome: ControlOutcome, context: SlackContext): SlackMessage {
  switch (outcome.kind) {
    case 'approved':
      return said([emoji('thumbsup'), text(' You approved '), code(outcome.id)])
    case 'rejected':
      return said([emoji('no_entry_sign'), text(` You have ${outcome.what} `), code(outcome.id)])
    case 'blocked': {
      const { artifactId, by, reason } = outcome.block
      const verb = outcome.isNew ? ' is blocked by ' : ' was blocked already by '
      return said([
        emoji('no_entry'),
        text(' '),
        code(artifactId),
        text(verb),
        person(by, context),
        text(`: ${reason}`),
      ])
    }
    case 'unblocked':
      return said([code(outcome.artifactId), text(' can be released again')])
    case 'locked':
      return said(lockLine(outcome.lock, context), endLine(outcome.lock, context))
    case 'unlocked': {
      const [first = [text('Nothing was locked')], ...rest] = outcome.locks.map(
        (lock): Line => [emoji('unlock'), text(' Ended: '), ...lockLine(lock, context)],
      )
      return said(first, ...rest)
    }
    case 'locks':
      return locksAnswer(outcome.locks, context)
    default:
      return assertNever(outcome)
  }
}

function locksAnswer(locks: readonly Lock[], context: SlackContext): SlackMessage {
  if (locks.length === 0) return said([text('Nothing is locked.')])
  const head: Line = [bold('Locks in force')]
  return message(head, [lines(head), bullets(locks.map((lock) => lockLine(lock, context)))])
}

/** `🔒 production is locked by alice until …: the reason` */
export function lockLine(lock: Lock, context: SlackContext): Line {
  const { env, app, by, reason, untilUnix, kind, createdUnix } = lock
  const place = app === null ? env : `${app} in ${env}`
  const what =
    kind === 'rollback'
      ? ' takes no automatic release since it was rolled back by '
      : ' is locked by '
  return [
    emoji('lock'),
    text(' '),
    bold(place),
    text(what),
    person(by, context),
    text(' since '),
    moment(createdUnix),
    ...(untilUnix === null ? [] : [text(' until '), moment(untilUnix)]),
    text(`: ${reason}`),
  ]
}

const endLine = ({ env, app }: Lock, { command }: SlackContext): Line => [
  text('To end it: '),
  code(`${command} unlock ${env}${app === null ? '' : ` ${app}`}`),
]

/** The message of a lock, in force or ended, in the channel of its environment. */
export function lockMessage(
  lock: Lock,
  endedBy: string | null,
  context: SlackContext,
): SlackMessage {
  if (endedBy === null) return said(lockLine(lock, context), endLine(lock, context))
  const place = lock.app === null ? lock.env : `${lock.app} in ${lock.env}`
  return said(
    [emoji('unlock'), text(' '), bold(place), text(' was unlocked by '), person(endedBy, context)],
    [text('It was locked by '), person(lock.by, context), text(`: ${lock.reason}`)],
  )
}

/** What the holder of a lock is told when someone else ends it. */
export const brokenLockMessage = (
  lock: Lock,
  endedBy: string,
  context: SlackContext,
): SlackMessage =>
  said([
    emoji('unlock'),
    text(' '),
    person(endedBy, context),
    text(' has ended your lock on '),
    bold(lock.app === null ? lock.env : `${lock.app} in ${lock.env}`),
    text(`: ${lock.reason}`),
  ])
