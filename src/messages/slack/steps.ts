import type { RequestCard } from '../../domain/card.ts'
import { person, type SlackContext } from './context.ts'
import { emoji, type Line, link, text } from './rich.ts'
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
    ...(health?.state === 'failed'
      ? [
          {
            key: `failed ${health.since}`,
            line: [emoji('x'), text(` The cluster could not apply it: ${health.message} `), asker],
            isAlert: true,
          },
        ]
      : []),
    ...(health?.state === 'healthy'
      ? [
          {
            key: 'healthy',
            line: [emoji('white_check_mark'), text(' The cluster says it is healthy')],
            isAlert: false,
          },
        ]
      : []),
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

function writtenText({ event }: RequestCard, { commitUrl }: SlackContext): Line {
  const [commit] = event.gitopsHashes
  return commit
    ? [
        text(', GitOps commit '),
        link(commit.hash.slice(0, 8), commitUrl(commit.hash, event.env), { code: true }),
      ]
    : []
}
