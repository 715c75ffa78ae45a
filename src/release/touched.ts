import type { LoggedCommit, Place } from '../domain/history.ts'
import { isLabel, type Sha } from '../domain/names.ts'
import { releaseFile } from './layout.ts'

/** What a commit did to the folder of one app. */
export type Touch = Place & {
  /** The folder as the commit leaves it; `null` when it is gone, nothing when that is not told. */
  readonly tree: Sha | null | undefined
  /** The `release.json` that it wrote. */
  readonly marker: Sha | undefined
  /** False when only git's own merging of two sides made the folder what it is. */
  readonly hasFiles: boolean
}

export type Touched = {
  readonly touches: readonly Touch[]
  /** The `<env>/release.json` that it wrote, by environment: GimletD's before us, of the app released last. */
  readonly ofEnvironments: ReadonlyMap<string, Sha>
}

type Open = { -readonly [Key in keyof Touch]: Touch[Key] }

/** The folders of apps that a commit touched: those whose names an environment and an app may have. */
export function touchedBy({ changes }: LoggedCommit): Touched {
  const touches = new Map<string, Open>()
  const ofEnvironments = new Map<string, Sha>()
  for (const { path, id, isFolder } of changes) {
    const [env = '', app = '', file, ...deeper] = path.split('/', 4)
    if (!isLabel(env)) continue
    if (file === undefined && app === releaseFile && id !== null) ofEnvironments.set(env, id)
    if (!isLabel(app) || (file === undefined && !isFolder)) continue
    const key = `${env}/${app}`
    const touch = touches.get(key) ?? {
      env,
      app,
      tree: undefined,
      marker: undefined,
      hasFiles: false,
    }
    touches.set(key, touch)
    if (file === undefined) touch.tree = id
    else if (!isFolder) touch.hasFiles = true
    if (file === releaseFile && deeper.length === 0 && !isFolder && id !== null) touch.marker = id
  }
  return { touches: [...touches.values()], ofEnvironments }
}

/** Every `release.json` that commits wrote. */
export const markersOf = (commits: readonly LoggedCommit[]): readonly Sha[] =>
  commits.flatMap((commit) => {
    const { touches, ofEnvironments } = touchedBy(commit)
    return [...touches.flatMap(({ marker }) => marker ?? []), ...ofEnvironments.values()]
  })
