import type { RequestCard } from '../../domain/card.ts'
import type { Lock } from '../../domain/control.ts'
import type { Release } from '../../domain/release.ts'
import { runningLine } from './answer.ts'
import type { SlackContext } from './context.ts'
import { lockLine } from './control.ts'
import { buttons, type SlackMessage } from './message.ts'
import { actions, requestMessage } from './request.ts'
import { type Block, bold, bullets, emoji, italic, type Line, lines, text } from './rich.ts'

const runningMax = 40
const requestsMax = 8

export type HomeView = { readonly type: 'home'; readonly blocks: readonly Block[] }

type Overview = {
  readonly running: readonly Release[]
  readonly waiting: readonly RequestCard[]
  readonly own: readonly RequestCard[]
  readonly locks: readonly Lock[]
}

const divider: Block = { type: 'divider' }

/** The Home tab: what waits for this person, what they wait for, the locks, and what runs of theirs. */
export function homeView(overview: Overview, context: SlackContext): HomeView {
  const { running, waiting, own, locks } = overview
  return {
    type: 'home',
    blocks: [
      buttons('home', [
        { action: actions.open, words: 'Release…', value: 'new', style: 'primary' },
      ]),
      ...requestBlocks('Waits for your approval', waiting, context),
      ...requestBlocks('You are waiting for', own, context),
      ...(locks.length > 0
        ? [
            lines([bold('Locks in force')]),
            bullets(locks.slice(0, runningMax).map((lock) => lockLine(lock, context))),
            divider,
          ]
        : []),
      ...runningBlocks(running, context),
    ],
  }
}

function requestBlocks(
  head: string,
  cards: readonly RequestCard[],
  context: SlackContext,
): Block[] {
  if (cards.length === 0) return []
  const more = cards.length - requestsMax
  return [
    lines([bold(head)]),
    ...cards.slice(0, requestsMax).flatMap((card) => requestMessage(card, context).blocks),
    ...(more > 0 ? [lines([italic(`and ${more} more`)])] : []),
    divider,
  ]
}

function runningBlocks(running: readonly Release[], context: SlackContext): Block[] {
  const head: Line = [bold('What runs where')]
  if (running.length === 0) return [lines(head, [text('Nothing is released yet.')])]
  const envs = [...new Set(running.slice(0, runningMax).map(({ env }) => env))]
  const more = running.length - runningMax
  return [
    lines(head),
    ...envs.flatMap((env) => [
      lines([bold(env)]),
      bullets(
        running
          .slice(0, runningMax)
          .filter((release) => release.env === env)
          .map((release) => runningLine(release.app, release, context)),
      ),
    ]),
    ...(more > 0 ? [lines([italic(`and ${more} more: ${context.command} status`)])] : []),
  ]
}

/** The Home tab of someone whom nobody has put into people.json. */
export const strangerHome = (stranger: SlackMessage): HomeView => ({
  type: 'home',
  blocks: [lines([emoji('rocket'), text(' '), bold('GimletD')]), ...stranger.blocks],
})
