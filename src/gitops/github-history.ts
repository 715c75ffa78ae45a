import { type Environments, everyEnvironment, holdsEnvironment } from '../domain/environments.ts'
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
import type { GithubReader } from './github-read.ts'
import type { ReadCommit } from './github-told.ts'
import { parentsFirst } from './parents-first.ts'
import { nameInside, type Root, rootOf } from './root.ts'
import { entryChanges } from './tree-changes.ts'

/**
 * Where nothing is known yet, so many of the newest commits are read, two of GitHub's pages. Each costs
 * the tree of an environment, so these are some 230 calls of the 5,000 that an hour has.
 */
const newestMax = 200
/** Of large environments fewer are read: their trees come to so many entries in all, some 60 MB. */
const entriesMax = 200_000
const newestMin = 20
/** Of so many commits at once what lies deeper is asked for together. */
const sliceCommits = 50

type Scope = { readonly environments: Environments; readonly root: string | null }

type Listed = { readonly beginning: Beginning | null; readonly commits: readonly ReadCommit[] }
const noneListed: Listed = { beginning: null, commits: [] }

/** A folder of a commit, and the same of each of its parents. */
type Pair = {
  readonly changes: PathChange[]
  readonly path: string
  readonly id: Sha | null
  readonly before: readonly (Sha | null)[]
}

/** Reads what a GitOps repository on GitHub says of its past, without a clone. */
export class GithubHistory implements HistoryPort {
  readonly #reader: GithubReader
  readonly #environments: Environments
  readonly #root: Root
  /** How deep the folders of environments lie: their trees are the large ones. */
  readonly #largeDepth: number

  constructor(
    reader: GithubReader,
    { environments, root }: Scope = { environments: everyEnvironment, root: null },
  ) {
    this.#reader = reader
    this.#environments = environments
    this.#root = rootOf(root)
    this.#largeDepth = root === null ? 1 : 0
  }

