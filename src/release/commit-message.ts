import type { AuditHead } from '../domain/audit.ts'

/** What a release commit's trailers say: contract, section 4. */
export type Trailers = {
  readonly releaseId: string
  readonly artifactId: string
  readonly triggeredBy: string
  readonly decisionId: string
  readonly policyVersion: string
  readonly sourceCommit: string
}

const names: readonly (readonly [keyof Trailers, string])[] = [
  ['releaseId', 'Release-Id'],
  ['artifactId', 'Artifact-Id'],
  ['triggeredBy', 'Triggered-By'],
  ['decisionId', 'Decision-Id'],
  ['policyVersion', 'Policy-Version'],
  ['sourceCommit', 'Source-Commit'],
]

/** Longest reason that a commit message shows, in characters; the whole one is kept with the event. */
const reasonCharsMax = 500
/** Stands for what is not there, since a trailer without a value is none. */
const absent = '-'

/** The message of one release commit: subject, reason in a paragraph of its own, trailers. */
export function writeCommitMessage(subject: string, reason: string, trailers: Trailers): string {
  const told = oneLine(reason).slice(0, reasonCharsMax)
  const lines = names.map(([key, name]) => `${name}: ${oneLine(trailers[key]) || absent}`)
  // The quotes keep a reason such as `Release-Id: x` from ever being read as a trailer.
  const paragraphs = [oneLine(subject), ...(told ? [`Reason: "${told}"`] : []), lines.join('\n')]
  return `${paragraphs.join('\n\n')}\n`
}

/** The trailers of a message that `writeCommitMessage` wrote, or nothing of any other. */
export function readTrailers(message: string): Trailers | undefined {
  const last = message.trimEnd().split('\n\n').at(-1) ?? ''
  const found = new Map(
    last.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)] as const
    }),
  )
  const values = names.map(([key, name]) => [key, found.get(name)] as const)
  if (values.some(([, value]) => value === undefined)) return undefined
  return Object.fromEntries(
    values.map(([key, value]) => [key, value === absent ? '' : value]),
  ) as Trailers
}

/** The message of a release commit that also says where the audit record stood before it. */
export const anchored = (message: string, head: AuditHead | null): string =>
  head === null ? message : `${message}${anchorName}: ${head.seq}:${head.hash}\n`

/** Where the audit record stood before a release commit, as its message says. */
export function readAnchor(message: string): AuditHead | undefined {
  if (!readTrailers(message)) return undefined
  // Ours is the last line of all.
  const [, seq, hash] = anchorPattern.exec(message.trimEnd().split('\n').at(-1) ?? '') ?? []
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash }
}

const anchorName = 'Audit-Head'

/** The line of a message that says it, as a regular expression that git knows as well. */
export const anchorLine = `^${anchorName}: ([0-9]{1,15}):([0-9a-f]{64})$`
const anchorPattern = new RegExp(anchorLine)

/** Text without anything that begins a new line or moves a terminal's cursor. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
