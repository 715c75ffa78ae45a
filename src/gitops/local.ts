import type { PushEnd } from '../domain/batch.ts'
import type { CommitResult, PlannedCommit } from '../domain/change.ts'
import { Fault, isRefusal, type Refusal } from '../domain/fault.ts'
import type { GitopsState } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'
import { type Blocked, type Built, commitOn, type Pushed } from './commit-on.ts'
import type { DirectPush } from './direct-push.ts'
import { pushFault } from './failure.ts'
import { type BuildCommit, importStream, packsFile, parentsOf } from './fast-import.ts'
import { type Clone, fetchForward, holds, resolve, resumeAt } from './forward.ts'
import { GitFailure } from './git.ts'
import { remoteRef } from './refs.ts'
import { insideOf, type Root, rootOf } from './root.ts'
import { signAll } from './signing.ts'
import { turns } from './turns.ts'
import type { GitopsWriter } from './writer.ts'

type Place = {
  readonly url: string
  readonly branch: string
  /** The environment whose apps are folders at the top, if the repository is of one. */
  readonly root?: string | null
  /** Told how each way to the host ended. */
  readonly pushEnded?: (push: PushEnd) => void
}

/**
 * Writes the GitOps repository through a bare clone, without a work tree: `git fast-import` builds
 * the commits, one push with the expected tip lands them all or none.
 * It is the only writer that this process has for the branch.
 */
export class LocalWriter implements GitopsWriter {
  readonly #git: Clone
  readonly #branch: string
  readonly #root: Root
  readonly #direct: DirectPush | undefined
  readonly #pushEnded: (push: PushEnd) => void
  /** The repository's address as people may see it. */
  readonly url: string
  readonly batchMax = 100
  #tip: Sha | undefined
  /** The tip that an earlier process saw last. */
  #before: Sha | undefined
  #trouble: unknown
  #lookedMs = Number.NEGATIVE_INFINITY
  /** Builds share a ref and pushes a tip, so one runs at a time. */
  readonly #alone = turns()

  constructor(git: Clone, { url, branch, root = null, pushEnded }: Place, direct?: DirectPush) {
    this.#git = git
    this.#direct = direct
    this.url = url
    this.#branch = branch
    this.#root = rootOf(root)
    this.#pushEnded = pushEnded ?? (() => undefined)
  }

  /** The newest tip of the remote's branch that this server saw; asks the remote the first time. */
  async tip(): Promise<Sha> {
    return this.#tip ?? (await this.refresh())
  }

  /**
   * The newest tip that was seen, by this process or one before it: to look at things needs no answer
   * from the git host. Asks the remote only when none ever was.
   */
  async lastTip(): Promise<Sha> {
    if (this.#tip) return this.#tip
    this.#before ??= await this.#resolve(`${remoteRef}^{commit}`)
    return this.#tip ?? this.#before ?? (await this.refresh())
  }

  /** Throws what the last look at the remote came to, if that was trouble. */
  async check(): Promise<void> {
    if (this.#trouble !== undefined) {
      // It may be over, and without events to carry out nobody else looks.
      if (performance.now() > this.#lookedMs + lookMs) this.refresh().catch(() => undefined)
      throw this.#trouble
    }
    await this.tip()
  }

  /** Where the branch stands, as far as it was seen, and what halts writing. */
  async state(): Promise<GitopsState> {
    const tip = this.#tip ?? (await this.#resolve(`${remoteRef}^{commit}`)) ?? null
    return { url: this.url, branch: this.#branch, tip, halt: this.#git.memory?.halt ?? null }
  }

  /** Goes on from a tip that a person has seen and takes for right. */
  resume(given: { tip: Sha; by: string }): Promise<Sha | Refusal> {
    return this.#alone(async () => {
      const tip = await resumeAt(this.#git, { branch: this.#branch, ...given })
      if (isRefusal(tip)) return tip
      this.#trouble = undefined
      this.#tip = tip
      return tip
    })
  }

  /**
   * Fetches the branch and answers its tip. Throws `gitops_unreachable`, `gitops_forbidden`, or
   * `gitops_rewound` when the branch no longer holds the tip that was seen before: then a person has
   * to look.
   */
  refresh(): Promise<Sha> {
    return this.#alone(() => this.#fetch())
  }

  /**
   * Commits the changes on `tip`, in order, and pushes them at once. `intend` is told the commit ids
   * before the push, to keep them: a push whose end is unknown is found again by them. It may still say no.
   * Throws `gitops_unreachable`, `gitops_forbidden`, `gitops_rewound` or `clone_broken`.
   */
  commit(
    tip: Sha,
    commits: readonly PlannedCommit[],
    intend: (refs: readonly Sha[]) => Promise<boolean>,
  ): Promise<CommitResult> {
    const build = async (): Promise<Built | Blocked> => {
      const built = await this.#build(tip, commits)
      return built.kind === 'blocked' ? built : this.#signed(tip, commits, built)
    }
    const push = (newTip: Sha) => this.#push(tip, newTip)
    return this.#alone(() => commitOn({ build, intend, push }))
  }

  /** What a commit would change in the files that people write, as git shows it; nothing is pushed. */
  preview(tip: Sha, commit: PlannedCommit): Promise<string> {
    return this.#alone(async () => {
      const built = await this.#build(tip, [commit])
      if (built.kind === 'blocked') throw new Fault('gitops_refused', built.reason)
      return this.#git(['diff', ...plainDiff, tip, String(built.refs[0]), ...ofPeople])
    })
  }

