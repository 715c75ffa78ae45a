import type { Explanation } from '../../domain/card.ts'
import type { SlackContext } from './context.ts'
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
  preformatted,
  text,
} from './rich.ts'
import { headLine } from './stage.ts'

const explanationCharsMax = 9_000

/** Why a request went, waits or was refused: the words first, then what each policy said. */
export function explanationMessage(explanations: readonly Explanation[]): SlackMessage {
  const [first] = explanations
  if (!first) return said([text('Nothing was decided about it yet.')])
  const share = Math.floor(explanationCharsMax / explanations.length)
  const head: Line = [bold('Why')]
  return message(
    head,
    explanations.flatMap((one) => explanationBlocks(one, share)),
  )
}

function explanationBlocks(
  { card, id, message: why, lines: said, policyVersion }: Explanation,
  charsMax: number,
): Block[] {
  const head: Line = card === null ? [bold('Decision '), code(id)] : headLine(card)
  const words: Line[] = [head, [text(why || 'Nothing was decided about it yet.')]]
  if (said.length === 0) return [lines(...words)]
  return [
    lines(...words),
    preformatted(said.join('\n'), charsMax),
    lines([italic(`policies ${policyVersion}`)]),
  ]
}

/** Words that were not understood: what is wrong, and lines to copy. */
export const problemMessage = (
  problem: { readonly message: string; readonly suggestions: readonly string[] },
  { command }: SlackContext,
): SlackMessage =>
  said(
    [emoji('grey_question'), text(` ${problem.message}`)],
    ...problem.suggestions.map((line): Line => [text('Try '), code(`${command} ${line}`)]),
  )

/** What someone is told whom nobody has put into people.json. */
export const strangerMessage = (who: { team: string; user: string }): SlackMessage =>
  message(
    [text('I do not know you yet')],
    [
      lines(
        [emoji('wave'), text(' I do not know you yet, so I can do nothing for you.')],
        [
          text('Ask whoever looks after the policies to put you into '),
          code('people.json'),
          text(', with this line:'),
        ],
      ),
      preformatted(`"slack": { "team": "${who.team}", "user": "${who.user}" }`, 300),
    ],
  )

/** One command of the grammar, as the help shows it. */
export type HelpRow = { readonly usage: string; readonly summary: string; readonly example: string }

/** What this person may do here, or all about one command. */
export function helpMessage(
  rows: readonly HelpRow[],
  { examples, isWhole }: { examples: readonly string[]; isWhole: boolean },
  { command }: SlackContext,
): SlackMessage {
  const [first] = rows
  if (!isWhole && first)
    return said(
      [code(`${command} ${first.usage}`)],
      [text(first.summary)],
      [text('Such as '), code(`${command} ${first.example}`)],
    )
  const head: Line = [bold('What you may do here')]
  const list = rows.map(
    ({ usage, summary }): Line => [code(`${command} ${usage}`), text(`  ${summary}`)],
  )
  const tries = examples.map((line): Line => [text('Try '), code(`${command} ${line}`)])
  const [one, ...more] = tries
  return message(head, [lines(head), bullets(list), ...(one ? [lines(one, ...more)] : [])])
}
