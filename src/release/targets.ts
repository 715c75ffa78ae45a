import { type Artifact, type ArtifactEnvironment, builtBranch } from '../domain/artifact.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { lastPart } from '../domain/names.ts'
import { previewNames } from '../domain/preview.ts'
import { fixedName } from '../manifest/app-name.ts'
import { rulesProblem } from '../manifest/deploy-shape.ts'
import { isPreview, type Manifest, manifestOf, type PreviewManifest } from '../manifest/manifest.ts'
import type { ManifestSet } from '../manifest/manifest-set.ts'
import { named } from '../manifest/named.ts'
import { render } from '../manifest/render.ts'
import { variablesOf } from '../manifest/variables.ts'

/** Which repository each app is bound to by its first release. */
export type Bindings = ReadonlyMap<string, string>

type Folder = Pick<ManifestSet, 'manifests' | 'templated'>

/** Where an artifact can go: the manifests that say so, its own before those of the folder. */
export function targetsOf(
  artifact: Artifact,
  { manifests, templated }: Folder,
): readonly Manifest[] {
  const { repositoryName } = artifact.version
  const named = (all: readonly Manifest[]) =>
    all.flatMap((manifest) => {
      const one = namedFor(artifact, manifest, manifests)
      return isRefusal(one) ? [] : [one]
    })
  return ownFirst(
    named([...manifests, ...templated].filter((manifest) => isOf(repositoryName, manifest))),
    named(ownManifests(artifact).filter((manifest) => !isPreview(manifest))),
  )
}

/** The manifests of an artifact whose app it gives no name, with why. */
export function unnamedOf(
  artifact: Artifact,
  { manifests, templated }: Folder,
): { readonly manifest: Manifest; readonly why: string }[] {
  const { repositoryName } = artifact.version
  const own = ownManifests(artifact).filter(({ appTemplate }) => appTemplate !== null)
  return [...templated.filter((one) => isOf(repositoryName, one)), ...own].flatMap((manifest) => {
    const named = namedFor(artifact, manifest, manifests)
    return isRefusal(named) ? [{ manifest, why: named.message }] : []
  })
}

/** The manifest with the name that the artifact gives its app: never that of an app with its own. */
function namedFor(
  artifact: Artifact,
  manifest: Manifest,
  others: readonly Manifest[],
): Manifest | Refusal {
  const named = withName(artifact, manifest)
  if (manifest.appTemplate === null || isRefusal(named)) return named
  const other = others.find(({ app }) => app === named.app)
  return other === undefined
    ? named
    : refuse('conflict', `${manifest.file}: app: ${named.app} has its own manifest, ${other.file}`)
}

/** A manifest with the name of its app for one artifact. */
const withName = (artifact: Artifact, manifest: Manifest): Manifest | Refusal =>
  named(manifest, variablesOf(artifact, { ...manifest, actor: '' }))

/** What an artifact's previews are made of, likewise. */
export const previewsOf = (
  artifact: Artifact,
  { previews }: ManifestSet,
): readonly PreviewManifest[] =>
  ownFirst(
    previews.filter((manifest) => isOf(artifact.version.repositoryName, manifest)),
    ownManifests(artifact).filter(isPreview),
  )

/** True when a manifest is of an app of this repository. */
export const isOf = (repository: string, manifest: Manifest): boolean =>
  manifest.repository === null
    ? fixedName(manifest.appTemplate ?? manifest.app) === lastPart(repository)
    : manifest.repository === repository

function ownFirst<Of extends Manifest>(ofFolder: readonly Of[], own: readonly Of[]): Of[] {
  const all = [...ofFolder, ...own]
  return [...new Map(all.map((manifest) => [`${manifest.env}/${manifest.app}`, manifest])).values()]
}

/** The manifests that an artifact brought; those that cannot be used were refused when it arrived. */
export const ownManifests = (artifact: Artifact): Manifest[] =>
  artifact.environments
    .map((environment) => manifestOf(environment, `environments of ${artifact.id}`))
    .filter((manifest): manifest is Manifest => !isRefusal(manifest))

