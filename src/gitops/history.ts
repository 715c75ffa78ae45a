import { type Environments, everyEnvironment, holdsEnvironment } from '../domain/environments.ts'
import { Fault } from '../domain/fault.ts'
import type {
  Beginning,
  FolderAt,
  HistoryPort,
  HistoryRange,
  LoggedCommit,
  PathChange,
} from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import { foldersBy, noteFolder, releaseFileBytesMax } from './folders-among.ts'
import { type Git, GitFailure, type GitStream } from './git.ts'
import { nameInside, type Root, rootOf } from './root.ts'

/** What of a repository counts, and where it lies. */
type Scope = { readonly environments: Environments; readonly root: string | null }

/** Reads what the GitOps repository says of its past: one git a walk, never one a commit. */
export class History implements HistoryPort {
  readonly #git: Git
  readonly #stream: GitStream
  readonly #environments: Environments
  readonly #root: Root

  constructor(
    git: Git,
    stream: GitStream,
    { environments, root }: Scope = { environments: everyEnvironment, root: null },
  ) {
    this.#git = git
    this.#stream = stream
    this.#environments = environments
    this.#root = rootOf(root)
  }

  /** The clone holds all of it. */
  knownFrom(): Promise<Beginning | null> {
    return Promise.resolve(null)
  }

