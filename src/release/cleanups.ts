import { type Artifact, builtBranch } from '../domain/artifact.ts'
import type { PolicyTrace, TriggerAnswer } from '../domain/decision.ts'
import type { About } from '../domain/event.ts'
import { isRefusal, type Refusal } from '../domain/fault.ts'
import { previewNames } from '../domain/preview.ts'
import type { Release } from '../domain/release.ts'
import { appNameOf, fixedName } from '../manifest/app-name.ts'
import { askCleanup, type CleanupRule, cleanupPolicy } from '../manifest/deploy-trigger.ts'
import { isPreview, type Manifest } from '../manifest/manifest.ts'
import { type Variables, variablesOf } from '../manifest/variables.ts'
import type { Given } from './expansion.ts'
import type { ProposalPorts } from './ports.ts'
import { placeKey } from './preview-place.ts'
import { isOf, ownManifests } from './targets.ts'

/** A branch that is gone. */
export type Gone = { readonly repository: string; readonly branch: string }

/** What a manifest's `cleanup` says of a branch that is gone; `about` is for the request that it makes. */
export type Cleanup = { readonly answer: TriggerAnswer; readonly about: About }

type Ruled = Manifest & { readonly cleanup: CleanupRule }

/** What is known of the branch: an artifact of it, and everything that runs anywhere. */
type Known = {
  readonly gone: Gone
  readonly artifact: Artifact | undefined
  readonly running: readonly Release[]
}

/** What the manifests of a repository say about one of its branches that is gone, a place once. */
export async function cleanupsFor(
  ports: ProposalPorts,
  gone: Gone,
  { manifests: set }: Given,
): Promise<Cleanup[]> {
  const running = await ports.releases.running({})
  const artifacts = await artifactsOf(ports, gone, running)
  const folder = [...set.manifests, ...set.templated, ...set.previews]
    .filter((manifest) => isOf(gone.repository, manifest))
    .map((manifest) => ({ manifest, artifact: artifacts.at(-1) }))
  const own = artifacts.flatMap((artifact) =>
    ownManifests(artifact).map((manifest) => ({ manifest, artifact })),
  )
  // Of the same app and environment the artifact's own counts, and of these the newest.
  const all = new Map(
    [...folder, ...own].map((one) => [
      `${placeKey(one.manifest)}${isPreview(one.manifest) ? ' preview' : ''}`,
      one,
    ]),
  )
  const found = [...all.values()].flatMap(({ manifest, artifact }) => {
    const ruled = withRule(manifest)
    return ruled === null ? [] : [cleanupOf(ruled, { gone, artifact, running })]
  })
  return [...new Map(found.map((one) => [placeKey(one.answer), one])).values()]
}

/** Why something that runs is not deleted with a branch, or nothing when it is the branch's own. */
export function whyStays(gone: Gone, release: Release | undefined): string | null {
  if (release === undefined) return 'it does not run there'
  const { artifactId, triggeredBy: by, version } = release
  const branch = builtBranch(version)
  if (version.repositoryName !== gone.repository || branch !== gone.branch)
    return `${artifactId} of ${branch || version.repositoryName} runs there, released by ${by}`
  return null
}

/** The same, and what a person went back to stays as well. */
export function whyKept(gone: Gone, release: Release | undefined): string | null {
  const { rollbackTo, triggeredBy: by = '' } = release ?? {}
  const isPersons = rollbackTo !== undefined && !by.startsWith('policy:')
  return whyStays(gone, release) ?? (isPersons ? `${by} has rolled it back` : null)
}

/** The artifacts that say how a branch is cleaned up: those that run, and last the newest of it. */
async function artifactsOf(
  { artifacts }: ProposalPorts,
  gone: Gone,
  running: readonly Release[],
): Promise<readonly Artifact[]> {
  const newest = await artifacts.ofBranch(gone)
  const ids = running
    .filter((release) => whyStays(gone, release) === null)
    .map(({ artifactId }) => artifactId)
    .filter((id) => id !== newest?.id)
  const others = await artifacts.findAll([...new Set(ids)])
  return newest ? [...others, newest] : others
}

/**
 * A manifest with the rule that it goes by. A preview is cleaned up under its own name, and one that
 * comes without a pull request goes with its branch when it does not say otherwise.
 */
function withRule(manifest: Manifest): Ruled | null {
  const { cleanup, app, deploy } = manifest
  if (!isPreview(manifest)) return cleanup && { ...manifest, cleanup }
  if (cleanup !== null) return { ...manifest, cleanup: { ...cleanup, app } }
  return deploy.length > 0 ? { ...manifest, cleanup: { branch: '*', app } } : null
}

function cleanupOf(manifest: Ruled, known: Known): Cleanup {
  const { gone, running } = known
  const { env, cleanup } = manifest
  const asked = askCleanup(manifest, gone.branch)
  const app = appOf(manifest, known)
  const ofBranch = isPreview(manifest)
  const { repository, branch } = gone
  const about: About = { on: ofBranch ? 'preview' : 'cleanup', repository, branch }
  const answer = (name: string, trace: PolicyTrace): Cleanup => ({
    answer: {
      ...{ app: name, env, problem: null, trace: [trace] },
      by: trace.outcome === 'holds' ? cleanupPolicy : null,
    },
    about,
  })
  if (isRefusal(app)) {
    const problem = `cleanup.app: ${app.message}`
    return answer(fixedName(cleanup.app ?? manifest.app), { ...asked, outcome: 'error', problem })
  }
  const there = running.find((release) => release.env === env && release.app === app)
  const stays = (ofBranch ? whyStays : whyKept)(gone, there)
  return answer(
    app,
    asked.outcome !== 'holds' || stays === null
      ? asked
      : { ...asked, outcome: 'skipped', problem: there ? `it stays: ${stays}` : stays },
  )
}

/** The app that is cleaned up, as its release names it. */
function appOf(manifest: Ruled, known: Known): string | Refusal {
  const { app, env, cleanup } = manifest
  const { gone, running } = known
  if (!isPreview(manifest))
    return appNameOf(cleanup.app ?? fixedName(app), variablesFor(manifest, known))
  const names = previewNames({ app, branch: gone.branch })
  const here = running.filter((release) => release.env === env && whyStays(gone, release) === null)
  return here.find((release) => names.includes(release.app))?.app ?? names[0] ?? app
}

/** GimletD knows only the branch here; what its artifact tells besides cannot be wrong. */
function variablesFor(manifest: Ruled, { gone, artifact }: Known): Variables {
  const { app, appTemplate, env, namespace } = manifest
  const known = artifact ? variablesOf(artifact, { app, env, namespace, actor: '' }) : []
  const own = { BRANCH: gone.branch, REPO: gone.repository, ENV: env, NAMESPACE: namespace }
  const variables = new Map([...known, ...Object.entries(own), ['APP', app] as const])
  if (appTemplate !== null) variables.delete('APP')
  return variables
}
