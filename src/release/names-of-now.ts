import { lastPart } from '../domain/names.ts'
import type { RepositoryNames } from '../domain/repository-names.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { ManifestSet } from '../manifest/manifest-set.ts'
import type { Bindings } from './targets.ts'

/** Whether the manifests may say a name that a repository does not have any more, or only its number. */
export function mayBeOld(
  { manifests, previews, templated }: ManifestSet,
  { ofNames }: RepositoryNames,
): boolean {
  const isRenamed = [...ofNames].some(([name, now]) => name !== now)
  const all = [...manifests, ...previews, ...templated]
  return isRenamed || all.some(({ repositoryId }) => repositoryId !== null)
}

/**
 * The manifests with their repositories as they are called now. People write a name, and a repository
 * that is renamed keeps its apps; one that is given its old name gets none of them by that (row A9).
 */
export function namesOfNow(
  set: ManifestSet,
  names: RepositoryNames,
  bindings: Bindings,
): ManifestSet {
  const named = <Of extends Manifest>(manifest: Of): Of => ({
    ...manifest,
    repository: repositoryOf(manifest, names, bindings),
  })
  return {
    ...set,
    manifests: set.manifests.map(named),
    previews: set.previews.map(named),
    templated: set.templated.map(named),
  }
}

function repositoryOf(
  { app, repository, repositoryId }: Manifest,
  { ofNames, ofIds }: RepositoryNames,
  bindings: Bindings,
): string | null {
  if (repositoryId !== null) return ofIds.get(repositoryId) ?? repository
  if (repository !== null) return ofNames.get(repository) ?? repository
  // Without a name in the manifest the app belongs to the repository that is called like it, or was.
  const bound = bindings.get(app)
  const wasCalledSo = [...ofNames].some(([name, now]) => now === bound && lastPart(name) === app)
  return bound !== undefined && wasCalledSo && lastPart(bound) !== app ? bound : null
}
