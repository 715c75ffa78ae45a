import type { Lock } from '../domain/control.ts'
import type { ControlOutcome } from '../domain/outcome.ts'
import { ago } from './ago.ts'
import { clean } from './paint.ts'
import { firstLine, nothing, type Style } from './style.ts'
import { table } from './table.ts'

/** What became of an approval, a block or a lock, for a person at a terminal. */
export function controlText(outcome: ControlOutcome, style: Style): string {
  switch (outcome.kind) {
    case 'approved':
      return `${clean(outcome.by)} approved ${clean(outcome.id)}`
    case 'rejected':
      return `${clean(outcome.by)} has ${outcome.what} ${clean(outcome.id)}`
    case 'blocked':
      return `${clean(outcome.block.artifactId)} ${outcome.isNew ? 'is' : 'was already'} blocked by ${clean(outcome.block.by)}: ${clean(outcome.block.reason)}`
    case 'unblocked':
      return `${clean(outcome.artifactId)} can be released again`
    case 'locked':
      return `Locked ${lockText(outcome.lock)}`
    case 'unlocked':
      return outcome.locks.map((lock) => `Ended the lock on ${lockText(lock)}`).join('\n')
    case 'locks':
      return locksText(outcome.locks, style)
  }
}

/** `web in production, by alice until 2026-11-23T18:00:00Z: the reason` */
function lockText({ env, app, by, reason, untilUnix, kind }: Lock): string {
  const place = app === null ? env : `${app} in ${env}`
  const until = untilUnix === null ? '' : ` until ${isoOf(untilUnix)}`
  const what = kind === 'rollback' ? ' for what policies ask for' : ''
  return clean(`${place}${what}, by ${by}${until}: ${reason}`)
}

function locksText(locks: readonly Lock[], style: Style): string {
  if (locks.length === 0) return nothing('Nothing is locked.', style)
  const rows = locks.map(({ env, app, kind, by, createdUnix, untilUnix, reason }) => [
    ...[env, app ?? '*', kind === 'rollback' ? 'after a rollback' : 'everyone', by],
    ...[ago(createdUnix, style), untilUnix === null ? '' : isoOf(untilUnix)],
    firstLine(reason),
  ])
  return table(['ENV', 'APP', 'STOPS', 'BY', 'SINCE', 'UNTIL', 'REASON'], rows, style.paint)
}

const isoOf = (unix: number) => new Date(unix * 1000).toISOString().replace('.000', '')
