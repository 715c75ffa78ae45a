import { commitMessages } from '../../../../src/gitops/commit-messages.ts'
import { hintOf } from '../../../../src/gitops/damage.ts'
import { pushFault } from '../../../../src/gitops/failure.ts'
import { GitFailure, type GitStream } from '../../../../src/gitops/git.ts'
import { History } from '../../../../src/gitops/history.ts'
import { type Packet, packet, packetsIn } from '../../../../src/gitops/pkt-line.ts'
import { directPush } from '../../../../src/gitops/receive-pack.ts'
import { touchedBy } from '../../../../src/release/touched.ts'
import { broken, type Door } from '../fuzz.ts'

const [one, two, three] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [
  string,
  string,
  string,
]
const text = (input: unknown): string => String(input)
const words = [
  '\0',
  '\n',
  '0000',
  '0004',
  'ffff',
  ':100644 ',
  ' missing',
  ' blob 5',
  ' tree ',
  '\t',
  one,
  'staging/web/release.json',
  '"quoted\\303"',
  '40000',
  '99999999999',
]

/** What comes in pieces: cut at every so many bytes, as pipes do. */
const inPieces = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )

const printed = (output: string, size: number): GitStream =>
  async function* () {
    yield* inPieces(Buffer.from(output, 'latin1'), size)
  }

/** What git prints of a repository that others write to, too. */
export const gitOutputDoor: Door = {
  name: 'git-output',
  about: 'A6: logs, trees and objects of a repository that others write to',
  form: 'text',
  words,
  share: 0.5,
  seeds: [
    `\0${one}\0Jane\0jane@example.com\x001800000000\0a subject\n:000000 100644 ${'0'.repeat(40)} ${two} A\tstaging/web/release.json\n:040000 040000 ${one} ${two} M\tstaging\n`,
    `${one} blob 5\nhello\n${two} missing\n${three} tree 4\nabcd\n`,
    `100644 blob ${one}\tstaging/web/release.json\n040000 tree ${two}\tstaging/web\n040000 tree ${two}\tstaging\n`,
    `${one} 1800000000\nRelease web\n\nRelease-Id: r-1\n\0${two} 1\nx\n`,
    `3\t4\n`,
  ],
  async take(input) {
    const output = text(input)
    const [whole, pieces] = await Promise.all([65_536, 61].map((size) => readings(output, size)))
    if (whole !== pieces) broken(`in pieces it says ${pieces}, and else ${whole}`)
    const failure = new GitFailure('push', 1, { stderr: output, stdout: output })
    return `${whole} ${hintOf(failure)} ${pushFault(failure, 'the token').code}`
  },
}

async function readings(output: string, size: number): Promise<string> {
  const stream = printed(output, size)
  const history = new History(async () => output, stream)
  const counts: number[] = []
  let commits = 0
  for await (const commit of history.commits({ from: null, to: one })) {
    commits++
    touchedBy(commit)
  }
  counts.push(commits, (await history.texts([one, two, three])).size)
  counts.push((await history.folders(one)).size, (await history.ids([one, two])).size)
  await history.distance({ from: one, to: two })
  let messages = 0
  for await (const { message } of commitMessages(stream, { to: one, from: [], line: 'x' }))
    messages += message === '' ? 0 : 1
  return [...counts, messages].map((count) => Math.min(count, 5)).join(' ')
}

const ref = 'refs/heads/main'
const offered = 'report-status side-band-64k ofs-delta'
const band = (...lines: readonly string[]) => packet(`\x01${lines.map(packet).join('')}0000`)

/** What a git host says to a push: it landed only when the host says so of this branch (F7). */
export const gitHostsDoor: Door = {
  name: 'git-hosts',
  about: 'A6, F7: what a git host answers to a push, packet by packet',
  form: 'text',
  words: [
    ...words,
    packet(`${two} ${ref}\n`),
    band('unpack ok\n', `ok ${ref}\n`),
    'ng ',
    '\x02',
    '\x03',
  ],
  share: 0.5,
  seeds: [
    `${packet(`${one} ${ref}\0${offered}\n`)}0000${band('unpack ok\n', `ok ${ref}\n`)}0000`,
    `${packet(`${one} HEAD\0${offered}\n`)}${packet(`${one} ${ref}\n`)}0000${packet('\x02remote: no\n')}${band('unpack ok\n', `ng ${ref} hook\n`)}0000`,
    `${packet(`${two} ${ref}\0${offered} object-format=sha256\n`)}0000`,
  ],
  async take(input) {
    const said = Buffer.from(text(input), 'latin1')
    const packets = packetsIn(inPieces(said, 11)) as AsyncIterator<Packet, undefined>
    const visit = { advertised: packets, send: () => packets, end: () => undefined }
    const move = { branch: 'main', tip: one, newTip: three, pack: new Uint8Array() }
    const result = await directPush(() => visit, move)
    if (result.kind === 'landed' && !/unpack ok[\s\S]*ok refs\/heads\/main/.test(text(input)))
      broken('it counts as landed, and nobody said so')
    if (result.kind !== 'unknown') return result.kind
    return result.cause instanceof Error && result.cause.constructor === Error
      ? `unknown ${result.cause.message.slice(0, 40)}`
      : broken(`the cause is ${String(result.cause)}`)
  },
}
