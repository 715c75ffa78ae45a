import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Sources } from '../domain/sources.ts'
import { textIdOf } from './blob-id.ts'
import type { GithubReader } from './github-read.ts'
import { type ReadSources, sourcesAmong } from './source-paths.ts'

/** Where what was read of a folder outlives the process, by the id of its tree. */
export type KeptSources = {
  find(tree: Sha): Promise<Sources | undefined>
  keep(tree: Sha, sources: Sources): Promise<void>
}

type Known = { readonly tree: Sha; readonly sources: Sources }

/**
 * Sources that lie in a folder of a GitOps repository on GitHub; their version is the commit they are
 * of. A tree that is as it was is not read, and of one that changed only the files that did.
 */
export function githubSources(
  reader: GithubReader,
  folder: string,
  kept?: KeptSources,
): ReadSources {
  let known: (Known & { readonly tip: Sha }) | undefined
  const read = async (tree: Sha, tip: Sha): Promise<Sources> => {
    const sources = (await kept?.find(tree)) ?? {
      version: tip,
      files: await filesBelow(reader, tree, { among: sourcesAmong, old: known?.sources }),
    }
    // Also one that was kept before: it is the newest again.
    await kept?.keep(tree, sources)
    return sources
  }
  return async (tip) => {
    if (known?.tip === tip) return known.sources
    return asked(folder, async () => {
      const tree = await reader.folderId(tip, folder)
      if (tree === undefined) throw new Error(`there is no ${folder} at ${tip}`)
      const sources = known?.tree === tree ? known.sources : await read(tree, tip)
      known = { tip, tree, sources }
      return sources
    })
  }
}

/** GitHub's own troubles keep their words; what is wrong with the folder is told as such. */
async function asked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('sources_unreadable', `reading ${folder} of the GitOps repository`, {
      cause: error,
    })
  }
}

const anyName = /(?:)/

/** Reads the files of a folder as a commit has it, those whose name fits; none when there is no folder. */
export function readGithubFolder(reader: GithubReader) {
  return async (
    commit: Sha,
    folder: string,
    name = anyName,
  ): Promise<ReadonlyMap<string, string>> => {
    const tree = await reader.folderId(commit, folder)
    if (tree === undefined) return new Map()
    return filesBelow(reader, tree, { among: () => (path) => name.test(path) })
  }
}

type Wanted = {
  readonly among: typeof sourcesAmong
  /** What was read before: a file that is still the same one is not read again. */
  readonly old?: Sources | undefined
}

async function filesBelow(
  reader: GithubReader,
  tree: Sha,
  { among, old }: Wanted,
): Promise<Map<string, string>> {
  const listed = (await reader.below(tree)).filter(({ type }) => type !== 'tree')
  const isWanted = among(listed.map(({ path }) => path))
  const wanted = listed.filter(({ path }) => isWanted(path))
  const link = wanted.find(({ mode }) => !mode.startsWith('100'))
  if (link) throw new Error(`${link.path} is a link`)
  const same = await textsOf(old)
  const missing = wanted.map(({ sha }) => sha).filter((sha) => !same.has(sha))
  const texts = new Map([...same, ...(await reader.texts(missing))])
  return new Map(
    wanted.map(({ path, sha }) => {
      const text = texts.get(sha)
      if (text === undefined) throw new Error(`${path} is not there`)
      return [path, text]
    }),
  )
}

/** Texts by the ids that git gives them. */
async function textsOf(sources: Sources | undefined): Promise<ReadonlyMap<Sha, string>> {
  const texts = [...(sources?.files.values() ?? [])]
  return new Map(
    await Promise.all(texts.map(async (text) => [await textIdOf(text), text] as const)),
  )
}
