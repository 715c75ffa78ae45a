import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import { blobIdOf, textIdOf } from './blob-id.ts'
import { BoundedCache } from './bounded-cache.ts'
import { GithubCommits } from './github-commits.ts'
import {
  type GithubBranch,
  type GithubCall,
  odd,
  part,
  type Tree,
  textIn,
  treeIn,
} from './github-git.ts'
import { GithubObjects } from './github-objects.ts'
import {
  asking,
  bytesIn,
  type DeepEntry,
  type GithubAsk,
  type Listing,
  listingIn,
  toldTree,
} from './github-told.ts'

/** So many entries of trees, and of lists of all that lies below one, are remembered: some 250 bytes each. */
const entriesMax = 50_000
/** So many characters of files are remembered. */
const charactersMax = 8_000_000
/** So many names of objects are remembered. */
const namesMax = 20_000
/** Fewer trees than that are asked for one by one, which costs no more. */
const aloneMax = 2
/** The trees of the root and of environments may be large. */
const largeDepths = 2

/**
 * Reads a repository on GitHub without a clone. What an id names never changes, so what was read is
 * remembered, up to a bound. Throws faults that say what was being done.
 */
export class GithubReader {
  readonly #ask: GithubAsk
  readonly #objects: GithubObjects
  readonly commits: GithubCommits
  readonly #trees = new BoundedCache<Tree>(entriesMax)
  readonly #listings = new BoundedCache<Listing>(entriesMax)
  readonly #texts = new BoundedCache<string>(charactersMax)
  readonly #names = new BoundedCache<Sha>(namesMax)

  constructor(call: GithubCall, at: GithubBranch) {
    const { owner, repo } = at
    this.#ask = asking(call, { owner, repo })
    this.#objects = new GithubObjects(call, { owner, repo })
    this.commits = new GithubCommits(call, at)
  }

