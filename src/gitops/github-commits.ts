import type { Sha } from '../domain/names.ts'
import { BoundedCache } from './bounded-cache.ts'
import { faultOf, type GithubBranch, type GithubCall, odd, part, shaOf } from './github-git.ts'
import {
  asking,
  type Compared,
  commitsIn,
  comparedIn,
  type GithubAsk,
  type ReadCommit,
} from './github-told.ts'

/** GitHub's largest page of commits. */
const pageMax = 100
/** So many commits of lists are remembered. */
const commitsMax = 2_000

/** Lists of commits of a repository on GitHub, and how they lie to each other. */
export class GithubCommits {
  readonly #call: GithubCall
  readonly #ask: GithubAsk
  readonly #at: { readonly owner: string; readonly repo: string }
  readonly #branch: string
  readonly #newest = new BoundedCache<readonly ReadCommit[]>(commitsMax)
  readonly #compared = new BoundedCache<Compared>(commitsMax)

  constructor(call: GithubCall, { owner, repo, branch }: GithubBranch) {
    this.#call = call
    this.#at = { owner, repo }
    this.#ask = asking(call, this.#at)
    this.#branch = branch
  }

  /** The newest commits up to one, newest first, at most so many. */
  async newest(tip: Sha, countMax: number): Promise<readonly ReadCommit[]> {
    const key = `${tip} ${countMax}`
    const known = this.#newest.get(key)
    if (known) return known
    const doing = `reading the newest commits of the GitOps repository up to ${tip}`
    const route = 'GET /repos/{owner}/{repo}/commits'
    const found: ReadCommit[] = []
    for (let page = 1; found.length < countMax; page++) {
      const given = { sha: tip, per_page: pageMax, page }
      const some = commitsIn(await this.#ask(doing, route, given), doing)
      found.push(...some)
      if (some.length < pageMax) break
    }
    const newest = found.slice(0, countMax)
    return this.#newest.put(key, newest, newest.length)
  }

  /** How two commits lie to each other; nothing when they have nothing in common, or one is not there. */
  async compare(base: Sha, head: Sha): Promise<Compared | undefined> {
    const known = this.#compared.get(`${base} ${head}`)
    if (known) return known
    const found = await this.#comparePage({ base, head, page: 1 })
    if (found === undefined) return undefined
    return this.#compared.put(`${base} ${head}`, found, found.commits.length + 1)
  }

  /** The newest commit that the branch and this one have in common; nothing when there is none. */
  async mergeBaseWith(head: Sha): Promise<Sha | undefined> {
    // The files of a comparison are on its first page only, and nobody reads them here.
    return (await this.#comparePage({ base: this.#branch, head, page: 2 }))?.mergeBase
  }

  /** The commits that `head` has and `base` has not, in any order. */
  async between(base: Sha, head: Sha): Promise<readonly ReadCommit[]> {
    const first = await this.compare(base, head)
    if (first === undefined) throw odd(comparing(base, head))
    const commits = [...first.commits]
    for (let page = 2; commits.length < first.ahead; page++) {
      const next = await this.#comparePage({ base, head, page })
      if (!next || next.commits.length === 0) throw odd(comparing(base, head))
      commits.push(...next.commits)
    }
    return commits
  }

  /** The head of a pull request. */
  async pullHead(pull_number: number): Promise<Sha> {
    const doing = `reading pull request ${pull_number} of the GitOps repository`
    const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}'
    return shaOf(part(await this.#ask(doing, route, { pull_number }), 'head'), doing)
  }

  async #comparePage(asked: {
    readonly base: string
    readonly head: Sha
    readonly page: number
  }): Promise<Compared | undefined> {
    const { base, head, page } = asked
    const route = 'GET /repos/{owner}/{repo}/compare/{basehead}'
    const parameters = { basehead: `${base}...${head}`, per_page: pageMax, page }
    const answer = await this.#call(route, { ...this.#at, ...parameters })
    if (answer.kind === 'refused' && answer.status === 404) {
      // Or nobody lets us look any more, which is another matter.
      await this.#ask(comparing(base, head), 'GET /repos/{owner}/{repo}', {})
      return undefined
    }
    if (answer.kind !== 'ok') throw faultOf(answer, comparing(base, head))
    return comparedIn(answer.data, comparing(base, head))
  }
}

const comparing = (base: string, head: string) =>
  `comparing ${base} with ${head} in the GitOps repository`
