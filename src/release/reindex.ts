import type {
  Beginning,
  FolderAt,
  HistoryPort,
  LoggedCommit,
  Place,
  Settled,
  Step,
} from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import { Chronicle } from './chronicle.ts'
import { type Marker, markersIn } from './release-json.ts'
import { stoodAt } from './standing.ts'
import { markersOf } from './touched.ts'

/** So much of history is held at once, in commits and in paths that they changed. */
const sliceCommits = 100
const slicePaths = 20_000
/** A commit can bring thousands of apps: so many are read, and kept, at once. */
const partOfCommit = 500

export type ReindexPorts = {
  readonly history: HistoryPort
  readonly index: {
    open(ids: readonly string[]): Promise<readonly string[]>
    pending(refs: readonly Sha[]): Promise<readonly Sha[]>
  }
  /** Begins a new index beside the one that is in use. */
  readonly stage: () => Promise<{
    add(steps: readonly Step[]): Promise<void>
    finish(whole: { tip: Sha; repository: string; settled: readonly Settled[] }): Promise<number>
  }>
  /** The repository's address as people may see it. */
  readonly repository: string
}

export type Reindexed = {
  readonly tip: Sha
  /** The commit before which nothing was read; `null` when all of history was. */
  readonly since: Sha | null
  readonly commits: number
  readonly releases: number
  readonly running: number
  readonly changedByHand: number
  /** Apps whose `release.json` at the tip names another release than the index says: none, if all is well. */
  readonly different: readonly Place[]
}

type Told = (commits: number, of: number) => void

/**
 * Makes the index anew from all of history that can be read up to `tip`, slice by slice, and puts it in
 * the place of the one that is in use. What git says wins; what git does not say, such as health, is kept.
 */
export async function reindex(
  ports: ReindexPorts,
  tip: Sha,
  told: Told = () => undefined,
): Promise<Reindexed> {
  const { history, index, repository } = ports
  const beginning = await history.knownFrom(tip)
  const { ahead } = await history.distance({ from: null, to: tip })
  const staging = await ports.stage()
  const chronicle = new Chronicle({ repository, isWhole: true })
  const add = async (steps: readonly Step[]) => {
    for (let at = 0; at < steps.length; at += partOfCommit)
      await staging.add(steps.slice(at, at + partOfCommit))
  }
  if (beginning) await add(await whatStood(ports, chronicle, beginning))
  let commits = 0
  for await (const slice of slicesOf(history.commits({ from: null, to: tip }))) {
    const markers = await readMarkers(history, markersOf(slice))
    chronicle.expect(await index.pending(slice.map(({ ref }) => ref)))
    await leaveOpen(chronicle, index, markers)
    await add(slice.flatMap((commit) => chronicle.add(commit, markers)))
    commits += slice.length
    told(commits, ahead)
  }
  const folders = await history.folders(tip)
  const changed = chronicle.changed(folders).flatMap(({ marker }) => marker ?? [])
  const markers = await readMarkers(history, changed)
  const idAt = (file: Sha) => markers.get(file)?.id ?? null
  const settled = chronicle.settle(folders, idAt)
  const releases = await staging.finish({ tip, repository, settled })
  return {
    ...{ tip, since: beginning?.ref ?? null, commits, releases },
    running: settled.filter(({ releaseId }) => releaseId !== null).length,
    changedByHand: settled.filter(({ foreign }) => foreign.length > 0).length,
    different: differencesOf({ settled, folders, idAt }),
  }
}

/** What stands where history begins, as the files there tell it: the chronicle goes on from that. */
async function whatStood(
  { history, index, repository }: ReindexPorts,
  chronicle: Chronicle,
  beginning: Beginning,
): Promise<Step[]> {
  const folders = await history.folders(beginning.ref)
  const files = [...folders.values()].flatMap(({ marker }) => marker ?? [])
  const markers = await readMarkers(history, files)
  const stood = stoodAt({ folders, markers, beginning, repository })
  for (const { release, tree, isNamed } of stood) {
    const { id, env, app, gitopsRef: ref } = release
    if (isNamed) chronicle.know([{ id, env, app, ref }])
    else chronicle.knowUnnamed([release])
    chronicle.stands(release, { id, ref, tree })
  }
  const open = new Set(await leaveOpen(chronicle, index, markers))
  return stood.flatMap(({ release }) => (open.has(release.id) ? [] : { kind: 'release', release }))
}

/**
 * What belongs to an event that is not closed yet is the loop's to put into the index, not anybody's who
 * names it. Answers the ids of those events.
 */
export async function leaveOpen(
  chronicle: Chronicle,
  index: Pick<ReindexPorts['index'], 'open'>,
  markers: ReadonlyMap<Sha, Marker>,
): Promise<readonly string[]> {
  const ids = [...markers.values()].flatMap(({ id }) => id ?? [])
  const open = await index.open([...new Set(ids)])
  chronicle.know(open.map((id) => ({ id, env: '', app: '', ref: '' })))
  return open
}

/** What release files say. */
async function readMarkers(history: HistoryPort, files: readonly Sha[]) {
  const markers = new Map<Sha, Marker & Place>()
  for (let at = 0; at < files.length; at += partOfCommit) {
    const texts = await history.texts(files.slice(at, at + partOfCommit))
    for (const [file, marker] of markersIn(texts)) markers.set(file, marker)
  }
  return markers
}

type Compared = {
  readonly settled: readonly Settled[]
  readonly folders: ReadonlyMap<string, FolderAt>
  readonly idAt: (marker: Sha) => string | null
}

function differencesOf({ settled, folders, idAt }: Compared): Place[] {
  const running = new Map(settled.map((one) => [`${one.env}/${one.app}`, one.releaseId]))
  return [...folders.values()].flatMap(({ folder, marker }) => {
    const id = marker === null ? null : idAt(marker)
    const [env = '', app = ''] = folder.split('/')
    return id === null || running.get(folder) === id ? [] : [{ env, app }]
  })
}

async function* slicesOf(commits: AsyncIterable<LoggedCommit>): AsyncGenerator<LoggedCommit[]> {
  let slice: LoggedCommit[] = []
  let paths = 0
  for await (const commit of commits) {
    slice.push(commit)
    paths += commit.changes.length
    if (slice.length < sliceCommits && paths < slicePaths) continue
    yield slice
    slice = []
    paths = 0
  }
  if (slice.length > 0) yield slice
}
