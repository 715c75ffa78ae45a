import type { CommitResult, PlannedCommit } from '../domain/change.ts'
import { Fault, type Refusal, refuse } from '../domain/fault.ts'
import type { GitopsState } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'
import { commitOn, type Pushed } from './commit-on.ts'
import { GithubBuild } from './github-build.ts'
import {
  type Author,
  faultOf,
  type GithubAnswer,
  type GithubBranch,
  GithubGit,
} from './github-git.ts'
import type { PacedGithub } from './github-pace.ts'
import { GithubSwap } from './github-swap.ts'
import { Halted } from './halted.ts'
import { insideOf, type Root, rootOf } from './root.ts'
import { turns } from './turns.ts'
import type { GitopsWriter, SeenBranch } from './writer.ts'

type Ports = {
  readonly github: PacedGithub
  readonly memory: SeenBranch
  readonly log: { warn(fields: object, text: string): void }
}

type Ended = Exclude<Pushed, { kind: 'refused' }>

type Place = GithubBranch & {
  readonly url: string
  /** The environment whose apps are folders at the top, if the repository is of one. */
  readonly root?: string | null
  readonly author: Author
}

/**
 * Writes a GitOps repository on GitHub by its Git Data API: no clone, no program, nothing of Node.
 * It is the only writer that this process has for the branch.
 *
 * The branch moves from the expected tip or not at all. A host that does not know such a move is asked
 * where the branch is right before, and moves it forward only: our commits stand on the expected tip, so
 * what lands in between makes it no step forward. One window remains there, for as long as a call
 * takes: a branch that is rewound to an ancestor of the expected tip is moved forward again.
 */
export class GithubWriter implements GitopsWriter {
  readonly #github: PacedGithub
  readonly #git: GithubGit
  readonly #build: GithubBuild
  readonly #swap: GithubSwap
  readonly #memory: SeenBranch
  readonly #log: Ports['log']
  readonly #branch: string
  readonly #root: Root
  readonly url: string
  /** What one minute of GitHub's limits has room for. */
  readonly batchMax = 20
  #tip: Sha | undefined
  #trouble: unknown
  #lookedMs = Number.NEGATIVE_INFINITY
  #isTold = false
  /** A commit moves the tip that the next one stands on, so one runs at a time. */
  readonly #alone = turns()

  constructor({ github, memory, log }: Ports, { url, root = null, author, ...at }: Place) {
    this.#github = github
    this.#git = new GithubGit(github.call, { ...at, author })
    this.#build = new GithubBuild(this.#git)
    this.#swap = new GithubSwap(github.call, at)
    this.#memory = memory
    this.#log = log
    this.#branch = at.branch
    this.#root = rootOf(root)
    this.url = url
  }

  async tip(): Promise<Sha> {
    return this.#tip ?? (await this.refresh())
  }

  async lastTip(): Promise<Sha> {
    return this.#tip ?? this.#memory.tip ?? (await this.refresh())
  }

  async check(): Promise<void> {
    if (this.#trouble !== undefined) {
      // It may be over, and without events to carry out nobody else looks.
      if (performance.now() > this.#lookedMs + lookMs) this.refresh().catch(() => undefined)
      throw this.#trouble
    }
    await this.tip()
  }

  state(): Promise<GitopsState> {
    const { tip, halt } = this.#memory
    return Promise.resolve({
      ...{ url: this.url, branch: this.#branch, halt },
      tip: this.#tip ?? tip ?? null,
    })
  }

  resume({ tip, by }: { tip: Sha; by: string }): Promise<Sha | Refusal> {
    return this.#alone(async () => {
      const found = await this.#git.tip()
      if (found !== tip)
        return refuse('conflict', `The branch is at ${found} by now; look again with gimlet doctor`)
      this.#memory.sees(tip, by)
      this.#trouble = undefined
      this.#tip = tip
      return tip
    })
  }

  refresh(): Promise<Sha> {
    return this.#alone(() => this.#look())
  }

