import type { HaltChange } from '../../domain/halt.ts'
import { person, type SlackContext } from './context.ts'
import { message, type SlackMessage, said } from './message.ts'
import { bold, code, emoji, type Line, lines, text } from './rich.ts'

/** Writing a GitOps repository is halted, or goes on: what happened, and what to do. */
export function haltMessage(change: HaltChange, context: SlackContext): SlackMessage {
  const { url, branch, isOver, by } = change
  const { seenTip, foundTip } = change.halt
  const where: Line = [code(url), text(`, branch ${branch}`)]
  if (isOver) {
    const why: Line =
      by === null
        ? [text('the branch was put back')]
        : [person(by, context), text(' goes on from '), code(foundTip.slice(0, 8))]
    const goesOn: Line = [emoji('white_check_mark'), bold(' Writing goes on'), text(' in ')]
    return said([...goesOn, ...where, text(': '), ...why])
  }
  const resume = code(`gimlet doctor --resume ${foundTip}`)
  const head: Line = [emoji('rotating_light'), bold(' Writing is halted'), text(' in '), ...where]
  return message(head, [
    lines(
      head,
      [text('The branch was rewound or rewritten: it no longer holds what was seen of it.')],
      [text('Seen before '), code(seenTip), text(', there now '), code(foundTip)],
      [text('Requests are taken and wait. Put the branch back, and they go on by themselves.')],
      [text('If what is there now is right, an admin types '), resume],
    ),
  ])
}
