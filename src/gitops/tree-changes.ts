import type { Sha } from '../domain/names.ts'
import type { Tree, TreeEntry } from './github-git.ts'

/** An entry of a tree that is as in none of the trees before it; without an id it is gone. */
export type EntryChange = {
  readonly name: string
  readonly isFolder: boolean
  readonly id: Sha | null
  /** What it was in each of the trees before. */
  readonly before: readonly (Sha | null)[]
}

/** A file and a folder of one name are two entries, as git has it. */
const keyOf = ({ path, type }: TreeEntry): string => (type === 'tree' ? `${path}/` : path)

/** Compares a tree with those of the sides that a commit has, as `git log -c` does. */
export function entryChanges(
  now: Tree | undefined,
  before: readonly (Tree | undefined)[],
): EntryChange[] {
  const current = byKey(now)
  const sides = before.map(byKey)
  const keys = new Set([...current.keys(), ...sides.flatMap((side) => [...side.keys()])])
  return [...keys].flatMap((key): EntryChange[] => {
    const entry = current.get(key)
    const old = sides.map((side) => side.get(key))
    const isChanged = old.every((one) => one?.sha !== entry?.sha || one?.mode !== entry?.mode)
    if (!isChanged) return []
    const isFolder = key.endsWith('/')
    const name = isFolder ? key.slice(0, -1) : key
    return [{ name, isFolder, id: entry?.sha ?? null, before: old.map((one) => one?.sha ?? null) }]
  })
}

const byKey = (tree: Tree | undefined): ReadonlyMap<string, TreeEntry> =>
  new Map([...(tree?.entries.values() ?? [])].map((entry) => [keyOf(entry), entry]))
