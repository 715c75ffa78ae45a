import { type Artifact, builtBranch } from '../domain/artifact.ts'
import type { TriggerAnswer } from '../domain/decision.ts'
import type { About } from '../domain/event.ts'
import { fixedName } from '../manifest/app-name.ts'
import { askDeploy, deployPolicy } from '../manifest/deploy-trigger.ts'
import type { Manifest, PreviewManifest } from '../manifest/manifest.ts'
import type { Given } from './expansion.ts'
import type { ProposalPorts } from './ports.ts'
import { freeName, placeKey } from './preview-place.ts'
import { previewsOf, unnamedOf } from './targets.ts'

/** What the triggers said of a place, with what its manifest says itself: whoever asks first is who asked. */
export function withDeploy(
  answer: TriggerAnswer,
  manifest: Manifest,
  { version }: Artifact,
): TriggerAnswer {
  const trace = askDeploy(manifest, version)
  if (trace === null) return answer
  const asks = trace.outcome === 'holds' && answer.problem === null
  return {
    ...answer,
    by: answer.by ?? (asks ? deployPolicy : null),
    trace: [...answer.trace, trace],
  }
}

/** What `deploy` would be asked of, had the artifact given the app a name: told, with why it has none. */
export const unnamedAnswers = (artifact: Artifact, { manifests }: Given): TriggerAnswer[] =>
  unnamedOf(artifact, manifests).flatMap(({ manifest, why }) => {
    const { file, env, appTemplate } = manifest
    const app = fixedName(appTemplate ?? manifest.app)
    const about = {
      policy: deployPolicy,
      kind: 'trigger',
      description: `deploy in ${file}`,
    } as const
    return manifest.deploy.length === 0
      ? []
      : [
          {
            app,
            env,
            by: null,
            problem: null,
            trace: [{ ...about, outcome: 'error', problem: why }],
          },
        ]
  })

/** A preview that its manifest's own rule asks for, or does not, with or without a pull request. */
export type PreviewAnswer = { readonly answer: TriggerAnswer; readonly about: About }

/** What the `deploy` of previews says of an artifact; those without are left to pull requests. */
export async function previewDeploys(
  ports: ProposalPorts,
  artifact: Artifact,
  given: Given,
): Promise<PreviewAnswer[]> {
  const answers: PreviewAnswer[] = []
  for (const manifest of previewsOf(artifact, given.manifests)) {
    const answer = withDeploy(
      { app: manifest.app, env: manifest.env, by: null, problem: null, trace: [] },
      manifest,
      artifact,
    )
    if (answer.trace.length === 0) continue
    const place = {
      repository: artifact.version.repositoryName,
      branch: builtBranch(artifact.version),
    }
    const app = await nameOf(ports, { manifest, ...place }, given)
    if (app !== null) answers.push({ answer: { ...answer, app }, about: aboutOf(manifest, place) })
  }
  return answers
}

type OfBranch = { readonly repository: string; readonly branch: string }

const aboutOf = ({ preview }: PreviewManifest, place: OfBranch): About => ({
  on: 'preview',
  ...place,
  days: preview.days,
})

/** The name that the branch has there, or the first that is free. */
async function nameOf(
  { releases }: ProposalPorts,
  { manifest, ...of }: OfBranch & { readonly manifest: PreviewManifest },
  { manifests, bindings }: Given,
): Promise<string | null> {
  const { app, env } = manifest
  const running = await releases.running({ env })
  const holders = {
    ownApps: new Set(manifests.manifests.map((one) => one.app)),
    bindings,
    running: new Map(running.map((release) => [placeKey(release), release])),
    asked: new Map(),
    wanted: new Map(),
  }
  return freeName(holders, { app, env, ...of })
}
