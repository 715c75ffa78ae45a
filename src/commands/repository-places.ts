import { type Artifact, builtBranch } from '../domain/artifact.ts'
import { previewNames } from '../domain/preview.ts'
import type { Release } from '../domain/release.ts'
import { isOf, previewsOf, targetsOf } from '../release/targets.ts'
import type { CommandPorts } from './ports.ts'

type ManifestSet = Awaited<ReturnType<CommandPorts['sources']['manifests']>>
type Target = { readonly env: string; readonly app: string }

/** Where the apps of a repository can go, by the manifests. */
export const placesOf = (manifests: ManifestSet['manifests'], repository: string): Target[] =>
  manifests.filter((manifest) => isOf(repository, manifest)).map(({ app, env }) => ({ app, env }))

/** The workflows whose runs make artifacts of a repository, by the names of their files. */
export const workflowsOf = (
  { manifests, previews, templated }: ManifestSet,
  repository: string,
): ReadonlySet<string> =>
  new Set(
    [...manifests, ...previews, ...templated]
      .filter((manifest) => isOf(repository, manifest))
      .flatMap(({ workflow }) => workflow ?? []),
  )

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

type Branch = {
  readonly repository: string
  readonly branch: string
  readonly artifact?: Artifact | undefined
}

/** Where the previews of a branch are, or would be: under the names that they have, if they run. */
export function previewPlaces(
  set: ManifestSet,
  { repository, branch, artifact }: Branch,
  running: readonly Release[],
): Target[] {
  const manifests = artifact
    ? previewsOf(artifact, set)
    : set.previews.filter((manifest) => isOf(repository, manifest))
  const here = running.filter(
    ({ version }) => version.repositoryName === repository && builtBranch(version) === branch,
  )
  return manifests.map(({ app, env }) => {
    const names = previewNames({ app, branch })
    const runs = here.find((one) => one.env === env && names.includes(one.app))
    return { env, app: runs?.app ?? names[0] ?? app }
  })
}
