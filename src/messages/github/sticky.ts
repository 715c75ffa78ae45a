import type { RequestCard } from '../../domain/card.ts'
import type { Lock } from '../../domain/control.ts'
import type { Release } from '../../domain/release.ts'
import { code, link, words } from './markdown.ts'
import { type GithubContext, healthMark, personText, timeText } from './reply.ts'

const rowsMax = 60
const waitingMax = 20

/** How things stand for a pull request. */
export type PullView = {
  readonly headSha: string
  readonly isOpen: boolean
  /** Of its head commit; `null` while CI has not posted one. */
  readonly artifactId: string | null
  /** Where the apps of its repository can go, and what runs there. */
  readonly places: readonly {
    readonly env: string
    readonly app: string
    readonly running: Release | null
    /** Where people can open it. */
    readonly address: string | null
  }[]
  /** Requests for its head commit that wait. */
  readonly waiting: readonly RequestCard[]
  /** In force on these places. */
  readonly locks: readonly Lock[]
}

/** Nobody is told of a pull request with which nothing can be done yet. */
export const hasNews = ({ isOpen, artifactId, waiting, places, headSha }: PullView): boolean =>
  isOpen &&
  (artifactId !== null ||
    waiting.length > 0 ||
    places.some(({ running }) => running?.version.sha === headSha))

/** The one comment on a pull request that tells how things stand. */
export function stickyText(view: PullView, context: GithubContext): string {
  const { headSha, isOpen, artifactId, places, waiting, locks } = view
  const head = code(headSha.slice(0, 8))
  const state =
    artifactId === null
      ? `CI has not posted an artifact for its head ${head} yet`
      : `Its head ${head} is artifact ${code(artifactId)}`
  const rows = places.slice(0, rowsMax).map((place) => row(view, place))
  const left = places.length - rows.length
  const table = ['| environment | app | runs there | this pull request |', '|---|---|---|---|']
  return [
    `**Where this pull request is** (${isOpen ? state : 'it is closed: this is not kept up to date any more'})`,
    ...(rows.length > 0
      ? [[...table, ...rows].join('\n')]
      : ['No manifest is for this repository.']),
    ...(left > 0 ? [`… and ${left} more`] : []),
    ...(isOpen ? waiting.slice(0, waitingMax).map((card) => waitingText(card, context)) : []),
    ...(isOpen ? locks.map(lockText) : []),
  ].join('\n\n')
}

function row(view: PullView, { env, app, running, address }: PullView['places'][number]): string {
  const what =
    running === null
      ? 'nothing yet'
      : `${code(running.artifactId)} of ${code(running.version.sha.slice(0, 8))} since ${timeText(running.created)}${address === null ? '' : `, ${link('open', address)}`}`
  return `| ${code(env)} | ${code(app)} | ${what} | ${isIn(view, { env, app, running, address })} |`
}

function isIn(
  { headSha, waiting, isOpen }: PullView,
  { env, app, running }: PullView['places'][number],
): string {
  if (running?.version.sha === headSha)
    return running.health === undefined ? '✅ runs' : `runs, ${healthMark(running)}`
  const ids = waiting
    .filter(({ event }) => event.env === env && event.app === app)
    .map(({ event }) => code(event.id))
  return isOpen && ids.length > 0 ? `✋ waits as ${ids.join(', ')}` : 'not there'
}

function waitingText({ event, approvers }: RequestCard, context: GithubContext): string {
  const who = approvers.map((login) => personText(login, context)).join(', ')
  return [
    `✋ ${code(event.app ?? 'every app')} → ${code(event.env ?? '')} waits: ${words(event.statusDesc)}`,
    ...(who === '' ? [] : [`May approve: ${who}: ${code(`/gimlet approve ${event.id}`)}`]),
    `To take it back: ${code(`/gimlet reject ${event.id}`)}`,
  ].join('  \n')
}

function lockText({ env, app, by, reason, untilUnix }: Lock): string {
  const until = untilUnix === null ? '' : ` until ${timeText(untilUnix)}`
  return `🔒 ${code(app === null ? env : `${app} in ${env}`)} is locked by ${code(by)}${until}: ${words(reason)}`
}
