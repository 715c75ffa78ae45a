import type { Actor } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import { limitMax, type ReleaseCommand } from '../domain/command.ts'
import { type NewEvent, type TargetedEvent, unstored } from '../domain/event.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Outcome, Plan } from '../domain/outcome.ts'
import { propose } from '../release/propose.ts'
import { type Bindings, foreignArtifact, targetOf, targetsOf } from '../release/targets.ts'
import { ownerIn } from './artifacts.ts'
import { type Asked, ask, eventOf } from './ask.ts'
import type { CommandPorts } from './ports.ts'
import { nothingOf } from './suggest.ts'

/** The branches that count as a repository's default one until GitHub tells which it is. */
const defaultBranches = ['main', 'master']

/** Asks for a release, or tells what one would do. */
export async function release(
  ports: CommandPorts,
  actor: Actor,
  command: ReleaseCommand,
): Promise<Outcome> {
  if (command.force && !command.reason?.trim())
    return refuse('invalid', 'reason: to force past gates and locks say why, with --reason TEXT')
  const awaited = awaitedBy(command)
  const artifact = await findArtifact(ports, command)
  if (awaited && isRefusal(artifact) && artifact.code === 'not_found')
    return ask(ports, actor, awaited)
  if (isRefusal(artifact)) return artifact
  const apps = await appsOf(ports, artifact, command)
  if (isRefusal(apps)) return apps
  const { env, reason, force: forced = false } = command
  const subject = { artifactId: artifact.id, env, toRef: null }
  const asked = { kind: 'release', ...subject, reason, forced } as const
  if (!command.dryRun) return ask(ports, actor, { ...asked, app: command.app ?? null })
  const events = apps.map((app) => eventOf(ports, actor, { ...asked, app }))
  return { kind: 'plans', plans: await plansOf(ports, events) }
}

/** The request that waits for the artifact of a commit; nothing when none may wait. */
function awaitedBy({ app, env, commit, reason, dryRun, force }: ReleaseCommand): Asked | undefined {
  if (app === undefined || commit === undefined || dryRun) return undefined
  const asked = { kind: 'release', app, env, artifactId: null, toRef: null } as const
  return { ...asked, reason, forced: force ?? false, about: { on: 'commit', ...commit } }
}

/** An artifact's id can look like an app's name: one that is stored is meant as what it is. */
export async function named(ports: CommandPorts, command: ReleaseCommand): Promise<ReleaseCommand> {
  const { app, ...rest } = command
  const isNamed = [command.artifactId, command.sha, command.from, command.commit].some(
    (one) => one !== undefined,
  )
  if (app === undefined || isNamed) return command
  return (await ports.artifacts.find(app)) ? { ...rest, artifactId: app } : command
}

/** The artifact that a release names, by its id or by its app and perhaps its source commit. */
export async function findArtifact(
  ports: CommandPorts,
  { artifactId, app, sha, from, commit }: ReleaseCommand,
): Promise<Artifact | Refusal> {
  if (from !== undefined && (artifactId ?? sha) !== undefined)
    return refuse('invalid', 'from: a promotion is of what runs there; name no artifact besides')
  if (from !== undefined) return runningArtifact(ports, { app, from })
  if (commit !== undefined)
    return (
      (await ports.artifacts.ofCommit(commit)) ??
      refuse('not_found', `CI has not posted an artifact for ${commit.sha.slice(0, 8)} yet`)
    )
  if (artifactId !== undefined)
    return (
      (await ports.artifacts.find(artifactId)) ??
      refuse('not_found', `There is no artifact ${artifactId}`)
    )
  if (app === undefined) return refuse('invalid', 'artifactId: name the artifact or the app')
  const found = await ports.artifacts.list({
    app: { name: app, repository: await ownerIn(ports, app) },
    limit: limitMax,
    offset: 0,
  })
  const newest = found.find(({ version }) =>
    sha === undefined
      ? version.event === 'push' && defaultBranches.includes(version.branch)
      : version.sha.startsWith(sha),
  )
  const of = sha === undefined ? `on ${defaultBranches.join(' or ')}` : `of the commit ${sha}`
  return newest ?? nothingOf(ports, app, `There is no artifact of ${app} ${of}`)
}

/** What a promotion is of: the artifact that runs of the app where it comes from. */
async function runningArtifact(
  ports: CommandPorts,
  { app, from }: { app: string | undefined; from: string },
): Promise<Artifact | Refusal> {
  if (app === undefined) return refuse('invalid', 'app: name the app to promote')
  const [running] = await ports.releases.running({ env: from, app })
  if (!running) return refuse('not_found', `${app} does not run in ${from}`)
  return (
    (await ports.artifacts.find(running.artifactId)) ??
    refuse('not_found', `The artifact ${running.artifactId} that runs in ${from} is not known here`)
  )
}

/**
 * The apps that the release is of; checked now so that a mistake is told at once. The git host is only
 * asked before a no: a yes is decided again on the newest tip anyway.
 */
async function appsOf(
  ports: CommandPorts,
  artifact: Artifact,
  command: ReleaseCommand,
): Promise<readonly string[] | Refusal> {
  const bindings = await ports.releases.bindings(
    command.app === undefined ? undefined : [command.app],
  )
  const on = async (tip: Sha) =>
    appsIn({ artifact, bindings, manifests: await ports.sources.manifests(tip) }, command)
  const last = await on(await ports.gitops.lastTip())
  return isRefusal(last) ? on(await ports.gitops.tip()) : last
}

type Known = {
  readonly artifact: Artifact
  readonly bindings: Bindings
  readonly manifests: Awaited<ReturnType<CommandPorts['sources']['manifests']>>
}

function appsIn(
  { artifact, bindings, manifests }: Known,
  { app, env }: ReleaseCommand,
): readonly string[] | Refusal {
  if (app !== undefined) {
    const foreign = foreignArtifact(app, artifact, { manifests, bindings })
    const target = foreign ?? targetOf(artifact, manifests, { app, env })
    return isRefusal(target) ? target : [app]
  }
  const all = targetsOf(artifact, manifests)
  const here = all.filter((target) => target.env === env)
  const known = [...new Set(all.map((target) => target.env))].sort()
  if (here.length > 0) return here.map((target) => target.app)
  return refuse(
    'not_found',
    known.length > 0
      ? `${artifact.id} has no manifest for ${env}; it has manifests for ${known.join(', ')}`
      : `${artifact.id} of ${artifact.version.repositoryName} has no manifest at all`,
  )
}

async function plansOf(ports: CommandPorts, asked: readonly NewEvent[]): Promise<Plan[]> {
  const tip = await ports.gitops.tip()
  const plans: Plan[] = []
  for (const event of asked) {
    const targeted = { ...unstored, ...event } as TargetedEvent
    const proposal = await propose(ports, targeted, tip)
    if (isRefusal(proposal)) continue
    const { commit, decision } = proposal
    const isPlanned = !isRefusal(commit)
    plans.push({
      app: targeted.app,
      env: targeted.env,
      artifactId: event.artifactId ?? '',
      decision,
      diff: isPlanned ? await ports.gitops.preview(tip, commit) : '',
      problem: isPlanned ? null : commit.message,
    })
  }
  return plans
}
