import type { FolderAt } from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'

/** The largest `release.json` that is read, in bytes: it holds an artifact's version and little more. */
export const releaseFileBytesMax = 2 * 1024 * 1024

type Entry = { readonly path: string; readonly type: string; readonly sha: Sha }

/** Notes what lies below a commit, if it is a folder `<env>/<app>` or its `release.json`; the folder first. */
export function noteFolder(folders: Map<string, FolderAt>, { path, type, sha }: Entry): void {
  const [env = '', app = '', file, ...deeper] = path.split('/', 4)
  const folder = `${env}/${app}`
  if (type === 'tree' && app !== '' && file === undefined)
    folders.set(folder, { folder, tree: sha, marker: null })
  const found = folders.get(folder)
  if (found && type === 'blob' && file === 'release.json' && deeper.length === 0)
    folders.set(folder, { ...found, marker: sha })
}

type Ids = (names: readonly string[]) => Promise<ReadonlyMap<string, Sha>>

/** Some folders of a commit, by what answers the ids of names. */
export async function foldersBy(
  ids: Ids,
  { tip, paths }: { readonly tip: Sha; readonly paths: readonly string[] },
): Promise<ReadonlyMap<string, FolderAt>> {
  const names = paths.flatMap((path) => [`${tip}:${path}`, `${tip}:${path}/release.json`])
  const found = await ids(names)
  const folders = paths.flatMap((folder): FolderAt[] => {
    const tree = found.get(`${tip}:${folder}`)
    const marker = found.get(`${tip}:${folder}/release.json`) ?? null
    return tree === undefined ? [] : [{ folder, tree, marker }]
  })
  return new Map(folders.map((one) => [one.folder, one]))
}
