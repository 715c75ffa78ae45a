import type { Judgement } from '../domain/decision.ts'
import { authorOf, type ForeignCommit, type Place } from '../domain/history.ts'

/** What a release over a change by hand does: the setting `GITOPS_DRIFT`. */
export type DriftMode = 'warn' | 'stop'

type Given = {
  readonly place: Place
  /** What people changed in the folder, oldest first. */
  readonly commits: readonly ForeignCommit[]
  readonly mode: DriftMode
  /** Someone who may has asked for it by force. */
  readonly isForced: boolean
}

/**
 * What was decided, with what people changed in the folder by hand: it is never overwritten without a
 * word. A no of the policies stays theirs.
 */
export function judgeDrift(judgement: Judgement, given: Given): Judgement {
  const { place, commits, mode, isForced } = given
  if (commits.length === 0) return judgement
  const changed = changedText(place, commits)
  const said = { policy: 'drift', kind: 'drift', description: '' } as const
  const trace = [...judgement.trace, { ...said, outcome: 'fails' as const, problem: changed }]
  const warn = (warning: string, forced: readonly string[]): Judgement => ({
    ...judgement,
    warnings: [...judgement.warnings, warning],
    forced: [...judgement.forced, ...forced],
    trace,
  })
  if (mode === 'warn') return warn(`${changed}; this overwrites it`, [])
  if (isForced) return warn(`forced past drift: ${changed}`, ['drift'])
  if (judgement.verdict === 'deny') return { ...judgement, trace }
  const whatToDo = 'take that change back, or have an admin ask again with --force and a reason'
  const message = `${changed}; ${whatToDo}`
  return { ...judgement, verdict: 'deny', policy: 'drift', message, expiresInMs: null, trace }
}

/** Longest name and subject that are shown, in characters: both are anybody's text. */
const nameMax = 60
const subjectMax = 100

/** `web in production was changed by hand by Bob in 1a2b3c4d ("more replicas") and 2 commits before` */
function changedText({ env, app }: Place, commits: readonly ForeignCommit[]): string {
  const newest = commits.at(-1)
  if (!newest) return ''
  const before = commits.length - 1
  const more = before === 0 ? '' : ` and ${before} ${before === 1 ? 'commit' : 'commits'} before it`
  return `${app} in ${env} was changed by hand by ${nameOf(newest)} in ${newest.ref.slice(0, 8)} ("${line(newest.subject, subjectMax)}")${more}`
}

/** What a commit overwrites, for its message: `1a2b3c4d by Bob`. */
export const overwrittenText = (commits: readonly ForeignCommit[]): string =>
  commits
    .slice(-3)
    .map((commit) => `${commit.ref.slice(0, 8)} by ${nameOf(commit)}`)
    .join(', ')

const nameOf = (commit: ForeignCommit): string => line(authorOf(commit), nameMax)

const line = (text: string, max: number): string =>
  text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, max)
