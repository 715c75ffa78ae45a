import type {
  FolderAt,
  ForeignCommit,
  LoggedCommit,
  Place,
  Settled,
  Step,
} from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import type { Release } from '../domain/release.ts'
import { folderOf } from './layout.ts'
import { type Marker, releaseOf, unnamedId } from './release-json.ts'
import { type Touch, touchedBy } from './touched.ts'

/** A release that is known: where it went, and its commit. */
export type Known = Place & { readonly id: string; readonly ref: Sha }

/** A release as it stands in its folder, and the folder as its commit left it. */
type Standing = { readonly id: string; readonly ref: Sha; readonly tree: Sha | null }

type State = Place & {
  release: Standing | null
  foreign: readonly ForeignCommit[]
  /** Kept when a release seems to have overwritten it: a merge may have brought it in after all. */
  lastForeign: ForeignCommit | null
}

type Given = {
  /** The repository's address as people may see it. */
  readonly repository: string
  /** The whole history is read: then the files that GimletD before us kept for environments count, too. */
  readonly isWhole: boolean
}

/** What every `release.json` says, by the id of the file. */
type Markers = ReadonlyMap<Sha, Marker & Place>

/**
 * Reads history, commit by commit, and says what the index is to hold. What counts as a release is the
 * `release.json` in a commit's tree: a message may be anybody's.
 */
export class Chronicle {
  readonly #given: Given
  readonly #states = new Map<string, State>()
  readonly #known = new Map<string, Known>()
  /** Commits of ours that the loop itself will put into the index. */
  readonly #pending = new Set<Sha>()
  /** GimletD's before us have no id: which commit brought each. */
  readonly #unnamed = new Map<string, Sha>()

  constructor(given: Given) {
    this.#given = given
  }

  /** What people had done to a folder before the commits that are read. */
  begin({ env, app }: Place, foreign: readonly ForeignCommit[]): void {
    this.#states.set(`${env}/${app}`, { env, app, release: null, foreign, lastForeign: null })
  }

  /** Which release stood in a folder before them. */
  stands(place: Place, release: Standing): void {
    this.#stateOf(place).release = release
  }

  /** Releases that are in the index already. */
  know(releases: readonly Known[]): void {
    for (const one of releases) this.#known.set(one.id, one)
  }

  /** Releases without an id of their own that are in the index already. */
  knowUnnamed(releases: readonly Release[]): void {
    for (const release of [...releases].reverse()) {
      const { id, env, app, gitopsRef: ref } = release
      this.#known.set(id, { id, env, app, ref })
      if (release.rollbackTo) continue
      // Its file may not have said when it was made.
      for (const created of [release.created, null])
        this.#unnamed.set(contentKey({ ...release, created }), ref)
    }
  }

  /** Commits that were pushed and whose events are not closed yet. */
  expect(refs: readonly Sha[]): void {
    for (const ref of refs) this.#pending.add(ref)
  }

