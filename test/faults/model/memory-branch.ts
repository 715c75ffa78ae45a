import { createHash } from 'node:crypto'
import type { PathChange } from '../../../src/domain/history.ts'
import type { Sha } from '../../../src/domain/names.ts'

/** Texts by their path. */
export type Tree = ReadonlyMap<string, string>

export type MemoryCommit = {
  readonly ref: Sha
  readonly parent: Sha | null
  readonly tree: Tree
  readonly message: string
  readonly unix: number
  /** Made by a server, and not by a person. */
  readonly isOurs: boolean
}

type Made = Pick<MemoryCommit, 'tree' | 'message' | 'unix' | 'isOurs'>

/** The branch of a GitOps repository at its host, without git: one line of commits, each with all its files. */
export class MemoryBranch {
  readonly #commits = new Map<Sha, MemoryCommit>()
  readonly #texts = new Map<Sha, string>()
  tip: Sha
  /** The newest tip that a server saw. */
  seen: Sha
  /** The host cannot be reached. */
  isAway = false
  /** The next push lands, and the host is away before it can say so. */
  isToldNoMore = false
  /** What happens right before the next push. */
  beforePush: (() => void) | undefined

  constructor() {
    const begin = { tree: new Map(), message: 'The repository begins\n', unix: 1_700_000_000 }
    this.tip = this.build(null, { ...begin, isOurs: true }).ref
    this.seen = this.tip
  }

  /** A commit that hangs on nothing yet: the same one again when all of it is the same, as in git. */
  build(parent: Sha | null, made: Made): MemoryCommit {
    const { tree, message, unix, isOurs } = made
    for (const text of tree.values()) this.#texts.set(blobId(text), text)
    const ref = idOf(['commit', parent, [...tree].sort(byName), message, unix, isOurs])
    const commit = { ...made, parent, ref }
    this.#commits.set(ref, commit)
    return commit
  }

  /** A person pushes a commit with these files; `null` takes away a file, or a folder with all below it. */
  someoneCommits(files: Readonly<Record<string, string | null>>, unix: number): Sha {
    const tree = new Map(this.at(this.tip).tree)
    for (const [path, text] of Object.entries(files)) {
      for (const known of [...tree.keys()])
        if (known === path || known.startsWith(`${path}/`)) tree.delete(known)
      if (text !== null) tree.set(path, text)
    }
    this.tip = this.build(this.tip, { tree, message: 'by hand\n', unix, isOurs: false }).ref
    return this.tip
  }

  has(ref: Sha): boolean {
    return this.#commits.has(ref)
  }

  at(ref: Sha): MemoryCommit {
    const commit = this.#commits.get(ref)
    if (!commit) throw new Error(`there is no commit ${ref}`)
    return commit
  }

  text(id: Sha): string | undefined {
    return this.#texts.get(id)
  }

  /** A commit and all that it stands on, the oldest first. */
  line(tip: Sha): MemoryCommit[] {
    const line: MemoryCommit[] = []
    for (let at: Sha | null = tip; at !== null; at = line.at(-1)?.parent ?? null)
      line.push(this.at(at))
    return line.reverse()
  }

  /** What a commit changed: its files and the folders that they lie in. */
  changes({ tree, parent }: MemoryCommit): PathChange[] {
    const before = entriesOf(parent === null ? new Map() : this.at(parent).tree)
    const after = entriesOf(tree)
    const changes: PathChange[] = []
    for (const [path, { id, isFolder }] of after)
      if (before.get(path)?.id !== id) changes.push({ path, id, isFolder })
    for (const [path, { isFolder }] of before)
      if (!after.has(path)) changes.push({ path, id: null, isFolder })
    return changes.sort((a, b) => byName([a.path], [b.path]))
  }
}

type Entry = { readonly id: Sha; readonly isFolder: boolean }

/** Every file and folder of a tree by its path, a folder's id standing for all that lies in it. */
export function entriesOf(tree: Tree): ReadonlyMap<string, Entry> {
  const below = new Map<string, [string, string][]>()
  const entries = new Map<string, Entry>()
  for (const [path, text] of [...tree].sort(byName)) {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/')
      const file: [string, string] = [path.slice(folder.length + 1), text]
      below.set(folder, [...(below.get(folder) ?? []), file])
    }
    entries.set(path, { id: blobId(text), isFolder: false })
  }
  for (const [folder, files] of below)
    entries.set(folder, { id: idOf(['tree', files]), isFolder: true })
  return entries
}

/** The files of a folder, by their names below it. */
export const filesIn = (tree: Tree, folder: string): Map<string, string> =>
  new Map(
    [...tree]
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, text]) => [path.slice(folder.length + 1), text]),
  )

const byName = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]) =>
  a < b ? -1 : a > b ? 1 : 0
const idOf = (of: unknown): Sha => createHash('sha1').update(JSON.stringify(of)).digest('hex')
const blobId = (text: string): Sha => idOf(['blob', text])