  /** The ids of commits' trees, by the commits. */
  async roots(commits: readonly Sha[]): Promise<ReadonlyMap<Sha, Sha>> {
    const doing = 'reading commits of the GitOps repository'
    const fields = '...on Commit{tree{oid}}'
    return this.#remembered({ doing, by: 'oid', names: commits, fields }, (told) =>
      part(part(told, 'tree'), 'oid'),
    )
  }

  /** The id of a commit's tree. Throws when GitHub does not know the commit, or not yet. */
  async rootOf(commit: Sha): Promise<Sha> {
    const root = (await this.roots([commit])).get(commit)
    if (root !== undefined) return root
    const doing = `reading commit ${commit} of the GitOps repository`
    throw new Fault('gitops_unreachable', `${doing}: GitHub does not know it`)
  }

  /** The tree of a folder as a commit has it; nothing when it has no such folder. */
  async folderId(commit: Sha, folder: string): Promise<Sha | undefined> {
    const name = `${commit}:${folder}`
    const id = (await this.ids([name])).get(name)
    if (id === undefined) await this.rootOf(commit)
    return id
  }

  /** The ids of what is there by names such as `<commit>:<folder>`. */
  async ids(names: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
    const doing = 'reading folders of the GitOps repository'
    const isRead = (told: unknown) => ['Tree', 'Blob'].includes(textIn(told, '__typename'))
    return this.#remembered({ doing, by: 'expression', names, fields: 'oid' }, (told) =>
      isRead(told) ? part(told, 'oid') : undefined,
    )
  }

  /** What lies in a tree, without what lies deeper. */
  async tree(sha: Sha): Promise<Tree> {
    const known = this.#trees.get(sha)
    if (known) return known
    const { doing, route } = treeAsked(sha)
    const tree = treeIn(await this.#ask(doing, route, { tree_sha: sha }), doing)
    return this.#trees.put(sha, tree, tree.entries.size + 1)
  }

  /** The same of many trees, which are small ones. */
  async trees(shas: readonly Sha[]): Promise<ReadonlyMap<Sha, Tree>> {
    const trees = new Map<Sha, Tree>()
    const missing: Sha[] = []
    for (const sha of new Set(shas)) {
      const known = this.#trees.get(sha)
      if (known) trees.set(sha, known)
      else missing.push(sha)
    }
    if (missing.length <= aloneMax) return new Map([...trees, ...(await this.largeTrees(missing))])
    const doing = 'reading trees of the GitOps repository'
    const fields = '...on Tree{entries{name mode type oid}}'
    const told = await this.#objects.told({ doing, by: 'oid', names: missing, fields })
    for (const sha of missing) {
      const tree = toldTree(sha, told.get(sha), doing)
      trees.set(sha, this.#trees.put(sha, tree, tree.entries.size + 1))
    }
    return trees
  }

  /** The same of trees that may be large: a call for each. */
  async largeTrees(shas: readonly Sha[]): Promise<ReadonlyMap<Sha, Tree>> {
    const trees = new Map<Sha, Tree>()
    for (const sha of shas) trees.set(sha, await this.tree(sha))
    return trees
  }

  /** All that lies below a tree, as far as GitHub tells it in one answer. */
  async listing(sha: Sha): Promise<Listing> {
    const known = this.#listings.get(sha)
    if (known) return known
    const { doing, route } = treeAsked(sha)
    const answer = await this.#ask(doing, route, { tree_sha: sha, recursive: '1' })
    const listing = listingIn(answer, doing)
    return this.#listings.put(sha, listing, listing.entries.length + 1)
  }

  /** All that lies below a tree, so many folders deep; what GitHub cuts short is read level by level. */
  async below(sha: Sha, depthMax = Number.POSITIVE_INFINITY): Promise<readonly DeepEntry[]> {
    const { entries, isWhole } = await this.listing(sha)
    if (isWhole) return entries
    const found: DeepEntry[] = []
    let level = [{ path: '', sha }]
    for (let depth = 0; depth < depthMax && level.length > 0; depth++) {
      const ids = level.map((one) => one.sha)
      const trees = await (depth < largeDepths ? this.largeTrees(ids) : this.trees(ids))
      const lies = level.flatMap(({ path, sha }) =>
        [...(trees.get(sha)?.entries.values() ?? [])].map((one) => ({
          ...{ ...one, bytes: 0 },
          path: path + one.path,
        })),
      )
      for (const one of lies) found.push(one)
      const folders = lies.filter(({ type }) => type === 'tree')
      level = folders.map(({ path, sha }) => ({ path: `${path}/`, sha }))
    }
    return found
  }

  /** The texts of files, by their ids; what is not there, is no file or is larger than that is left out. */
  async texts(
    shas: readonly Sha[],
    bytesMax = Number.POSITIVE_INFINITY,
  ): Promise<ReadonlyMap<Sha, string>> {
    const texts = new Map<Sha, string>()
    const missing: Sha[] = []
    for (const sha of new Set(shas)) {
      const known = this.#texts.get(sha)
      if (known === undefined) missing.push(sha)
      else texts.set(sha, known)
    }
    const doing = 'reading files of the GitOps repository'
    const fields = '...on Blob{byteSize text}'
    const told = await this.#objects.told({ doing, by: 'oid', names: missing, fields })
    for (const [sha, blob] of told) {
      const bytes = part(blob, 'byteSize')
      if (typeof bytes === 'number' && bytes <= bytesMax)
        texts.set(sha, await this.#textOf(sha, part(blob, 'text')))
    }
    return texts
  }

  /** GraphQL cuts long texts short and knows only UTF-8: what its id does not prove is fetched as bytes. */
  async #textOf(sha: Sha, told: unknown): Promise<string> {
    const isWhole = typeof told === 'string' && (await textIdOf(told)) === sha
    const text = isWhole ? told : await this.#bytesOf(sha)
    return this.#texts.put(sha, text, text.length + 1)
  }

  async #bytesOf(file_sha: Sha): Promise<string> {
    const doing = `reading file ${file_sha} of the GitOps repository`
    const route = 'GET /repos/{owner}/{repo}/git/blobs/{file_sha}'
    const bytes = bytesIn(await this.#ask(doing, route, { file_sha }), doing)
    if ((await blobIdOf(bytes)) !== file_sha) throw odd(doing)
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  }

  /** Ids by name, the unknown ones asked for at once. What is not there may be there later: it is not remembered. */
  async #remembered(
    { names, ...asked }: Parameters<GithubObjects['told']>[0],
    idIn: (told: unknown) => unknown,
  ): Promise<ReadonlyMap<string, Sha>> {
    const ids = new Map<string, Sha>()
    const missing: string[] = []
    for (const name of new Set(names)) {
      const known = this.#names.get(name)
      if (known) ids.set(name, known)
      else missing.push(name)
    }
    for (const [name, told] of await this.#objects.told({ ...asked, names: missing })) {
      const id = idIn(told)
      if (typeof id === 'string') ids.set(name, this.#names.put(name, id, 1))
    }
    return ids
  }
}

const treeAsked = (sha: Sha) => ({
  doing: `reading tree ${sha} of the GitOps repository`,
  route: 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
})
