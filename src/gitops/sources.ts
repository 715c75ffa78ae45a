import { createHash } from 'node:crypto'
import { lstatSync, type Stats } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Sources } from '../domain/sources.ts'
import { type Git, GitFailure } from './git.ts'
import { type ReadSources, sourcesAmong } from './source-paths.ts'

const filesMax = 20_000

/**
 * Sources that lie in a folder of this machine. They are read again when a file in it changed, so a
 * new policy counts from the next decision on. Throws `sources_unreadable`.
 */
export function folderSources(folder: string): ReadSources {
  return shared(folderReader(folder))
}

/**
 * Those who ask while a reading is under way share the next one: the one that began before them may
 * miss what has changed since.
 */
function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const begin = () => {
    next = undefined
    running = read().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (!running) return begin()
    next ??= running.then(begin, begin)
    return next
  }
}

function folderReader(folder: string): () => Promise<Sources> {
  let cached: { signature: string; sources: Sources } | undefined
  return async () => {
    try {
      const found = await listFolder(folder)
      const signature = JSON.stringify(found)
      if (cached?.signature !== signature) {
        const files = new Map<string, string>()
        for (const [path] of found) files.set(path, await readFile(join(folder, path), 'utf8'))
        cached = { signature, sources: { version: contentVersion(files), files } }
      }
      return cached.sources
    } catch (error) {
      if (error instanceof Fault) throw error
      throw new Fault('sources_unreadable', `reading the folder ${resolve(folder)}`, {
        cause: error,
      })
    }
  }
}

/** Sources that lie in a folder of the GitOps repository; their version is the commit they are of. */
export function branchSources(git: Git, folder: string): ReadSources {
  let cached: { tree: string; sources: Sources } | undefined
  let known: { tip: Sha; sources: Sources } | undefined
  return async (tip) => {
    // A commit never changes: to ask git again would start a program for each look.
    if (known?.tip === tip) return known.sources
    try {
      const tree = (await git(['rev-parse', '--verify', `${tip}:${folder}`])).trim()
      // Most commits leave the folder as it is: then the tree is the same, and so is what was read.
      if (cached?.tree !== tree)
        cached = { tree, sources: { version: tip, files: await readTree(git, tree, sourcesAmong) } }
      known = { tip, sources: cached.sources }
      return cached.sources
    } catch (error) {
      throw new Fault('sources_unreadable', `reading ${folder} of the GitOps repository`, {
        cause: error,
      })
    }
  }
}

/** What tells one content of a file from another without reading it. */
type Signature = readonly [
  path: string,
  size: number,
  mtimeMs: number,
  ctimeMs: number,
  ino: number,
]

/**
 * Every file that counts. A Kubernetes ConfigMap is a folder of links into a hidden one beside them:
 * such links are followed. One that leads out of the folder or nowhere is an error, because a gate
 * must not go missing without a word.
 */
async function listFolder(folder: string): Promise<readonly Signature[]> {
  const root = await realpath(folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const all = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => ({
      path: relative(root, join(entry.parentPath, entry.name)),
      isLink: entry.isSymbolicLink(),
    }))
    .filter(({ path }) => !path.split(sep).some((part) => part.startsWith('..')))
  const isSource = sourcesAmong(all.map(({ path }) => path))
  const paths = all.filter(({ path }) => isSource(path))
  if (paths.length > filesMax) throw new Error(`more than ${filesMax} files`)
  const found: Signature[] = []
  for (const [at, one] of paths.entries()) {
    found.push(await signatureOf(root, one))
    if (at % sliceFiles === sliceFiles - 1) await nextTurn()
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** So many files are looked at before others have their turn: less than a millisecond. */
const sliceFiles = 128

async function signatureOf(
  root: string,
  { path, isLink }: { path: string; isLink: boolean },
): Promise<Signature> {
  // Without the thread pool: to look at a file takes 3 µs, to ask the pool for it ten times that.
  const stats = isLink
    ? await statOfLink(root, path)
    : lstatSync(join(root, path), { throwIfNoEntry: false })
  if (!stats?.isFile())
    throw new Fault(
      'sources_unreadable',
      `reading ${path} of the folder ${root}: it must be a file of that folder, or a link to one`,
    )
  return [path, stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino]
}

async function statOfLink(root: string, path: string): Promise<Stats | undefined> {
  const file = await realpath(join(root, path)).catch(() => undefined)
  return file?.startsWith(root + sep) ? stat(file) : undefined
}

/** So many folders are remembered: a commit never changes, and each look would start two programs. */
const foldersMax = 1_000

const anyName = /(?:)/

/** Reads the files of a folder as a commit has it, those whose name fits; none when there is no folder. */
export function readFolder(git: Git) {
  const known = new Map<string, ReadonlyMap<string, string>>()
  return async (commit: Sha, folder: string, name = anyName) => {
    const key = `${commit} ${folder} ${name.source}`
    const files = known.get(key) ?? (await readAt(git, `${commit}:${folder}`, name))
    known.delete(key)
    known.set(key, files)
    for (const oldest of known.keys()) {
      if (known.size <= foldersMax) break
      known.delete(oldest)
    }
    return files
  }
}

async function readAt(git: Git, folder: string, name: RegExp): Promise<Map<string, string>> {
  try {
    const tree = (await git(['rev-parse', '--verify', '--quiet', folder])).trim()
    return await readTree(git, tree, () => (path) => name.test(path))
  } catch (error) {
    if (error instanceof GitFailure && error.exitCode === 1) return new Map()
    throw error
  }
}

async function readTree(
  git: Git,
  tree: string,
  among: typeof sourcesAmong,
): Promise<Map<string, string>> {
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', tree])
  const entries = listed
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const tab = line.indexOf('\t')
      return [line.slice(0, tab), line.slice(tab + 1)]
    })
  const isWanted = among(entries.map(([, path = '']) => path))
  const files = new Map<string, string>()
  for (const [meta = '', path = ''] of entries) {
    if (!isWanted(path)) continue
    const [mode = '', , blob = ''] = meta.split(' ')
    if (!mode.startsWith('100')) throw new Error(`${path} is a link`)
    files.set(path, await git(['cat-file', 'blob', blob]))
  }
  return files
}

function contentVersion(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const [path, text] of files) hash.update(`${path}\0${Buffer.byteLength(text)}\0${text}`)
  return `sha256:${hash.digest('hex').slice(0, 16)}`
}