  commit(
    tip: Sha,
    commits: readonly PlannedCommit[],
    intend: (refs: readonly Sha[]) => Promise<boolean>,
  ): Promise<CommitResult> {
    const inside = commits.map((one) => insideOf(this.#root, one))
    const build = () => this.#build.on(tip, inside)
    const push = (newTip: Sha) => this.#move(tip, newTip)
    const calls = () => this.#build.callsFor(commits.length) + callsOfMove
    return this.#alone(() => this.#github.making(calls(), () => commitOn({ build, intend, push })))
  }

  preview(tip: Sha, commit: PlannedCommit): Promise<string> {
    const build = () => this.#build.on(tip, [insideOf(this.#root, commit)])
    return this.#alone(async () => {
      const built = await this.#github.making(this.#build.callsFor(1), build)
      if (built.kind === 'blocked') throw new Fault('gitops_refused', built.reason)
      const diff = await this.#git.diff(String(built.refs[0]))
      return diff === undefined ? 'GitHub shows no difference of this size\n' : ofPeople(diff)
    })
  }

  async changes(ref: Sha): Promise<string> {
    return ofPeople((await this.#git.diff(ref)) ?? '')
  }

  landed(refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    return this.#alone(async () => this.#git.heldBy(await this.#look(), refs))
  }

  within(commit: Sha, refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    return this.#alone(async () => {
      if (!(await this.#git.holds(this.#tip ?? (await this.#look()), commit)))
        if (!(await this.#git.holds(await this.#look(), commit))) return new Set()
      return this.#git.heldBy(commit, refs)
    })
  }

  /** Asks where the branch is. Throws when it no longer holds what was seen of it. */
  async #look(): Promise<Sha> {
    this.#lookedMs = performance.now()
    try {
      const foundTip = await this.#git.tip()
      const seenTip = this.#memory.tip
      if (seenTip !== undefined && !(await this.#git.holds(foundTip, seenTip)))
        throw new Halted(this.#memory.loses({ seenTip, foundTip }))
      this.#sees(foundTip)
      return foundTip
    } catch (error) {
      this.#trouble = error
      throw error
    }
  }

  #sees(tip: Sha): void {
    this.#memory.sees(tip)
    this.#trouble = undefined
    this.#tip = tip
  }

  async #move(tip: Sha, newTip: Sha): Promise<Pushed> {
    const doing = 'pushing to the GitOps repository'
    // Asked twice: GitHub words what passes like what stays, and a branch where it was tells neither.
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#moved(tip, newTip)
      if (answer.kind === 'ok') {
        this.#sees(newTip)
        return { kind: 'landed' }
      }
      if (answer.kind === 'moved' || answer.kind === 'landed') return answer
      if (answer.kind === 'limited') throw faultOf(answer, doing)
      const end = await this.#ended(tip, newTip)
      if (end) return end
      const isRuledOut = answer.kind === 'refused' && answer.status === 422
      if (!isRuledOut) throw faultOf(answer, doing)
      if (attempt === 2) return { kind: 'refused', reason: `${doing}: ${answer.message}` }
    }
  }

  async #moved(tip: Sha, newTip: Sha): Promise<GithubAnswer | Ended> {
    const swapped = await this.#swap.move({ from: tip, to: newTip })
    if (swapped.kind !== 'unknown') return swapped
    if (!this.#isTold) this.#log.warn({ url: this.url }, noSwap)
    this.#isTold = true
    return (await this.#ended(tip, newTip)) ?? this.#git.moveTo(newTip)
  }

  /** What became of a move, by where the branch is now; nothing while it is at the expected tip. */
  async #ended(tip: Sha, newTip: Sha): Promise<Ended | undefined> {
    const found = await this.#look()
    if (found === tip) return undefined
    return { kind: (await this.#git.holds(found, newTip)) ? 'landed' : 'moved' }
  }
}

/** One move, and a second one where the answer to the first tells nothing. */
const callsOfMove = 2

const noSwap =
  'GitHub does not know updateRefs: the branch is looked at before each move instead, so forbid force pushes to it'

/** How long trouble is told before GitHub is asked again. */
const lookMs = 5_000

/** A difference without the files that only the server writes. */
const ofPeople = (diff: string): string =>
  diff
    .split(/^(?=diff --git )/m)
    .filter((file) => !/^diff --git .+\/release\.json"?$/m.test(file.split('\n', 1)[0] ?? ''))
    .join('')