  /** What a commit changed in the files that people write, as git shows it; empty when it is not there. */
  async changes(ref: Sha): Promise<string> {
    try {
      return await this.#git(['show', '--format=', ...plainDiff, ref, ...ofPeople])
    } catch (error) {
      if (error instanceof GitFailure) return ''
      throw error
    }
  }

  /** Which of these commits the remote's branch holds, by asking it now. */
  async landed(refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    return await this.#alone(async () => this.#heldBy(await this.#fetch(), refs))
  }

  /** Which of these commits another one holds; none when it is not on the branch. */
  async within(commit: Sha, refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    return await this.#alone(async () => {
      if (!(await this.#holds(this.#tip ?? (await this.#fetch()), commit)))
        if (!(await this.#holds(await this.#fetch(), commit))) return new Set()
      return this.#heldBy(commit, refs)
    })
  }

  async #fetch(): Promise<Sha> {
    this.#lookedMs = performance.now()
    try {
      this.#tip = await fetchForward(this.#git, this.#branch)
      this.#trouble = undefined
      return this.#tip
    } catch (error) {
      this.#trouble = error
      throw error
    }
  }

  async #build(tip: Sha, planned: readonly PlannedCommit[]): Promise<Built | Blocked> {
    const commits = planned.map((commit) => insideOf(this.#root, commit))
    await this.#direct?.sweep((ref) => this.#holds(remoteRef, ref))
    const builds: BuildCommit[] = []
    for (const commit of commits) builds.push({ commit, tree: await this.#treeOf(commit) })
    const printed = await this.#import(importStream(tip, builds, this.#git.author))
    const parents = parentsOf(builds)
    const blocked = printed
      .slice(0, parents.length)
      .findIndex((line) => !line.startsWith('040000 tree ') && !line.startsWith('missing '))
    if (blocked === -1) return { kind: 'built', refs: printed.slice(parents.length) }
    const parent = parents[blocked] ?? ''
    return {
      kind: 'blocked',
      at: commits.findIndex(({ change }) => change.folder.startsWith(`${parent}/`)),
      reason: `writing below ${parent}: on the GitOps branch that is a file or a link; move it away`,
    }
  }

  async #import(stream: string): Promise<string[]> {
    try {
      const args = ['fast-import', '--quiet', '--done', '--force', '--date-format=raw']
      if (this.#direct) args.push(`--export-pack-edges=${packsFile}`)
      return (await this.#git(args, stream)).split('\n').filter(Boolean)
    } catch (error) {
      throw this.#unbuilt(error)
    }
  }

  #unbuilt(error: unknown): Fault {
    // Made anew or halted meanwhile: the tip that is known here says nothing any more.
    this.#tip = undefined
    if (error instanceof Fault) return error
    return new Fault('gitops_broken', 'building commits in the clone', { cause: error })
  }

  async #signed(tip: Sha, commits: readonly PlannedCommit[], { refs }: Built): Promise<Built> {
    const { sign } = this.#git
    if (!sign) return { kind: 'built', refs }
    const built = commits.map(({ message, unix }, at) => ({ ref: refs[at] ?? '', message, unix }))
    try {
      return { kind: 'built', refs: await signAll(sign, tip, built) }
    } catch (error) {
      throw this.#unbuilt(error)
    }
  }

  async #treeOf({ change }: PlannedCommit): Promise<Sha | null> {
    if (change.kind !== 'restore') return null
    const tree = await this.#resolve(`${change.from}:${change.folder}`)
    if (tree === undefined)
      throw new Fault('gitops_broken', `reading ${change.folder} as it was at ${change.from}`)
    return tree
  }

  async #push(tip: Sha, newTip: Sha): Promise<Pushed> {
    const direct = await this.#direct?.push({ tip, newTip })
    if (direct) this.#pushEnded({ way: 'direct', result: direct.kind })
    if (direct?.kind !== 'landed') {
      // When the remote is where it was, git finds another way, or words for why there is none.
      const found = direct && (await this.#look(tip, newTip))
      const end = found ?? (await this.#told(this.#gitPush(tip, newTip)))
      if (end) return end
    }
    await this.#direct?.keep(newTip)
    await this.#git.remember?.()
    this.#tip = newTip
    return { kind: 'landed' }
  }

  async #told(push: Promise<Pushed | undefined>): Promise<Pushed | undefined> {
    try {
      const end = await push
      this.#pushEnded({ way: 'git', result: end?.kind ?? 'landed' })
      return end
    } catch (error) {
      this.#pushEnded({ way: 'git', result: 'failed' })
      throw error
    }
  }

  /** Answers how it ended, unless it just landed. */
  async #gitPush(tip: Sha, newTip: Sha): Promise<Pushed | undefined> {
    const branch = `refs/heads/${this.#branch}`
    try {
      await this.#git([
        'push',
        '--porcelain',
        `--force-with-lease=${branch}:${tip}`,
        'origin',
        `${newTip}:${branch}`,
      ])
      return undefined
    } catch (error) {
      const found = await this.#look(tip, newTip)
      if (found) return found
      const fault = pushFault(error, this.#git.credential ?? 'what it is shown')
      if (fault.code !== 'gitops_refused') throw fault
      return { kind: 'refused', reason: fault.message }
    }
  }

