import type { Files, FolderChange, PlannedCommit } from '../domain/change.ts'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Blocked, Built } from './commit-on.ts'
import { emptyTree, type GithubGit, type Tree, textEntry } from './github-git.ts'

/**
 * Builds commits on GitHub, where they hang on nothing until the branch moves. A folder's tree is made
 * from nothing, so that no stale file stays, and takes its place in its environment's and in the root's
 * by its id: what lies beside it is neither read nor sent.
 */
export class GithubBuild {
  readonly #git: GithubGit
  /** The commit that was built last, with its tree: most often the next one is built on it. */
  #last: { readonly commit: Sha; readonly root: Tree } | undefined

  constructor(git: GithubGit) {
    this.#git = git
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
    if (made !== undefined) {
      const inside = await this.#with({ name: app, tree: made, base: old })
      return this.#with({ name: env, tree: inside.sha, base: root.sha })
    }
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
    const [env, app] = partsOf(folder)
    let tree: Tree | undefined = await this.#rootOf(commit)
    if (env !== null) {
      const outside = tree.entries.get(env)
      tree = outside?.type === 'tree' ? await this.#git.tree(outside.sha) : undefined
    }
    const found = tree?.entries.get(app)
    if (found?.type === 'tree') return found.sha
    throw new Fault('gitops_broken', `reading ${folder} as it was at ${commit}`)
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
