import type { CommitResult, PlannedCommit } from '../domain/change.ts'
import { Fault, type Refusal, refuse } from '../domain/fault.ts'
import type { GitopsState } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'
import { commitOn, type Pushed } from './commit-on.ts'
import { GithubBuild } from './github-build.ts'
import { faultOf, type GithubBranch, type GithubCall, GithubGit } from './github-git.ts'
import { Halted } from './halted.ts'
import { insideOf, type Root, rootOf } from './root.ts'
import { turns } from './turns.ts'
import type { GitopsWriter, SeenBranch } from './writer.ts'

type Named = {
  readonly url: string
  /** The environment whose apps are folders at the top, if the repository is of one. */
  readonly root?: string | null
}

/**
 * Writes a GitOps repository on GitHub by its Git Data API: no clone, no program, nothing of Node.
 * It is the only writer that this process has for the branch.
 *
 * The branch is asked for right before it is moved, and GitHub moves it forward only. Our commits stand on
 * the expected tip, so what lands in between makes the move no step forward. One window remains, for
 * as long as a call takes: a branch that is rewound to an ancestor of the expected tip between the two calls is
 * moved forward again, with what was rewound.
 */
export class GithubWriter implements GitopsWriter {
  readonly #git: GithubGit
  readonly #build: GithubBuild
  readonly #memory: SeenBranch
  readonly #branch: string
  readonly #root: Root
  readonly url: string
  #tip: Sha | undefined
  #trouble: unknown
  #lookedMs = Number.NEGATIVE_INFINITY
  /** A commit moves the tip that the next one stands on, so one runs at a time. */
  readonly #alone = turns()

  constructor(
    { call, memory }: { readonly call: GithubCall; readonly memory: SeenBranch },
    { url, root = null, ...at }: GithubBranch & Named,
  ) {
    this.#git = new GithubGit(call, at)
    this.#build = new GithubBuild(this.#git)
    this.#memory = memory
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
    return this.#alone(() => commitOn({ build, intend, push }))
  }

  preview(tip: Sha, commit: PlannedCommit): Promise<string> {
    return this.#alone(async () => {
      const built = await this.#build.on(tip, [insideOf(this.#root, commit)])
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
    const before = await this.#ended(tip, newTip)
    if (before) return before
    // Asked twice: GitHub words what passes like what stays, and a branch where it was tells neither.
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#git.moveTo(newTip)
      if (answer.kind === 'ok') {
        this.#sees(newTip)
        return { kind: 'landed' }
      }
      if (answer.kind === 'limited') throw faultOf(answer, doing)
      const end = await this.#ended(tip, newTip)
      if (end) return end
      const isRuledOut = answer.kind === 'refused' && answer.status === 422
      if (!isRuledOut) throw faultOf(answer, doing)
      if (attempt === 2) return { kind: 'refused', reason: `${doing}: ${answer.message}` }
    }
  }

  /** What became of a move, by where the branch is now; nothing while it is at the expected tip. */
  async #ended(tip: Sha, newTip: Sha): Promise<Pushed | undefined> {
    const found = await this.#look()
    if (found === tip) return undefined
    return { kind: (await this.#git.holds(found, newTip)) ? 'landed' : 'moved' }
  }
}

/** How long trouble is told before GitHub is asked again. */
const lookMs = 5_000

/** A difference without the files that only the server writes. */
const ofPeople = (diff: string): string =>
  diff
    .split(/^(?=diff --git )/m)
    .filter((file) => !/^diff --git .+\/release\.json"?$/m.test(file.split('\n', 1)[0] ?? ''))
    .join('')