  /** How many commits each end of a range has that the other has not. */
  async distance({ from, to }: HistoryRange): Promise<{ ahead: number; behind: number }> {
    if (from === null)
      return { ahead: Number(await this.#git(['rev-list', '--count', to])), behind: 0 }
    const printed = await this.#told(['rev-list', '--left-right', '--count', `${from}...${to}`])
    const [behind = Number.POSITIVE_INFINITY, ahead = Number.POSITIVE_INFINITY] =
      printed === undefined ? [] : printed.split(/\s+/).map(Number)
    return { ahead, behind }
  }

  /**
   * The commits that `to` has and `from` has not, parents first. Of a merge only what is as in none of
   * its sides: each side's own commits tell the rest.
   */
  async *commits({ from, to }: HistoryRange): AsyncGenerator<LoggedCommit> {
    const args = ['log', '--reverse', '--topo-order', '-c', '-r', '-t', '--raw', '--no-abbrev']
    const plain = ['--no-renames', '--no-color', '--no-show-signature', '--encoding=UTF-8']
    const range = from === null ? [to] : [to, `^${from}`]
    let commit: (LoggedCommit & { changes: PathChange[] }) | undefined
    for await (const line of linesOf(this.#stream([...args, ...plain, format, ...range, '--']))) {
      if (line.startsWith('\0')) {
        if (commit) yield commit
        commit = { ...headOf(line), changes: [] }
      } else if (line.startsWith(':')) {
        const change = changeOf(line)
        const path = this.#root.outside(change.path)
        if (this.#holds(path)) commit?.changes.push({ ...change, path })
      }
    }
    if (commit) yield commit
  }

  /** The texts of files, by the names that were asked for; what is not there or too large is left out. */
  async texts(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const wanted = [...new Set(names)]
    const texts = new Map<string, string>()
    if (wanted.length === 0) return texts
    const read = this.#stream(['cat-file', '--batch'], `${wanted.join('\n')}\n`)
    let at = 0
    for await (const text of objectsOf(read)) {
      const name = wanted[at++] ?? ''
      if (text !== null) texts.set(name, text)
    }
    return texts
  }

  /** What objects are there by these names, such as `<commit>:<folder>`. */
  async ids(names: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
    const ids = new Map<string, Sha>()
    if (names.length === 0) return ids
    const inside = names.map((name) => nameInside(this.#root, name))
    const printed = await this.#git(['cat-file', '--batch-check'], `${inside.join('\n')}\n`)
    printed.split('\n').forEach((line, at) => {
      const [id = '', kind] = line.split(' ')
      const isThere = kind === 'tree' || kind === 'blob'
      if (isThere) ids.set(names[at] ?? '', id)
    })
    return ids
  }

  /** Every folder `<env>/<app>` of a commit, with its `release.json`, by its path. */
  async folders(tip: Sha): Promise<ReadonlyMap<string, FolderAt>> {
    const folders = new Map<string, FolderAt>()
    for await (const line of linesOf(this.#stream(['ls-tree', '-r', '-t', '--full-tree', tip]))) {
      const [, kind = '', id = '', inside = ''] = /^\d+ (\w+) ([0-9a-f]+)\t(.*)$/s.exec(line) ?? []
      const path = this.#root.outside(inside)
      if (this.#holds(path)) noteFolder(folders, { path, type: kind, sha: id })
    }
    return folders
  }

  /** The same of some folders only. */
  foldersOf(tip: Sha, paths: readonly string[]): Promise<ReadonlyMap<string, FolderAt>> {
    return foldersBy((names) => this.ids(names), { tip, paths })
  }

  #holds(path: string): boolean {
    return holdsEnvironment(this.#environments, path.split('/', 1)[0] ?? '')
  }

  async #told(args: readonly string[]): Promise<string | undefined> {
    try {
      return (await this.#git(args)).trim()
    } catch (error) {
      if (error instanceof GitFailure) return undefined
      throw error
    }
  }
}

/** A head is one line: what git tells here has no end of line in it, and no byte 0. */
const format = '--format=%x00%H%x00%an%x00%ae%x00%ct%x00%s'

function headOf(line: string) {
  const [, ref = '', authorName = '', authorEmail = '', unix = '', ...subject] = line.split('\0')
  return { ref, authorName, authorEmail, unix: Number(unix), subject: subject.join(' ') }
}

/** `:<mode> <mode> <id> <id> M<tab><path>`, with a colon, a mode and an id more for each further parent. */
function changeOf(line: string): PathChange {
  const parents = line.length - line.replace(/^:+/, '').length
  const tab = line.indexOf('\t')
  const words = line.slice(parents, tab).split(' ')
  const mode = words[parents] ?? ''
  const id = words[2 * parents + 1] ?? ''
  const path = line.slice(tab + 1)
  // Git quotes odd names. Those of apps are not odd, and what lies below is only counted.
  const plain = path.startsWith('"') ? path.slice(1, -1) : path
  const isGone = /^0+$/.test(id)
  const wasFolder = words.slice(0, parents).includes('040000')
  return { path: plain, id: isGone ? null : id, isFolder: isGone ? wasFolder : mode === '040000' }
}

/** Each line is a text of its own: a part of a longer one would hold all of it, as long as it is kept. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const read = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    for (let end = read.indexOf(10); end !== -1; end = read.indexOf(10, from)) {
      yield read.toString('utf8', from, end)
      from = end + 1
    }
    rest = read.subarray(from)
  }
  if (rest.length > 0) yield rest.toString('utf8')
}

/** Cuts what `cat-file --batch` prints into its objects; `null` for those that are missing or too large. */
async function* objectsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string | null> {
  let buffered: Buffer = Buffer.alloc(0)
  /** Bytes of an object that is too large, with its end of line, that are still to come. */
  let skip = 0
  for await (const chunk of chunks) {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    for (;;) {
      const skipped = Math.min(skip, buffered.length)
      buffered = buffered.subarray(skipped)
      skip -= skipped
      const end = buffered.indexOf(10)
      if (skip > 0 || end === -1) break
      const [, kind, size] = buffered.subarray(0, end).toString('utf8').split(' ')
      const bytes = kind === 'missing' || size === undefined ? -1 : Number(size)
      if (bytes > releaseFileBytesMax) skip = bytes + 1
      const isWhole = skip > 0 || buffered.length >= end + 1 + bytes + 1
      if (!isWhole) break
      yield kind === 'blob' && skip === 0
        ? buffered.toString('utf8', end + 1, end + 1 + bytes)
        : null
      buffered = buffered.subarray(skip > 0 ? end + 1 : end + 1 + bytes + 1)
    }
  }
}

/** Says what was being done when git could not. */
export function reading(error: unknown): unknown {
  return error instanceof GitFailure
    ? new Fault('gitops_broken', 'reading the history of the GitOps repository', { cause: error })
    : error
}
