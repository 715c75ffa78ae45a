import type { Sha } from '../domain/names.ts'
import type { GitStream } from './git.ts'

/** A commit with all of its message. */
export type CommitMessage = { readonly ref: Sha; readonly unix: number; readonly message: string }

type Range = {
  readonly to: Sha
  /** Commits that are left out with all that they hold. */
  readonly from: readonly string[]
  /** A line that the message has: an extended regular expression. */
  readonly line: string
}

/** The commits of a range whose message has such a line, oldest first. */
export async function* commitMessages(
  stream: GitStream,
  { to, from, line }: Range,
): AsyncGenerator<CommitMessage> {
  const plain = ['--no-color', '--no-show-signature', '--encoding=UTF-8', '--no-decorate']
  const which = ['--reverse', '--topo-order', '--extended-regexp', `--grep=${line}`]
  const range = [to, ...from.map((commit) => `^${commit}`)]
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream(['log', '-z', ...which, ...plain, format, ...range, '--'])) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
      yield messageOf(rest.toString('utf8', 0, end))
      rest = rest.subarray(end + 1)
    }
  }
  if (rest.length > 0) yield messageOf(rest.toString('utf8'))
}

const format = '--format=%H %ct%n%B'

function messageOf(text: string): CommitMessage {
  const end = text.indexOf('\n')
  const [ref = '', unix = ''] = text.slice(0, end).split(' ')
  return { ref, unix: Number(unix), message: text.slice(end + 1) }
}
