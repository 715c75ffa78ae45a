import type { Sha } from '../domain/names.ts'
import type { Sources } from '../domain/sources.ts'
import { inWholeFolder } from '../domain/whole-folders.ts'

/** Reads policies or manifests, as they stand on `tip` when they lie in the GitOps repository. */
export type ReadSources = (tip: Sha) => Promise<Sources>

/** Which of these paths are read: policies and manifests, and all of a chart or a kustomization. */
export function sourcesAmong(paths: readonly string[]): (path: string) => boolean {
  const isOfFolder = inWholeFolder(paths)
  return (path) => /\.(?:json|ya?ml)$/.test(path) || isOfFolder(path)
}
