import type { CommitResult, PlannedCommit } from '../../../src/domain/change.ts'
import { everyEnvironment } from '../../../src/domain/environments.ts'
import { Fault, refuse } from '../../../src/domain/fault.ts'
import type { HistoryPort, LoggedCommit } from '../../../src/domain/history.ts'
import type { Sha } from '../../../src/domain/names.ts'
import { type Blocked, type Built, commitOn, type Pushed } from '../../../src/gitops/commit-on.ts'
import { foldersBy, noteFolder } from '../../../src/gitops/folders-among.ts'
import type { GitopsWriter } from '../../../src/gitops/writer.ts'
import type { GitopsAccess } from '../../../src/gitops-access.ts'
import { entriesOf, filesIn, type MemoryBranch, type Tree } from './memory-branch.ts'

const url = 'memory:gitops'

/** Writes a branch that lies in memory, as `LocalWriter` does one in git. */
export class MemoryWriter implements GitopsWriter {
  readonly #branch: MemoryBranch
  readonly url = url
  readonly batchMax = 100
  #tip: Sha | undefined
  #trouble: unknown

  constructor(branch: MemoryBranch) {
    this.#branch = branch
  }

  async tip(): Promise<Sha> {
    return this.#tip ?? (await this.refresh())
  }

  /** What was seen outlives the process. */
  async lastTip(): Promise<Sha> {
    return this.#tip ?? this.#branch.seen
  }

