import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Sources } from '../domain/sources.ts'
import type { Git } from './git.ts'

/** Reads policies or manifests, as they stand on `tip` when they lie in the GitOps repository. */
export type ReadSources = (tip: Sha) => Promise<Sources>

const wanted = /\.(?:json|ya?ml)$/
const filesMax = 20_000

/**
 * Sources that lie in a folder of this machine. They are read again when a file in it changed, so a
 * new policy counts from the next decision on. Throws `sources_unreadable`.
 */
export function folderSources(folder: string): ReadSources {
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
      throw new Fault('sources_unreadable', `reading the folder ${resolve(folder)}`, {
        cause: error,
      })
    }
  }
}

/** Sources that lie in a folder of the GitOps repository; their version is the commit they are of. */
export function branchSources(git: Git, folder: string): ReadSources {
  let cached: { tree: string; sources: Sources } | undefined
  return async (tip) => {
    try {
      const tree = (await git(['rev-parse', '--verify', `${tip}:${folder}`])).trim()
      // Most commits leave the folder as it is: then the tree is the same, and so is what was read.
      if (cached?.tree !== tree)
        cached = { tree, sources: { version: tip, files: await readTree(git, tree) } }
      return cached.sources
    } catch (error) {
      throw new Fault('sources_unreadable', `reading ${folder} of the GitOps repository`, {
        cause: error,
      })
    }
  }
}

/** Path, size and time of every file that counts; links are not followed. */
async function listFolder(folder: string): Promise<[string, number, number][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && wanted.test(entry.name))
  if (files.length > filesMax) throw new Error(`more than ${filesMax} files`)
  const found = await Promise.all(
    files.map(async (entry): Promise<[string, number, number]> => {
      const path = join(entry.parentPath, entry.name)
      const { size, mtimeMs } = await stat(path)
      return [relative(folder, path), size, mtimeMs]
    }),
  )
  return found.sort(([a], [b]) => (a < b ? -1 : 1))
}

async function readTree(git: Git, tree: string): Promise<Map<string, string>> {
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', tree])
  const files = new Map<string, string>()
  for (const line of listed.split('\0').filter(Boolean)) {
    const [meta = '', path = ''] = line.split('\t')
    const [mode, , blob = ''] = meta.split(' ')
    if (mode?.startsWith('100') && wanted.test(path))
      files.set(path, await git(['cat-file', 'blob', blob]))
  }
  return files
}

function contentVersion(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const [path, text] of files) hash.update(`${path}\0${Buffer.byteLength(text)}\0${text}`)
  return `sha256:${hash.digest('hex').slice(0, 16)}`
}
