import type { RequestCard } from '../../domain/card.ts'
import type { Health } from '../../domain/release.ts'
import { failureText } from '../health-text.ts'
import { person, type SlackContext } from './context.ts'
import { emoji, type Inline, type Line, link, text } from './rich.ts'
import { doneLine, headLine } from './stage.ts'

/** A step of a request that people who follow it are told of, once. */
export type Step = { readonly key: string; readonly line: Line; readonly isAlert: boolean }

/** The steps that a request has taken, oldest first. */
export function stepsOf(card: RequestCard, context: SlackContext): Step[] {
  const { event, release } = card
  const asker = person(event.triggeredBy, context)
  const health = release?.health
  const isBad = event.status === 'denied' || event.status === 'error'
  return [
    ...event.approvals.map((login): Step => {
      const line = [emoji('thumbsup'), text(' '), person(login, context), text(' approved it')]
      return { key: `approved ${login}`, line, isAlert: false }
    }),
    ...(event.status === 'processed'
      ? [
          {
            key: 'processed',
            line: [...doneLine(card), ...writtenText(card, context)],
            isAlert: false,
          },
        ]
      : []),
    ...(isBad || event.status === 'superseded'
      ? [
          {
            key: event.status,
            line: [...headLine(card), text(': '), text(event.statusDesc), text(' '), asker],
            isAlert: false,
          },
        ]
      : []),
    ...(health ? healthSteps(health, asker) : []),
    ...(release?.rolledBack
      ? [
          {
            key: 'rolled back',
            line: [emoji('rewind'), text(' It was rolled back')],
            isAlert: false,
          },
        ]
      : []),
  ]
}

/** A failure, and that it is over, are told aloud, each once. Who was never alone in the cluster has no news. */
function healthSteps(health: Health, asker: Inline): Step[] {
  const { state, basis, since, recoveredFrom } = health
  if (basis === 'overtaken' || state === 'progressing') return []
  if (state === 'failed') {
    const what = basis === 'own' ? 'It fails in the cluster' : 'A later commit that holds it failed'
    const line = [emoji('x'), text(` ${what}: ${failureText(health)} `), asker]
    return [{ key: `failed ${since}`, line, isAlert: basis === 'own' }]
  }
  if (recoveredFrom) {
    const line = [emoji('white_check_mark'), text(' It is healthy again '), asker]
    return [{ key: `recovered ${recoveredFrom.since}`, line, isAlert: true }]
  }
  const line = [emoji('white_check_mark'), text(' The cluster says it is healthy')]
  return [{ key: 'healthy', line, isAlert: false }]
}

function writtenText({ event }: RequestCard, { commitUrl }: SlackContext): Line {
  const [commit] = event.gitopsHashes
  return commit
    ? [
        text(', GitOps commit '),
        link(commit.hash.slice(0, 8), commitUrl(commit.hash, event.env), { code: true }),
      ]
    : []
}
