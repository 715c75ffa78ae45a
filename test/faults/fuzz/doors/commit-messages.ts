import {
  anchored,
  readAnchor,
  readTrailers,
  type Trailers,
  writeCommitMessage,
} from '../../../../src/release/commit-message.ts'
import { readReleaseJson } from '../../../../src/release/release-json.ts'
import { broken, type Door, same } from '../fuzz.ts'

type Texts = Readonly<Record<keyof Trailers | 'subject' | 'reason', string>>

/** The texts of people in a release's commit: what its trailers say is what the server set (A18). */
export const commitMessagesDoor: Door = {
  name: 'commit-messages',
  about: 'A18: messages of commits with the words of people in them',
  form: 'texts',
  words: [
    '\n\nRelease-Id: r-2',
    'Artifact-Id: x',
    'Audit-Head: 1:',
    '\n',
    '\u2028',
    '\u0085',
    '---',
    'Signed-off-by: a',
    '"',
  ],
  seeds: [
    {
      subject: 'Release web to staging',
      reason: 'fixes the prices',
      releaseId: 'r-01kbrc3vq8m2x4t',
      artifactId: 'web-1',
      triggeredBy: 'jane',
      decisionId: 'd-1',
      policyVersion: 'a1b2c3d',
      sourceCommit: 'c'.repeat(40),
    },
  ],
  take(input) {
    const { subject, reason, ...trailers } = input as Texts
    const message = writeCommitMessage(subject, reason, trailers)
    same(readTrailers(message), shown(trailers), 'its trailers')
    if (isWellFormed(input) && !isWhole(message)) broken('half a character stands in it')
    const head = { seq: 7, hash: 'a'.repeat(64) }
    same(readAnchor(anchored(message, head)), head, 'its anchor')
    same(readAnchor(message), undefined, 'an anchor that nobody set')
    same(readTrailers(anchored(message, head)), shown(trailers), 'its trailers beside an anchor')
    return `${readTrailers(`${subject}\n\n${reason}`) !== undefined}`
  },
}

/** No half of a character stands alone, which UTF-8 has no bytes for. */
const isWhole = (text: string): boolean => !/\p{Cs}/u.test(text)

const isWellFormed = (texts: unknown): boolean => Object.values(texts as object).every(isWhole)

/** Each in one line; what is not there is told by a dash. */
const shown = (trailers: Trailers): Trailers =>
  Object.fromEntries(
    Object.entries(trailers).map(([name, text]) => {
      const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
      return [name, line === '-' ? '' : line]
    }),
  ) as Trailers

/** `release.json` as anybody may have left it on the branch. */
export const releaseFilesDoor: Door = {
  name: 'release-files',
  about: 'A4, A19: release.json as it may stand on the branch',
  form: 'json',
  words: ['id', 'rollbackTo', 'artifactId', 'version', 'created', 'r-1', '\u202e'],
  seeds: [
    {
      id: 'r-1',
      env: 'staging',
      app: 'web',
      artifactId: 'web-1',
      triggeredBy: 'jane',
      version: {
        repositoryName: 'owner/web',
        sha: 'a'.repeat(40),
        created: 1,
        branch: 'main',
        event: 'pr',
        message: 'm',
      },
      created: 5,
      rollbackTo: 'b'.repeat(40),
      decisionId: 'd-1',
      policyVersion: 'x',
    },
    { app: 'web', env: 'staging', artifactId: 'a', version: {}, triggeredBy: '' },
  ],
  take(input) {
    const read = readReleaseJson(JSON.stringify(input))
    if (read === undefined) return 'none'
    same(readReleaseJson(JSON.stringify(withoutNone(read))), read, 'read again')
    const { id, created, rollbackTo, ...rest } = read
    if (id !== null && !/^[\w.:@-]{1,100}$/.test(id)) broken(`it has the id ${id}`)
    if (created !== null && !(created > 0)) broken(`it is of ${created}`)
    const lines = [rest.app, rest.env, rest.artifactId, rest.triggeredBy, rest.version.sha]
    if (lines.some((line) => /[\p{Cc}\p{Zl}\p{Zp}]/u.test(line))) broken('it has several lines')
    return `${id === null} ${created === null} ${rollbackTo === null} ${rest.version.event}`
  },
}

/** As it is written: what is not known is left out. */
const withoutNone = (marker: object): object =>
  Object.fromEntries(Object.entries(marker).filter(([, value]) => value !== null))
