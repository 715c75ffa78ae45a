import { Fault, type Refusal } from '../domain/fault.ts'
import type { GitopsState, Resumption } from '../domain/halt.ts'
import type {
  ForeignCommit,
  IndexPosition,
  LoggedCommit,
  Place,
  Settled,
  Step,
} from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { Chronicle, type Known } from './chronicle.ts'
import { folderOf } from './layout.ts'
import { leaveOpen, type ReindexPorts, reindex } from './reindex.ts'
import { type Marker, markersIn } from './release-json.ts'
import { markersOf, touchedBy } from './touched.ts'

/** More new commits than this are read beside the releases, not before the next one. */
const walkCommitsMax = 2_000
/** After so many commits of this server where the index stands is kept. */
const ownCommitsKept = 50
/** How often the branch is looked at when nobody releases, in milliseconds. */
const lookMs = 60_000
/** After trouble the index is tried again so soon, in milliseconds. */
const againMs = 5_000
const historyMax = 500

export type FollowPorts = ReindexPorts & {
  readonly index: ReindexPorts['index'] & {
    position(): Promise<IndexPosition>
    ownCommitsBetween(from: Sha, tip: Sha): Promise<number | undefined>
    advance(from: IndexPosition, tip: Sha): Promise<void>
    known(ids: readonly string[]): Promise<readonly Known[]>
    foreign(where: Partial<Place>): Promise<readonly ForeignCommit[]>
    foreignAt(places: readonly Place[]): Promise<readonly ForeignCommit[]>
    resume(resumption: Resumption): Promise<void>
    resumed(): Promise<Resumption | undefined>
    apply(walked: {
      from: IndexPosition
      tip: Sha
      steps: readonly Step[]
      settled: readonly Settled[]
    }): Promise<boolean>
  }
  readonly releases: {
    running(where: { env?: string; app?: string }): Promise<readonly Release[]>
    history(filter: { env: string; app: string; limit: number }): Promise<readonly Release[]>
  }
  readonly gitops: {
    tip(): Promise<Sha>
    refresh(): Promise<Sha>
    state(): Promise<GitopsState>
    resume(given: { tip: Sha; by: string }): Promise<Sha | Refusal>
  }
  readonly log: {
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
  }
}

/** What people changed in a folder; it is not known while the index is being made. */
export type DriftFound = { readonly isKnown: boolean; readonly commits: readonly ForeignCommit[] }

/**
 * Keeps the index at the tip of the GitOps branch: what others commit is read when it is seen, and the
 * whole history once, beside the releases, when there is no index yet.
 */