  async check(): Promise<void> {
    if (this.#trouble !== undefined) throw this.#trouble
  }

  async state() {
    return { url, branch: 'main', tip: this.#tip ?? null, halt: null }
  }

  async resume() {
    return refuse('conflict', 'Nothing is halted')
  }

  async refresh(): Promise<Sha> {
    this.#reach()
    return this.#sees(this.#branch.tip)
  }

  commit(
    tip: Sha,
    commits: readonly PlannedCommit[],
    intend: (refs: readonly Sha[]) => Promise<boolean>,
  ): Promise<CommitResult> {
    return commitOn({
      build: async () => this.#build(tip, commits),
      intend,
      push: async (newTip) => this.#push(tip, newTip),
    })
  }

  async preview(tip: Sha, commit: PlannedCommit): Promise<string> {
    const built = this.#build(tip, [commit])
    if (built.kind === 'blocked') throw new Fault('gitops_refused', built.reason)
    return this.changes(built.refs[0] ?? '')
  }

  async changes(ref: Sha): Promise<string> {
    if (!this.#branch.has(ref)) return ''
    const changes = this.#branch.changes(this.#branch.at(ref))
    return changes.map(({ path, id }) => `${id === null ? '-' : '+'} ${path}\n`).join('')
  }

  async landed(refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    return this.within(await this.refresh(), refs)
  }

  async within(commit: Sha, refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    if (!this.#branch.has(commit)) return new Set()
    const line = new Set(this.#branch.line(commit).map(({ ref }) => ref))
    return new Set(refs.filter((ref) => line.has(ref)))
  }

  #build(tip: Sha, commits: readonly PlannedCommit[]): Built | Blocked {
    let parent = this.#branch.at(tip)
    const refs: Sha[] = []
    for (const [at, { change, message, unix }] of commits.entries()) {
      const env = change.folder.split('/', 1)[0] ?? ''
      if (env !== '' && this.#branch.at(tip).tree.has(env))
        return { kind: 'blocked', at, reason: `writing below ${env}: that is a file` }
      const tree = this.#changed(parent.tree, change)
      parent = this.#branch.build(parent.ref, { tree, message, unix, isOurs: true })
      refs.push(parent.ref)
    }
    return { kind: 'built', refs }
  }

  #changed(before: Tree, change: PlannedCommit['change']): Tree {
    const { folder } = change
    // The folder of nothing is what a mark changes.
    if (folder === '') return before
    const tree = new Map([...before].filter(([path]) => !path.startsWith(`${folder}/`)))
    const files = change.kind === 'remove' ? [] : [...change.files]
    if (change.kind === 'restore') {
      const older = filesIn(this.#branch.at(change.from).tree, folder)
      if (older.size === 0) throw new Fault('gitops_broken', `reading ${folder} as it was`)
      files.unshift(...older)
    }
    for (const [name, text] of files) tree.set(`${folder}/${name}`, text)
    return tree
  }

  #push(tip: Sha, newTip: Sha): Pushed {
    const branch = this.#branch
    branch.beforePush?.()
    branch.beforePush = undefined
    this.#reach()
    if (branch.tip !== tip) {
      this.#sees(branch.tip)
      return { kind: 'moved' }
    }
    branch.tip = newTip
    if (branch.isToldNoMore) {
      branch.isToldNoMore = false
      branch.isAway = true
      this.#reach()
    }
    this.#sees(newTip)
    return { kind: 'landed' }
  }

  #sees(tip: Sha): Sha {
    this.#tip = tip
    this.#branch.seen = tip
    return tip
  }

  #reach(): void {
    this.#trouble = this.#branch.isAway
      ? new Fault('gitops_unreachable', 'reaching the memory')
      : undefined
    if (this.#trouble) throw this.#trouble
  }
}

/** Reads what a branch in memory says of its past. */
export function memoryHistory(branch: MemoryBranch): HistoryPort {
  const entries = (ref: Sha) => entriesOf(branch.at(ref).tree)
  const between = (from: Sha | null, to: Sha) => {
    const known = new Set(from === null ? [] : branch.line(from).map(({ ref }) => ref))
    return branch.line(to).filter(({ ref }) => !known.has(ref))
  }
  const ids = async (names: readonly string[]) => {
    const found = new Map<string, Sha>()
    for (const name of names) {
      const colon = name.indexOf(':')
      const id = entries(name.slice(0, colon)).get(name.slice(colon + 1))?.id
      if (id !== undefined) found.set(name, id)
    }
    return found
  }
  return {
    knownFrom: async () => null,
    distance: async ({ from, to }) => ({
      ahead: between(from, to).length,
      behind: from === null ? 0 : between(to, from).length,
    }),
    async *commits({ from, to }) {
      for (const commit of between(from, to)) {
        const { ref, isOurs, message, unix } = commit
        const by = isOurs
          ? { authorName: 'Gimlet', authorEmail: 'gimlet@localhost' }
          : { authorName: 'Someone', authorEmail: 'someone@example.com' }
        const changes = branch.changes(commit)
        yield {
          ...by,
          ref,
          unix,
          changes,
          subject: message.split('\n', 1)[0] ?? '',
        } satisfies LoggedCommit
      }
    },
    texts: async (wanted) =>
      new Map(
        wanted.flatMap((id) => {
          const text = branch.text(id)
          return text === undefined ? [] : [[id, text] as const]
        }),
      ),
    ids,
    async folders(tip) {
      const folders = new Map()
      for (const [path, { id, isFolder }] of [...entries(tip)].sort(([a], [b]) => (a < b ? -1 : 1)))
        noteFolder(folders, { path, type: isFolder ? 'tree' : 'blob', sha: id })
      return folders
    },
    foldersOf: (tip, paths) => foldersBy(ids, { tip, paths }),
  }
}

/** The ways into such a branch, for a server that starts. */
export function memoryAccess(branch: MemoryBranch): GitopsAccess {
  const nothingProposed = () => Promise.reject(new Error('nothing is proposed here'))
  return {
    config: {
      ...{ name: '', url: null, branch: 'main', token: undefined, sshKeyFile: undefined },
      ...{ environments: everyEnvironment, root: null },
    },
    url,
    writer: () => new MemoryWriter(branch),
    history: memoryHistory(branch),
    async files(commit, folder, fits = /(?:)/) {
      const files = [...filesIn(branch.at(commit).tree, folder)]
      return new Map(files.filter(([name]) => fits.test(name)))
    },
    sources: () => () => Promise.reject(new Error('no sources lie on this branch')),
    proposed: () => nothingProposed,
    memory: undefined,
  }
}