  /** The folders that were read of. */
  places(): readonly Place[] {
    return [...this.#states.values()]
  }

  /** What a commit adds to the index. */
  add(commit: LoggedCommit, markers: Markers): Step[] {
    const { touches, ofEnvironments } = touchedBy(commit)
    const steps: Step[] = []
    for (const touch of touches) {
      const state = this.#stateOf(touch)
      if (touch.tree === null) {
        steps.push(...removed(state, commit))
        continue
      }
      const blob = touch.marker ?? (this.#given.isWhole ? ofEnvironments.get(touch.env) : undefined)
      const found = markers.get(blob ?? '')
      // A folder that a person copied is no release of the copy.
      const marker = found && folderOf(found) === folderOf(touch) ? found : undefined
      const release = marker && this.#newRelease(marker, commit, steps.length)
      if (release) steps.push({ kind: 'release', release })
      if (release || (marker && this.#isOwn(marker, commit, steps.length)))
        stand(state, {
          id: release?.id ?? marker?.id ?? unnamedId(commit.ref, steps.length),
          ref: commit.ref,
          tree: touch.tree ?? null,
        })
      else this.#changedByHand(state, { touch, commit, marker })
    }
    return steps
  }

  /** Those of these folders that are not as their last release left them: what stands there is to be read. */
  changed(folders: ReadonlyMap<string, FolderAt>): FolderAt[] {
    return [...folders.values()].filter(
      ({ folder, tree }) => this.#states.get(folder)?.release?.tree !== tree,
    )
  }

  /**
   * Compares the end with what the tip holds in these folders, which is the truth: an app whose folder is
   * gone does not run, and a change that was taken back is none. `idAt` answers the id in a release.json.
   */
  settle(folders: ReadonlyMap<string, FolderAt>, idAt: (marker: Sha) => string | null): Settled[] {
    return [...this.#states].map(([key, state]) => {
      const { env, app, foreign, lastForeign } = state
      const at = folders.get(key)
      const standing = this.#standingAt(state, at, idAt)
      if (!at || standing === null) return { env, app, releaseId: null, foreign }
      if (standing.tree === at.tree) return { env, app, releaseId: standing.id, foreign: [] }
      const hidden = standing.tree !== null && foreign.length === 0 && lastForeign !== null
      return { env, app, releaseId: standing.id, foreign: hidden ? [lastForeign] : foreign }
    })
  }

  #standingAt(
    { env, app, release }: State,
    at: FolderAt | undefined,
    idAt: (marker: Sha) => string | null,
  ): Standing | null {
    const id = at?.marker ? idAt(at.marker) : null
    if (id === null || id === release?.id) return release
    const known = this.#known.get(id)
    const isHere = known?.env === env && known.app === app
    return isHere ? { id, ref: known.ref, tree: null } : release
  }

  #stateOf(place: Place): State {
    const key = folderOf(place)
    const state = this.#states.get(key)
    if (state) return state
    this.begin(place, [])
    return this.#stateOf(place)
  }

  /** The release that a commit brought; none when it only repeats what an older one said. */
  #newRelease(marker: Marker & Place, commit: LoggedCommit, at: number): Release | undefined {
    if (this.#pending.has(commit.ref)) return undefined
    const { id, env, app } = marker
    const { ref } = commit
    if (id === null) {
      const key = contentKey(marker)
      const made = unnamedId(ref, at)
      // A walk that begins where an earlier one had been sees a commit again.
      if (this.#known.has(made)) return undefined
      // The same artifact released anew writes the same file as a rollback to it.
      const back = isAutomatedDeploy(commit, marker) ? undefined : this.#unnamed.get(key)
      if (back === undefined) this.#unnamed.set(key, ref)
      this.#known.set(made, { id: made, env, app, ref })
      return this.#release({ ...marker, id: made, rollbackTo: back ?? null }, commit)
    }
    if (this.#known.has(id)) return undefined
    this.#known.set(id, { id, env, app, ref })
    return this.#release({ ...marker, id }, commit)
  }

  #release(marker: Marker & Place & { readonly id: string }, commit: LoggedCommit): Release {
    return releaseOf(marker, { commit, repository: this.#given.repository })
  }

  /** True for the very commit that made a release that is in the index, or will be. */
  #isOwn({ id }: Marker & Place, { ref }: LoggedCommit, at: number): boolean {
    return this.#pending.has(ref) || this.#known.get(id ?? unnamedId(ref, at))?.ref === ref
  }

  #changedByHand(
    state: State,
    { touch, commit, marker }: { touch: Touch; commit: LoggedCommit; marker: Marker | undefined },
  ): void {
    if (!touch.hasFiles) return
    // Also where nothing was released yet: a merge may bring it in beside the first release.
    state.lastForeign = foreignOf(commit, state)
    const known = this.#known.get(marker?.id ?? '')
    const isManaged = state.release !== null || known !== undefined
    if (!isManaged) return
    // Someone brought back what an older release had written, such as with `git revert`.
    if (known?.env === state.env && known.app === state.app && known.id !== state.release?.id)
      state.release = { id: known.id, ref: known.ref, tree: null }
    if (state.release === null) return
    state.foreign = [...state.foreign.filter(({ ref }) => ref !== commit.ref), state.lastForeign]
  }
}

/** GimletD's before us says of a release that it is one. Nothing but the message tells it from a rollback. */
const isAutomatedDeploy = ({ subject }: LoggedCommit, place: Place): boolean =>
  subject === `[Gimlet] ${folderOf(place)} automated deploy`

function stand(state: State, release: Standing): void {
  state.release = release
  state.foreign = []
}

function removed(state: State, commit: LoggedCommit): Step[] {
  const { env, app, release } = state
  if (release === null) return []
  state.release = null
  state.foreign = isDeletion(commit, state) ? [] : [...state.foreign, foreignOf(commit, state)]
  state.lastForeign = null
  return [{ kind: 'removal', removal: { env, app, ref: commit.ref, created: commit.unix } }]
}

/**
 * Ours, or one of GimletD's before us. Nothing but the message tells; whoever forges one only hides
 * who took the app away.
 */
const isDeletion = ({ subject }: LoggedCommit, place: Place): boolean =>
  /^\[Gimlet(?:D delete)?\] (\S+)/.exec(subject)?.[1] === folderOf(place)

const foreignOf = (commit: LoggedCommit, { env, app }: Place): ForeignCommit => {
  const { ref, authorName, authorEmail, subject, unix: created } = commit
  return { ref, env, app, authorName, authorEmail, subject, created }
}

/** What one file of GimletD before us has that no other has. */
const contentKey = ({
  env,
  app,
  artifactId,
  triggeredBy,
  created,
}: Pick<Release, 'env' | 'app' | 'artifactId' | 'triggeredBy'> & {
  readonly created: number | null
}): string => JSON.stringify([env, app, artifactId, triggeredBy, created])