export class Follower {
  readonly #ports: FollowPorts
  #position: IndexPosition = { ref: null, version: -1 }
  #last: Promise<unknown> = Promise.resolve()
  #making: Promise<void> | undefined
  /** How many commits of this server were passed over since the position was kept. */
  #unkept = 0
  #isStopping = false
  #wake: () => void = () => undefined
  #running: Promise<void> | undefined
  #looked: () => void = () => undefined
  readonly #first = new Promise<void>((done) => {
    this.#looked = done
  })

  constructor(ports: FollowPorts) {
    this.#ports = ports
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends when the index was looked at for the first time, whatever came of it. */
  first(): Promise<void> {
    return this.#first
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#wake()
    await this.#running
  }

  /** True once the index holds what the repository holds. */
  async isMade(): Promise<boolean> {
    return this.#making === undefined && (await this.#stand()).ref !== null
  }

  /** What people changed in folders since their last release, as the tip has them, in their order. */
  async drift(places: readonly Place[], tip: Sha): Promise<DriftFound[]> {
    const isKnown = await this.upTo(tip)
    const all = isKnown ? await this.#ports.index.foreignAt(places) : []
    return places.map(({ env, app }) => ({
      isKnown,
      commits: all.filter((commit) => commit.env === env && commit.app === app),
    }))
  }

  /** Reads what is new up to the tip. Answers false while the index is being made. Throws `gitops_broken`. */
  upTo(tip: Sha): Promise<boolean> {
    const mine = this.#last.then(() => this.#upTo(tip))
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      const waitMs = await this.#look()
      this.#looked()
      if (!this.#isStopping) await this.#sleep(waitMs)
    }
  }

  /** Answers after how many milliseconds to look again. */
  async #look(): Promise<number> {
    const { gitops, log } = this.#ports
    try {
      const isMade = await this.upTo(await gitops.refresh())
      if (!isMade) await this.#making
      return (await this.isMade()) ? lookMs : againMs
    } catch (error) {
      await this.#resumeToo()
      // What keeps the repository from being reached is told by the writer, on /readyz.
      const isTold = error instanceof Fault && error.code !== 'gitops_broken'
      if (!isTold) log.warn({ err: error }, 'the GitOps branch could not be followed')
      return againMs
    }
  }

  /** A person has accepted another tip on this server: the index is made anew of what is there now. */
  async resumed(resumption: Resumption): Promise<void> {
    await this.#ports.index.resume(resumption)
    this.#wake()
  }

  /** Goes on, too, when what halts this server was accepted on another one. */
  async #resumeToo(): Promise<void> {
    const { gitops, index, log } = this.#ports
    try {
      const { halt } = await gitops.state()
      const resumed = halt && (await index.resumed())
      if (!resumed) return
      // Not what was lost since, on which nobody has decided yet.
      const isThat = await this.#holds(resumed.lostTip, halt.seenTip)
      if (isThat && (await this.#holds(halt.foundTip, resumed.tip)))
        await gitops.resume({ tip: halt.foundTip, by: resumed.by })
    } catch (error) {
      log.warn({ err: error }, 'whether writing may go on could not be found out')
    }
  }

  async #holds(tip: Sha, commit: Sha): Promise<boolean> {
    return (await this.#ports.history.distance({ from: commit, to: tip })).behind === 0
  }

  async #upTo(tip: Sha): Promise<boolean> {
    const { history, index } = this.#ports
    const from = await this.#stand()
    if (this.#making !== undefined) return false
    if (from.ref === tip) return true
    if (from.ref !== null) {
      const own = await index.ownCommitsBetween(from.ref, tip)
      if (own !== undefined) return this.#skip({ from, tip, own })
      const { ahead, behind } = await history.distance({ from: from.ref, to: tip })
      // Someone looks at an older tip; what would be pushed on it loses its race.
      if (ahead === 0) return true
      if (behind === 0 && ahead <= walkCommitsMax)
        return this.#walk({ ...from, ref: from.ref }, tip)
    }
    this.#make(tip)
    return false
  }

  /** Where the index stands: it may be made anew by another process at any time. */
  async #stand(): Promise<IndexPosition> {
    const kept = await this.#ports.index.position()
    if (kept.version !== this.#position.version) this.#position = kept
    return this.#position
  }

  async #skip({ from, tip, own }: { from: IndexPosition; tip: Sha; own: number }): Promise<true> {
    this.#position = { ...from, ref: tip }
    this.#unkept += own
    if (this.#unkept < ownCommitsKept) return true
    await this.#ports.index.advance(from, tip)
    this.#unkept = 0
    return true
  }

  /** Makes the index anew, in the background; releases go on. */
  #make(tip: Sha): void {
    const { log, repository } = this.#ports
    log.info({ repository, tip }, 'the index of the GitOps repository is being made')
    const goOn = () => {
      if (this.#isStopping) throw new Error('the server stops')
    }
    this.#making = reindex(this.#ports, tip, goOn)
      .then((made) => {
        log.info(made, 'the index of the GitOps repository is made')
        if (made.since !== null) log.warn({ repository, since: made.since }, onlyNewest)
      })
      .catch((error) => log.warn({ err: error }, 'the index could not be made'))
      .finally(() => {
        this.#making = undefined
      })
  }

  async #walk(from: IndexPosition & { readonly ref: Sha }, tip: Sha): Promise<boolean> {
    const { history, index, repository } = this.#ports
    const chronicle = new Chronicle({ repository, isWhole: false })
    const commits: LoggedCommit[] = []
    for await (const commit of history.commits({ from: from.ref, to: tip })) commits.push(commit)
    const markers = markersIn(await history.texts(markersOf(commits)))
    await this.#prepare(chronicle, commits, markers)
    const steps = commits.flatMap((commit) => chronicle.add(commit, markers))
    const settled = await this.#settle(chronicle, tip)
    const isApplied = await index.apply({ from, tip, steps, settled })
    if (isApplied) this.#position = { ...from, ref: tip }
    return isApplied
  }

  /** Tells the chronicle what is in the index already of what the commits touch. */
  async #prepare(
    chronicle: Chronicle,
    commits: readonly LoggedCommit[],
    markers: ReadonlyMap<Sha, Marker & Place>,
  ): Promise<void> {
    const { index, history, releases } = this.#ports
    chronicle.expect(await index.pending(commits.map(({ ref }) => ref)))
    await leaveOpen(chronicle, index, markers)
    const released = [...markers.values()]
    chronicle.know(await index.known(released.flatMap(({ id }) => id ?? [])))
    for (const place of released.filter(({ id }) => id === null))
      chronicle.knowUnnamed(await releases.history({ ...place, limit: historyMax }))
    const touches = commits.flatMap((commit) => touchedBy(commit).touches)
    const places = new Map(touches.map((touch) => [folderOf(touch), touch]))
    const standing: Release[] = []
    for (const { env, app } of places.values()) {
      chronicle.begin({ env, app }, await index.foreign({ env, app }))
      standing.push(...(await releases.running({ env, app })))
    }
    const trees = await history.ids(standing.map(treeName))
    for (const release of standing) {
      const tree = trees.get(treeName(release)) ?? null
      chronicle.stands(release, { id: release.id, ref: release.gitopsRef, tree })
    }
  }

  async #settle(chronicle: Chronicle, tip: Sha): Promise<Settled[]> {
    const { history } = this.#ports
    const paths = chronicle.places().map(folderOf)
    const folders = await history.foldersOf(tip, paths)
    const files = [...folders.values()].flatMap(({ marker }) => marker ?? [])
    const markers = markersIn(await history.texts(files))
    return chronicle.settle(folders, (file) => markers.get(file)?.id ?? null)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      timer.unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

const onlyNewest =
  'the index holds the newest commits only; for older history run gimlet reindex with the settings of this server on a machine with git'

const treeName = (release: Release): string => `${release.gitopsRef}:${folderOf(release)}`

/** What a decision waits for that may be another one once the index is there. */
export const indexMissing = () =>
  new Fault(
    'gitops_unreachable',
    'waiting for the index of the GitOps repository, which is being made',
  )