  async knownFrom(tip: Sha): Promise<Beginning | null> {
    return (await this.#newest(tip)).beginning
  }

  async distance({ from, to }: HistoryRange): Promise<{ ahead: number; behind: number }> {
    if (from === null) {
      const { beginning, commits } = await this.#newest(to)
      return beginning
        ? this.distance({ from: beginning.ref, to })
        : { ahead: commits.length, behind: 0 }
    }
    const compared = await this.#reader.commits.compare(from, to)
    if (compared) return { ahead: compared.ahead, behind: compared.behind }
    // They have nothing in common, unless GitHub only does not know the newer one yet.
    await this.#reader.rootOf(to)
    return { ahead: Number.POSITIVE_INFINITY, behind: Number.POSITIVE_INFINITY }
  }

  async *commits({ from, to }: HistoryRange): AsyncGenerator<LoggedCommit> {
    const { beginning, commits } = from === null ? await this.#newest(to) : noneListed
    const start = from ?? beginning?.ref
    const found = start === undefined ? commits : await this.#reader.commits.between(start, to)
    const ordered = parentsFirst(to, found)
    const roots = new Map(found.map(({ sha, tree }) => [sha, tree]))
    for (let at = 0; at < ordered.length; at += sliceCommits)
      yield* await this.#logged(ordered.slice(at, at + sliceCommits), roots)
  }

  texts(ids: readonly Sha[]): Promise<ReadonlyMap<Sha, string>> {
    return this.#reader.texts(ids, releaseFileBytesMax)
  }

  async ids(names: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
    const inside = names.map((name) => nameInside(this.#root, name))
    const found = await this.#reader.ids(inside)
    const ids = new Map<string, Sha>()
    for (const [at, name] of names.entries()) {
      const id = found.get(inside[at] ?? '')
      if (id !== undefined) ids.set(name, id)
    }
    return ids
  }

  async folders(tip: Sha): Promise<ReadonlyMap<string, FolderAt>> {
    const root = await this.#reader.rootOf(tip)
    // The root's tree, those of environments and those of apps hold all that is looked for.
    const entries = await this.#reader.below(root, this.#largeDepth + 2)
    const folders = new Map<string, FolderAt>()
    for (const entry of entries) {
      const path = this.#root.outside(entry.path)
      if (this.#holds(path)) noteFolder(folders, { ...entry, path })
    }
    return folders
  }

  async foldersOf(tip: Sha, paths: readonly string[]): Promise<ReadonlyMap<string, FolderAt>> {
    const folders = await foldersBy((names) => this.ids(names), { tip, paths })
    // What is not there may be of a commit that GitHub does not know yet.
    if (folders.size < paths.length) await this.#reader.rootOf(tip)
    return folders
  }

  /** The newest commits, and with which of them history begins when older ones are not read. */
  async #newest(tip: Sha): Promise<Listed> {
    const commits = await this.#reader.commits.newest(tip, newestMax)
    const countMax = await this.#countMax(commits[0])
    const listed = new Map(commits.slice(0, countMax).map((one) => [one.sha, one]))
    const isWhole = [...listed.values()].every(({ parents }) =>
      parents.every((one) => listed.has(one)),
    )
    if (isWhole) return { beginning: null, commits }
    const line: ReadCommit[] = []
    for (let at = listed.get(tip); at; at = listed.get(at.parents[0] ?? '')) line.push(at)
    // A branch that was merged late may bring more commits than the list has.
    for (let at = line.length - 1; at > 0; at = Math.floor(at / 2)) {
      const start = line[at]
      if (start && (await this.distance({ from: start.sha, to: tip })).ahead <= countMax)
        return { beginning: { ref: start.sha, unix: start.unix }, commits }
    }
    return { beginning: { ref: tip, unix: commits[0]?.unix ?? 0 }, commits }
  }

  /** How many commits are read, by the largest tree that each of them costs. */
  async #countMax(newest: ReadCommit | undefined): Promise<number> {
    if (newest === undefined) return newestMax
    const root = await this.#reader.tree(newest.tree)
    const folders = [...root.entries.values()].filter(
      ({ path, type }) => type === 'tree' && this.#holds(this.#root.outside(path)),
    )
    const environments = await this.#reader.largeTrees(folders.map(({ sha }) => sha))
    const trees = this.#largeDepth === 0 ? [root] : [...environments.values()]
    const largest = Math.max(1, ...trees.map(({ entries }) => entries.size))
    return Math.min(newestMax, Math.max(newestMin, Math.floor(entriesMax / largest)))
  }

  /** What commits changed, by comparing their trees with those of their parents, level by level. */
  async #logged(
    commits: readonly ReadCommit[],
    known: ReadonlyMap<Sha, Sha>,
  ): Promise<LoggedCommit[]> {
    const parents = commits.flatMap((one) => one.parents).filter((one) => !known.has(one))
    const roots = new Map([...known, ...(await this.#reader.roots(parents))])
    const rootOf = async (commit: Sha) => roots.get(commit) ?? this.#reader.rootOf(commit)
    const logged = commits.map((commit) => ({ ...headOf(commit), changes: [] as PathChange[] }))
    let pairs: Pair[] = []
    for (const [at, { tree, parents }] of commits.entries()) {
      const before = parents.length === 0 ? [null] : await Promise.all(parents.map(rootOf))
      pairs.push({ changes: logged[at]?.changes ?? [], path: '', id: tree, before })
    }
    for (let depth = 0; pairs.length > 0; depth++) pairs = await this.#deeper(pairs, depth)
    for (const { changes } of logged) changes.sort(inGitsOrder)
    return logged
  }

  /** Notes what changed in these folders, and answers the folders in them that did. */
  async #deeper(pairs: readonly Pair[], depth: number): Promise<Pair[]> {
    const isLarge = depth === this.#largeDepth
    const ids = ({ id, before }: Pair) => [id, ...before].flatMap((one) => one ?? [])
    const together = isLarge ? undefined : await this.#reader.trees(pairs.flatMap(ids))
    const next: Pair[] = []
    for (const pair of pairs) {
      // Large ones are held two at a time; most often the older of them was read for the commit before.
      const trees = together ?? (await this.#reader.largeTrees(ids(pair)))
      const treeOf = (id: Sha | null) => (id === null ? undefined : trees.get(id))
      const { changes, path } = pair
      for (const change of entryChanges(treeOf(pair.id), pair.before.map(treeOf))) {
        const { id, isFolder, before } = change
        const inside = path + change.name
        const outside = this.#root.outside(inside)
        if (!this.#holds(outside)) continue
        changes.push({ path: outside, id, isFolder })
        if (isFolder) next.push({ changes, path: `${inside}/`, id, before })
      }
    }
    return next
  }

  #holds(path: string): boolean {
    return holdsEnvironment(this.#environments, path.split('/', 1)[0] ?? '')
  }
}

const headOf = ({ sha, authorName, authorEmail, unix, message }: ReadCommit) => ({
  ...{ ref: sha, authorName, authorEmail, unix },
  subject: subjectOf(message),
})

/** The first paragraph, as `git log --format=%s` has it. */
function subjectOf(message: string): string {
  const lines = message.split('\n').map((line) => line.replace(/[ \t\r]+$/, ''))
  const from = lines.findIndex((line) => line !== '')
  const to = lines.indexOf('', Math.max(from, 0))
  return from === -1 ? '' : lines.slice(from, to === -1 ? undefined : to).join(' ')
}

/** A folder stands where its name with a slash would. */
function inGitsOrder(a: PathChange, b: PathChange): number {
  const [left, right] = [a, b].map(({ path, isFolder }) => (isFolder ? `${path}/` : path))
  return (left ?? '') < (right ?? '') ? -1 : 1
}