/** The manifest of an artifact for one app and environment, or why there is none. */
export function targetOf(
  artifact: Artifact,
  set: ManifestSet,
  { env, app }: { env: string; app: string },
): Manifest | Refusal {
  // Of one app there are few, and to ask each of all whose repository it is of costs more than the rest.
  const ofApp = { ...set, manifests: set.manifests.filter((one) => one.app === app) }
  const targets = targetsOf(artifact, ofApp)
  const found = targets.find((target) => target.env === env && target.app === app)
  const isOfFolder =
    found !== undefined &&
    [...ofApp.manifests, ...set.templated].some(({ file }) => file === found.file)
  // A file that names no app may be about this one and say that it belongs to another repository:
  // then what an artifact brings cannot stand in for it, but what the folder says still counts.
  const problem = set.problems.find(
    (one) =>
      (one.app === app || (one.app === null && !isOfFolder)) &&
      (one.env === env || one.env === null),
  )
  if (problem) return refuse('invalid', problem.message)
  const preview = found ? undefined : previewOf(artifact, set, { env, app })
  const manifest = found ?? preview
  if (manifest) return manifest
  const elsewhere = targets.filter((target) => target.app === app).map((target) => target.env)
  return refuse(
    'not_found',
    elsewhere.length > 0
      ? `No manifest of ${app} is for ${env}; there are manifests for ${elsewhere.sort().join(', ')}`
      : `Artifact ${artifact.id} of ${artifact.version.repositoryName} has no manifest for ${app} in ${env}; add one to the manifests or to the artifact's environments`,
  )
}

/** The manifest of an artifact's preview of this name: no app that has a manifest of its own. */
function previewOf(
  artifact: Artifact,
  set: ManifestSet,
  { env, app: name }: { env: string; app: string },
): Manifest | undefined {
  if (set.manifests.some(({ app }) => app === name)) return undefined
  const branch = builtBranch(artifact.version)
  const found = previewsOf(artifact, set).find(
    ({ app, env: its }) => its === env && previewNames({ app, branch }).includes(name),
  )
  return found && { ...found, app: name }
}

/** The repository that alone may release an app: named by its manifest, else its first release's. */
export function ownerOf(
  app: string,
  { manifests }: ManifestSet,
  bindings: Bindings,
): string | null {
  const named = manifests.find((manifest) => manifest.app === app && manifest.repository !== null)
  return named?.repository ?? bindings.get(app) ?? null
}

type Owners = { readonly manifests: ManifestSet; readonly bindings: Bindings }

/**
 * Says no when the app belongs to another repository than the artifact's (attack A9): by its name, and
 * by its number where a manifest names one and the artifact's token has proved one.
 */
export function foreignArtifact(
  app: string,
  { version }: Artifact,
  { manifests, bindings }: Owners,
): Refusal | null {
  const { repositoryName: repository, repositoryId } = version
  const numbered = manifests.manifests.find((one) => one.app === app && one.repositoryId !== null)
  if (repositoryId !== undefined && numbered && numbered.repositoryId !== repositoryId)
    return refuse(
      'forbidden',
      `${app} belongs to the repository with the number ${numbered.repositoryId}; this ${repository} has the number ${repositoryId}`,
    )
  const owner = ownerOf(app, manifests, bindings)
  if (owner === null || owner === repository) return null
  return refuse(
    'forbidden',
    `${app} belongs to the repository ${owner}; an artifact of ${repository} cannot release it`,
  )
}

/** True of an entry that names a place, and leaves what is written there to the MANIFESTS folder. */
const isOnlyPlace = (environment: ArtifactEnvironment): boolean =>
  ['manifests', 'chart', 'kustomize'].every((field) => isBlank(Object(environment)[field]))

/** GimletD's clients send a field that is not used as empty text, or as an object of empty texts. */
const isBlank = (value: unknown): boolean =>
  (value ?? '') === '' || (typeof value === 'object' && Object.values(value ?? {}).every(isBlank))

/** What is wrong with the manifests that an artifact brings, so that it can be refused on arrival. */
export function ownManifestProblem(artifact: Artifact): Refusal | null {
  for (const [at, environment] of artifact.environments.entries()) {
    const file = `artifact.environments.${at}`
    const problem = rulesProblem(environment, file)
    if (problem) return problem
    if (isOnlyPlace(environment)) continue
    const read = manifestOf(environment, file)
    const manifest = isRefusal(read) ? read : withName(artifact, read)
    if (isRefusal(manifest)) return manifest
    // A chart is rendered when it is released: to take an artifact in waits for no program.
    if (manifest.chart !== null) continue
    const files = render(manifest, variablesOf(artifact, { ...manifest, actor: '' }))
    if (isRefusal(files)) return files
  }
  return null
}
