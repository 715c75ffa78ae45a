import type { PlannedCommit } from '../domain/change.ts'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import { personOf } from './author.ts'

/** What came of a call of GitHub's API. */
export type GithubAnswer = { readonly kind: 'ok'; readonly data: unknown } | GithubTrouble
export type GithubTrouble =
  | { readonly kind: 'limited'; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  | { readonly kind: 'unreachable'; readonly problem: string }

/** The way to GitHub: a route such as `GET /repos/{owner}/{repo}/git/ref/{ref}`. Never throws. */
export type GithubCall = (
  route: string,
  parameters: Readonly<Record<string, unknown>>,
) => Promise<GithubAnswer>

export type GithubBranch = {
  readonly owner: string
  readonly repo: string
  readonly branch: string
}
/** Who commits are by. `null` leaves it to GitHub, which then signs what its apps commit. */
export type Author = string | null

export type TreeEntry = {
  readonly path: string
  readonly mode: string
  readonly type: string
  readonly sha: Sha
}
/** A file whose blob GitHub writes. */
export type TextEntry = Omit<TreeEntry, 'sha'> & { readonly content: string }
export type Tree = { readonly sha: Sha; readonly entries: ReadonlyMap<string, TreeEntry> }

/** The tree of nothing: every repository has it, and GitHub makes none without entries. */
export const emptyTree: Sha = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** So many commits are asked for at once: GitHub's largest page. */
const commitsMax = 100

/** GitHub's Git Data API on one branch. Throws faults that say what was being done. */
export class GithubGit {
  readonly #call: GithubCall
  readonly #at: { readonly owner: string; readonly repo: string }
  readonly #branch: string
  readonly #author: Author

  constructor(
    call: GithubCall,
    { owner, repo, branch, author }: GithubBranch & { readonly author: Author },
  ) {
    this.#call = call
    this.#at = { owner, repo }
    this.#branch = branch
    this.#author = author
  }

  /** Where the branch is now. */
  async tip(): Promise<Sha> {
    const ref = `heads/${this.#branch}`
    const doing = 'asking GitHub for the tip of the GitOps branch'
    const data = await this.#ask(doing, 'GET /repos/{owner}/{repo}/git/ref/{ref}', { ref })
    return shaOf(part(data, 'object'), doing)
  }

  /** Moves the branch forward from wherever it is; what came of it, when it is not known to be there, is for the caller to find out. */
  async moveTo(sha: Sha): Promise<GithubAnswer> {
    const route = 'PATCH /repos/{owner}/{repo}/git/refs/{ref}'
    const ref = `heads/${this.#branch}`
    const answer = await this.#call(route, { ...this.#at, ref, sha, force: false })
    const isOdd = answer.kind === 'ok' && part(part(answer.data, 'object'), 'sha') !== sha
    return isOdd ? { kind: 'unreachable', problem: notOne } : answer
  }

  /** The id of a commit's tree. */
  async rootIdOf(commit_sha: Sha): Promise<Sha> {
    const route = 'GET /repos/{owner}/{repo}/git/commits/{commit_sha}'
    const doing = `reading commit ${commit_sha} of the GitOps repository`
    return shaOf(part(await this.#ask(doing, route, { commit_sha }), 'tree'), doing)
  }

  /** What lies in a tree, without what lies deeper. */
  async tree(tree_sha: Sha): Promise<Tree> {
    if (tree_sha === emptyTree) return { sha: emptyTree, entries: new Map() }
    const route = 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}'
    const doing = `reading tree ${tree_sha} of the GitOps repository`
    return treeIn(await this.#ask(doing, route, { tree_sha }), doing)
  }

  /** Makes a tree of these entries, laid over those of `base`. */
  async makeTree(entries: readonly (TreeEntry | TextEntry)[], base?: Sha): Promise<Tree> {
    const doing = 'making a tree in the GitOps repository'
    const given = base === undefined || base === emptyTree ? {} : { base_tree: base }
    const route = 'POST /repos/{owner}/{repo}/git/trees'
    return treeIn(await this.#ask(doing, route, { ...given, tree: entries }), doing)
  }

  /**
   * Makes a commit. By an author it is the same one for the same parent, tree, text and time; GitHub's
   * own take the time and are never the same.
   */
  async makeCommit(
    { message, unix }: PlannedCommit,
    { tree, parent }: { readonly tree: Sha; readonly parent: Sha },
  ): Promise<Sha> {
    const made = { message: wellFormed(message), tree, parents: [parent] }
    const doing = 'making a commit in the GitOps repository'
    const route = 'POST /repos/{owner}/{repo}/git/commits'
    return shaOf(await this.#ask(doing, route, { ...made, ...this.#by(unix) }), doing)
  }

  #by(unix: number): object {
    if (this.#author === null) return {}
    const date = new Date(unix * 1000).toISOString().replace('.000Z', 'Z')
    const who = { ...personOf(this.#author), date }
    return { author: who, committer: who }
  }

  /** The tree of a folder as a commit has it; nothing when it has no such folder. */
  async folderId(commit: Sha, path: string): Promise<Sha | undefined> {
    const route = 'GET /repos/{owner}/{repo}/contents/{path}'
    const headers = { accept: 'application/vnd.github.object+json' }
    const doing = `reading ${path} as it was at ${commit}`
    const answer = await this.#call(route, { ...this.#at, path, ref: commit, headers })
    if (answer.kind === 'ok')
      return part(answer.data, 'type') === 'dir' ? shaOf(answer.data, doing) : undefined
    if (answer.kind !== 'refused' || answer.status !== 404) throw faultOf(answer, doing)
    // It is not there, unless nobody lets us look any more.
    await this.rootIdOf(commit)
    return undefined
  }

  /** True when `ref` is `tip` or one of its ancestors. */
  async holds(tip: Sha, ref: Sha): Promise<boolean> {
    if (tip === ref) return true
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}'
    // The files are on the first page only, and nobody reads them here.
    const parameters = { basehead: `${ref}...${tip}`, per_page: 1, page: 2 }
    const answer = await this.#call(route, { ...this.#at, ...parameters })
    if (answer.kind === 'ok') return part(answer.data, 'behind_by') === 0
    if (answer.kind === 'refused' && answer.status === 404) {
      // The other one is not there, or they have nothing in common; unless nobody lets us look any more.
      await this.rootIdOf(tip)
      return false
    }
    throw faultOf(answer, `comparing ${ref} with ${tip} in the GitOps repository`)
  }

  /** Which of these commits are `tip` or its ancestors. */
  async heldBy(tip: Sha, refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    const recent = refs.length > 1 ? await this.#recent(tip) : new Set<Sha>()
    const held = new Set<Sha>()
    for (const ref of refs) if (recent.has(ref) || (await this.holds(tip, ref))) held.add(ref)
    return held
  }

  /** What a commit changed, as git shows it; nothing when GitHub does not show it. */
  async diff(ref: Sha): Promise<string | undefined> {
    const headers = { accept: 'application/vnd.github.diff' }
    const route = 'GET /repos/{owner}/{repo}/commits/{ref}'
    const answer = await this.#call(route, { ...this.#at, ref, headers })
    if (answer.kind === 'ok') return typeof answer.data === 'string' ? answer.data : ''
    const isNotShown = answer.kind === 'refused' && [404, 406, 422].includes(answer.status)
    if (isNotShown) return undefined
    throw faultOf(answer, `reading what ${ref} changed in the GitOps repository`)
  }

  async #recent(tip: Sha): Promise<ReadonlySet<Sha>> {
    const doing = 'reading the newest commits of the GitOps repository'
    const route = 'GET /repos/{owner}/{repo}/commits'
    const data = await this.#ask(doing, route, { sha: tip, per_page: commitsMax })
    return new Set((Array.isArray(data) ? data : []).map((one) => shaOf(one, doing)))
  }

  async #ask(doing: string, route: string, parameters: object): Promise<unknown> {
    const answer = await this.#call(route, { ...this.#at, ...parameters })
    if (answer.kind === 'ok') return answer.data
    throw faultOf(answer, doing)
  }
}

/** A file of this text. */
export const textEntry = (path: string, text: string): TextEntry => ({
  path,
  mode: '100644',
  type: 'blob',
  content: wellFormed(text),
})

/** What an answer that is none means: who we are, what was asked, or whether GitHub answers. */
export function faultOf(answer: GithubTrouble, doing: string): Fault {
  switch (answer.kind) {
    case 'limited': {
      const { afterMs } = answer
      const words = `GitHub has had too many calls and asks to wait ${Math.ceil(afterMs / 1000)} s`
      return new Fault('gitops_unreachable', `${doing}: ${words}`, { afterMs })
    }
    case 'unreachable':
      return new Fault('gitops_unreachable', `${doing}: ${answer.problem}`)
    case 'refused': {
      const { status, message } = answer
      const isForbidden = [401, 403, 404].includes(status)
      const code = isForbidden ? 'gitops_forbidden' : 'gitops_broken'
      return new Fault(code, `${doing}: GitHub answers ${status}, ${message}`)
    }
  }
}

/** Half a character, which git cannot keep, becomes the one that stands for what is not readable. */
const wellFormed = (text: string): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text))

/** A part of what GitHub answered, if it is there. */
export const part = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

/** A text that GitHub tells; nothing where it tells something else, which may be no text at all. */
export function textIn(value: unknown, name: string): string {
  const found = part(value, name)
  return typeof found === 'string' ? found : ''
}

const isSha = (value: unknown): value is Sha =>
  typeof value === 'string' && /^[0-9a-f]{40}$/.test(value)

const notOne = 'the answer is not one of GitHub’s'
/** What is answered is not what GitHub answers. */
export const odd = (doing: string) => new Fault('gitops_unreachable', `${doing}: ${notOne}`)

export function shaOf(value: unknown, doing: string): Sha {
  const sha = part(value, 'sha')
  if (isSha(sha)) return sha
  throw odd(doing)
}

export function treeIn(value: unknown, doing: string): Tree {
  const listed = part(value, 'tree')
  // Of a list that was cut short nobody knows what is missing.
  if (!Array.isArray(listed) || part(value, 'truncated') === true) throw odd(doing)
  const entries = listed.map((one): TreeEntry => {
    const [path, mode, type] = [textIn(one, 'path'), textIn(one, 'mode'), textIn(one, 'type')]
    return { path, mode, type, sha: shaOf(one, doing) }
  })
  return { sha: shaOf(value, doing), entries: new Map(entries.map((one) => [one.path, one])) }
}
