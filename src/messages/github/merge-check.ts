import type { MergePreview, PlacePreview, PreviewEnd } from '../../domain/merge-preview.ts'
import { clean } from '../paint.ts'
import { code, codeBlock, words } from './markdown.ts'
import { type GithubContext, personText, timeText } from './reply.ts'

const titleCharsMax = 200
const rowsMax = 60
/** GitHub takes 65,535 characters of each text. */
const explanationCharsMax = 50_000

/** What a check run says once it is over. */
export type CheckResult = {
  readonly conclusion: 'success' | 'neutral' | 'failure'
  readonly output: {
    readonly title: string
    readonly summary: string
    readonly text?: string
    /** What is written beside lines of files. GitHub adds those of a change to those before it. */
    readonly annotations?: readonly object[]
  }
}

/** What a merge would release, and which gates would hold it, as a check run says it. */
export function mergeCheck(preview: MergePreview, context: GithubContext): CheckResult {
  const { places, baseBranch, headSha, artifactId, isCut, unix } = preview
  const rows = places.slice(0, rowsMax).map((place) => row(place, context))
  const left = places.length - rows.length
  const table = ['| environment | app | a merge would | why |', '|---|---|---|---|']
  const summary = [
    `As things stood at ${timeText(unix)} UTC, if CI posted an artifact of ${code(baseBranch)} that is like ${code(artifactId)} of the head ${code(headSha.slice(0, 8))}.`,
    rows.length > 0 ? [...table, ...rows].join('\n') : 'No manifest is for this repository.',
    ...(left > 0 ? [`… and ${left} more`] : []),
    ...(isCut ? ['More would follow from these releases than is looked at here.'] : []),
    'A merge is a new commit, and CI makes a new artifact of it: they run nowhere yet, and nobody has approved them.',
  ]
  const lines = places.flatMap((place) => [
    `${place.app} → ${place.env}: ${place.message}`,
    ...place.lines.map((line) => `  ${line}`),
  ])
  const text = codeBlock(lines.join('\n'), 'text', explanationCharsMax)
  const output = { title: titleOf(preview), summary: summary.join('\n\n') }
  return {
    conclusion: conclusionOf(places),
    output: lines.length > 0 ? { ...output, text } : output,
  }
}

/** A gate that holds is no mistake of the change's: only what is broken fails. */
function conclusionOf(places: MergePreview['places']): CheckResult['conclusion'] {
  const isAny = (...ends: readonly PreviewEnd[]) => places.some(({ end }) => ends.includes(end))
  if (isAny('broken')) return 'failure'
  return isAny('held', 'denied') ? 'neutral' : 'success'
}

const notReleased = { broken: 'cannot be released', denied: 'would be refused', held: 'would wait' }

function titleOf({ places, baseBranch }: MergePreview): string {
  const [first, ...more] = places.filter(({ end }) => end === 'released').map(placeText)
  const others = more.length > 1 ? ` and ${more.length} more` : more.map((one) => ` and ${one}`)
  const what = first === undefined ? 'nothing' : `${first}${others}`
  const told = (['broken', 'denied', 'held'] as const).flatMap((end) => {
    const all = places.filter((place) => place.end === end)
    const rest = all.length > 1 ? ` (and ${all.length - 1} more)` : ''
    return all
      .slice(0, 1)
      .map((one) => `; ${placeText(one)} ${notReleased[end]}${rest}: ${one.message}`)
  })
  const title = `A merge into ${baseBranch} would release ${what}${told.join('')}`
  const chars = [...clean(title)]
  return chars.length <= titleCharsMax
    ? chars.join('')
    : `${chars.slice(0, titleCharsMax - 1).join('')}…`
}

const placeText = ({ app, env }: PlacePreview): string => `${app} to ${env}`

const marks: Readonly<Record<PreviewEnd, string>> = {
  released: '✅ release it',
  held: '✋ ask for it, and it would wait',
  denied: '⛔ ask for it, and it would be refused',
  broken: '❌ not be able to release it',
  unasked: 'leave it as it is',
}

function row(place: PlacePreview, context: GithubContext): string {
  const { env, app, end, by, message, approvers, warnings } = place
  const why = [
    ...(end === 'released' ? [] : [words(message)]),
    ...(by === null ? [] : [`asked for by the trigger ${code(by)}`]),
    ...(approvers.length > 0
      ? [`may approve: ${approvers.map((login) => personText(login, context)).join(', ')}`]
      : []),
    ...warnings.map((warning) => `⚠️ ${words(warning)}`),
  ]
  return `| ${code(env)} | ${code(app)} | ${marks[end]} | ${why.join(' · ')} |`
}
