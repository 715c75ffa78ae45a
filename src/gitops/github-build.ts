import type { Files, FolderChange, PlannedCommit } from '../domain/change.ts'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Blocked, Built } from './commit-on.ts'
import { emptyTree, type GithubGit, type Tree, textEntry } from './github-git.ts'

/**
 * Builds commits on GitHub, where they hang on nothing until the branch moves. A folder's tree is made
 * from nothing, so that no stale file stays, and takes its place in the root's by its path and id: what
 * lies beside it is neither read nor sent.
 */
export class GithubBuild {
  readonly #git: GithubGit
  /** The commit that was built last, with its tree: most often the next one is built on it. */
  #last: { readonly commit: Sha; readonly root: Tree } | undefined
  /** True once GitHub was seen to put one folder in the place of another. */
  #isProven = false

  constructor(git: GithubGit) {
    this.#git = git
  }

  /** The most calls that building so many commits makes content in. */
  callsFor(commits: number): number {
    return commits * callsOfCommit + (this.#isProven ? 0 : callsOfProof)
  }

  /** Builds the commits on `tip`, one on the other. */
  async on(tip: Sha, commits: readonly PlannedCommit[]): Promise<Built | Blocked> {
    if (commits.length === 0) return { kind: 'built', refs: [] }
    let root = this.#last?.commit === tip ? this.#last.root : await this.#rootOf(tip)
    const blocked = blockedIn(root, commits)
    if (blocked) return blocked
    const refs: Sha[] = []
    let parent = tip
    for (const commit of commits) {
      root = await this.#changed(root, commit.change)
      parent = await this.#git.makeCommit(commit, { tree: root.sha, parent })
      refs.push(parent)
    }
    this.#last = { commit: parent, root }
    return { kind: 'built', refs }
  }

  async #rootOf(commit: Sha): Promise<Tree> {
    return this.#git.tree(await this.#git.rootIdOf(commit))
  }

  async #changed(root: Tree, change: FolderChange): Promise<Tree> {
    const [env, app] = partsOf(change.folder)
    const made = await this.#folder(change)
    if (env === null)
      return made === undefined
        ? this.#without(root, app)
        : this.#with({ name: app, tree: made, base: root.sha })
    const old = root.entries.get(env)?.sha
    if (made !== undefined) return this.#placed(root, { env, app, made })
    if (old === undefined) return root
    const inside = await this.#without(await this.#git.tree(old), app)
    return inside.entries.size === 0
      ? this.#without(root, env)
      : this.#with({ name: env, tree: inside.sha, base: root.sha })
  }

  /** The tree of an app's folder after the change; nothing when no file is left. */
  async #folder(change: FolderChange): Promise<Sha | undefined> {
    switch (change.kind) {
      case 'remove':
        return undefined
      case 'replace':
        return change.files.size === 0 ? undefined : this.#text(change.files)
      case 'restore': {
        const old = await this.#folderAt(change.from, change.folder)
        return change.files.size === 0 ? old : this.#text(change.files, old)
      }
    }
  }

  async #text(files: Files, base?: Sha): Promise<Sha> {
    const entries = [...files].map(([name, text]) => textEntry(name, text))
    return (await this.#git.makeTree(entries, base)).sha
  }

  async #folderAt(commit: Sha, folder: string): Promise<Sha> {
    const found = await this.#git.folderId(commit, folder)
    if (found !== undefined) return found
    throw new Fault('gitops_broken', `reading ${folder} as it was at ${commit}`)
  }

  /** The root with an app's folder in its place. GitHub answers with the root alone, however much lies below. */
  async #placed(root: Tree, { env, app, made }: Placed): Promise<Tree> {
    await this.#prove()
    const tree = await this.#git.makeTree([folderEntry(`${env}/${app}`, made)], root.sha)
    const beside = [...root.entries.values()].filter(({ path }) => path !== env)
    const isKept = beside.every(({ path, sha }) => tree.entries.get(path)?.sha === sha)
    if (isKept && tree.entries.get(env)?.type === 'tree') return tree
    throw new Fault('gitops_broken', `putting ${app} in its place: GitHub made another tree of it`)
  }

  /**
   * What GitHub makes of a path cannot be seen in its answer, and a folder that was merged instead of
   * replaced would keep stale files. So a folder that is put over another one comes first, once, and its
   * tree has to be the one that it would be in git.
   */
  async #prove(): Promise<void> {
    if (this.#isProven) return
    const before = await this.#git.makeTree([textEntry('a/b/old', '')])
    const folder = await this.#git.makeTree([textEntry('new', '')])
    const after = await this.#git.makeTree([folderEntry('a/b', folder.sha)], before.sha)
    if (after.sha !== provenTree) throw new Fault('gitops_broken', unproven)
    this.#isProven = true
  }

  /** GitHub says what it made of it, and that is compared: a folder that was merged would keep stale files. */
  async #with(given: { name: string; tree: Sha; base: Sha | undefined }): Promise<Tree> {
    const { name, tree, base } = given
    const made = await this.#git.makeTree([folderEntry(name, tree)], base)
    if (made.entries.get(name)?.sha === tree) return made
    throw new Fault('gitops_broken', `putting ${name} in its place: GitHub made another tree of it`)
  }

  /** All that stays is named: GitHub takes files away by name, but not folders. */
  async #without(tree: Tree, name: string): Promise<Tree> {
    if (!tree.entries.has(name)) return tree
    const left = [...tree.entries.values()].filter(({ path }) => path !== name)
    return left.length === 0
      ? { sha: emptyTree, entries: new Map() }
      : this.#git.makeTree(left.map(({ path, mode, type, sha }) => ({ path, mode, type, sha })))
  }
}

type Placed = { readonly env: string; readonly app: string; readonly made: Sha }

/** The tree of a file `a/b/new` of nothing. */
const provenTree: Sha = '67d77affb3debde0f0063e05a9c43693680a334b'
const unproven =
  'putting a folder in the place of another: GitHub makes another tree of it than git, so nothing is written; set GITOPS_WRITER to git'

/** A folder, its root, a commit; a removal names what stays of the environment and the root. */
const callsOfCommit = 3
const callsOfProof = 3

function blockedIn({ entries }: Tree, commits: readonly PlannedCommit[]): Blocked | undefined {
  const parents = commits.map(({ change }) => partsOf(change.folder)[0])
  const isBlocked = (name: string | null) =>
    name !== null && (entries.get(name)?.type ?? 'tree') !== 'tree'
  const at = parents.findIndex(isBlocked)
  if (at === -1) return undefined
  const reason = `writing below ${parents[at]}: on the GitOps branch that is a file or a link; move it away`
  return { kind: 'blocked', at, reason }
}

const folderEntry = (path: string, sha: Sha) => ({ path, mode: '040000', type: 'tree', sha })

/** The environment's folder, if there is one, and the app's in it. */
function partsOf(folder: string): readonly [env: string | null, app: string] {
  const end = folder.indexOf('/')
  return end === -1 ? [null, folder] : [folder.slice(0, end), folder.slice(end + 1)]
}
