import type { Artifact } from '../domain/artifact.ts'
import { lastPart } from '../domain/names.ts'
import { targetsOf } from '../release/targets.ts'
import type { CommandPorts } from './ports.ts'

type ManifestSet = Awaited<ReturnType<CommandPorts['sources']['manifests']>>
type Target = { readonly env: string; readonly app: string }

/** Where the apps of a repository can go, by the manifests. */
export const placesOf = (manifests: ManifestSet['manifests'], repository: string): Target[] =>
  manifests
    .filter((manifest) =>
      manifest.repository === null
        ? manifest.app === lastPart(repository)
        : manifest.repository === repository,
    )
    .map(({ app, env }) => ({ app, env }))

/** The same, with where an artifact says itself that it can go; in the order of names. */
export function placesWith(
  set: ManifestSet,
  { repository, artifact }: { repository: string; artifact: Artifact | undefined },
): Target[] {
  const own = artifact === undefined ? [] : targetsOf(artifact, set)
  const all = [...placesOf(set.manifests, repository), ...own]
  const known = new Map(all.map(({ app, env }) => [`${env} ${app}`, { app, env }]))
  return [...known.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, it]) => it)
}
