import type { PlannedCommit } from '../domain/change.ts'

/**
 * Where paths begin in a repository. Everybody else says `<env>/<app>/…`; a repository that is of one
 * environment has its apps at its top, and its writer and its readers turn one into the other.
 */
export type Root = {
  /** The path in the repository. */
  inside(path: string): string
  /** The path as everybody else says it. */
  outside(path: string): string
}

/** A commit with the folder that it has in the repository. */
export const insideOf = (root: Root, { change, ...commit }: PlannedCommit): PlannedCommit => ({
  ...commit,
  change: { ...change, folder: root.inside(change.folder) },
})

/** A name such as `<commit>:<path>` with the path that it has in the repository. */
export function nameInside(root: Root, name: string): string {
  const colon = name.indexOf(':')
  return name.slice(0, colon + 1) + root.inside(name.slice(colon + 1))
}

/** `null` is for a repository with a folder for each environment. */
export function rootOf(environment: string | null): Root {
  if (environment === null) return { inside: (path) => path, outside: (path) => path }
  const prefix = `${environment}/`
  return {
    inside: (path) => (path.startsWith(prefix) ? path.slice(prefix.length) : path),
    outside: (path) => prefix + path,
  }
}
