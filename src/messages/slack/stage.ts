import type { RequestCard } from '../../domain/card.ts'
import { assertNever } from '../../domain/fault.ts'
import { bold, code, emoji, type Line, text } from './rich.ts'

/** What a request is doing, in one word with its mark. */
export type Stage = {
  readonly mark: string
  readonly words: string
}

/** `✅ Released web → production` */
export function headLine(card: RequestCard): Line {
  const happened = happeningLine(card)
  if (happened) return happened
  const { mark, words } = stageOf(card)
  return [emoji(mark), text(` ${words} `), ...placeOf(card)]
}

/** That it was carried out, whatever became of it since. */
export const doneLine = (card: RequestCard): Line => [
  emoji('white_check_mark'),
  text(` ${wordsOf[kindOf(card.event.type)].done} `),
  ...placeOf(card),
]

/** What is asked of the triggers is no request of a place. */
function happeningLine({ event: { type, artifactId } }: RequestCard): Line | null {
  const words = happenings[type]
  if (words === undefined) return null
  return [emoji('package'), text(` ${words}`), ...(artifactId ? [text(' '), code(artifactId)] : [])]
}

const happenings: Readonly<Partial<Record<RequestCard['event']['type'], string>>> = {
  artifact: 'Arrived: artifact',
  released: 'What follows the release of',
  branchDeleted: 'A deleted branch',
  health: 'What the cluster said',
  schedule: 'A schedule',
}

function placeOf({ event: { app, env, type } }: RequestCard): Line {
  const where = type === 'release' ? ' → ' : ' in '
  return [bold(app ?? 'every app'), text(where), bold(env ?? 'everywhere')]
}

/** Where a request stands. Nothing is said that is not known: a release without a report is released, not healthy. */
export function stageOf({ event, release, parts, isRunning }: RequestCard): Stage {
  const words = wordsOf[kindOf(event.type)]
  switch (event.status) {
    case 'new':
      return { mark: 'hourglass_flowing_sand', words: words.now }
    case 'held':
      return { mark: 'raised_hand', words: `Waiting: ${words.plan}` }
    case 'denied':
      return /^(?:rejected|withdrawn) by /.test(event.statusDesc)
        ? {
            mark: 'no_entry_sign',
            words: `${capital(event.statusDesc.split(' ', 1)[0] ?? '')}: ${words.plan}`,
          }
        : { mark: 'no_entry', words: `Refused: ${words.plan}` }
    case 'superseded':
      return { mark: 'fast_forward', words: `Superseded: ${words.plan}` }
    case 'error':
      return { mark: 'warning', words: `Could not be carried out: ${words.plan}` }
    case 'processed': {
      if (release?.rolledBack) return { mark: 'rewind', words: 'Was rolled back:' }
      if (parts.length > 0) return { mark: 'package', words: words.done }
      const state = isRunning ? release?.health?.state : undefined
      if (state === 'failed') return { mark: 'x', words: 'Failed in the cluster:' }
      if (state === 'healthy')
        return { mark: 'white_check_mark', words: `${words.done} and healthy:` }
      return { mark: event.forced ? 'rotating_light' : 'white_check_mark', words: words.done }
    }
    default:
      return assertNever(event.status)
  }
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

const wordsOf = {
  release: { now: 'Releasing', plan: 'release', done: 'Released' },
  rollback: { now: 'Rolling back', plan: 'roll back', done: 'Rolled back' },
  delete: { now: 'Deleting', plan: 'delete', done: 'Deleted' },
} as const

const kindOf = (type: RequestCard['event']['type']): keyof typeof wordsOf =>
  type === 'rollback' || type === 'delete' ? type : 'release'