  /** What became of a push: hosts word a lost race in many ways, and answers get lost. */
  async #look(tip: Sha, newTip: Sha): Promise<Pushed | undefined> {
    const remote = await this.#fetch()
    if (await this.#holds(remote, newTip)) return { kind: 'landed' }
    return remote === tip ? undefined : { kind: 'moved' }
  }

  /** Which of these commits are `tip` or its ancestors, in two commands however many they are. */
  async #heldBy(tip: Sha, refs: readonly Sha[]): Promise<ReadonlySet<Sha>> {
    const types = await this.#git(['cat-file', '--batch-check'], `${refs.join('\n')}\n`)
    const there = refs.filter((ref) => types.includes(`${ref} commit `))
    const beyond = await this.#git(['rev-list', '--stdin'], `${[...there, `^${tip}`].join('\n')}\n`)
    return new Set(there.filter((ref) => !beyond.includes(ref)))
  }

  readonly #resolve = (name: string) => resolve(this.#git, name)
  /** True when `ref` is `tip` or one of its ancestors. */
  readonly #holds = (tip: Sha, ref: Sha) => holds(this.#git, tip, ref)
}

/** How long trouble is told before the remote is asked again. */
const lookMs = 5_000
const plainDiff = ['--no-color', '--no-ext-diff']
const ofPeople = ['--', ':!*/release.json']
