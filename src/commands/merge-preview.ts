import type { Artifact } from '../domain/artifact.ts'
import type { TriggerAnswer } from '../domain/decision.ts'
import type { MergePreview, PlacePreview, PreviewEnd } from '../domain/merge-preview.ts'
import type { Sha } from '../domain/names.ts'
import { awaitedApprovals } from '../policy/awaited.ts'
import { explainTrace } from '../policy/explain.ts'
import { type Rehearsed, rehearse } from '../release/rehearse.ts'
import { approversOf } from './card.ts'
import type { CommandPorts } from './ports.ts'

type Head = { readonly repository: string; readonly headSha: Sha; readonly baseBranch: string }

/**
 * What a merge would release, and what would keep it, as things stand now: the head's artifact is
 * played as if CI had posted it of the base branch. Stores nothing. Nothing is known before CI has
 * posted an artifact of the head.
 */
export async function mergePreview(
  ports: CommandPorts,
  { repository, headSha, baseBranch }: Head,
): Promise<MergePreview | null> {
  const head = await ports.artifacts.ofCommit({ repository, sha: headSha })
  const arrival = head && (await ports.events.ofArtifact(head.id))
  if (!head || !arrival) return null
  const artifact = mergedOf(head, baseBranch)
  const tip = await ports.gitops.lastTip()
  const { requests, answers, isCut } = await rehearse(ports, {
    ...{ artifact, tip },
    actor: arrival.actor,
  })
  const asked: PlacePreview[] = []
  for (const request of shownOf(requests)) asked.push(await askedPlace(ports, request))
  const isAsked = ({ env, app }: TriggerAnswer) =>
    asked.some((place) => place.env === env && place.app === app)
  const others = new Map(answers.map((answer) => [`${answer.env}/${answer.app}`, answer]))
  return {
    ...{ headSha, baseBranch, artifactId: head.id, isCut },
    places: [...asked, ...[...others.values()].filter((one) => !isAsked(one)).map(unaskedPlace)],
    unix: Math.floor(ports.clock.nowMs() / 1000),
  }
}

/**
 * The artifact of a merge: a merge is a new commit and CI makes a new artifact of it, so neither runs
 * anywhere, and nobody has blocked it. All else is as in the head's.
 */
function mergedOf(head: Artifact, branch: string): Artifact {
  const pushed = { branch, event: 'push', sourceBranch: '', targetBranch: '', tag: '' } as const
  const version = { ...head.version, ...pushed, sha: '0'.repeat(40) }
  return { ...head, id: `${head.id}-merged`, version }
}

/** One request a place, in the order in which the places were first asked for: what was released counts. */
function shownOf(requests: readonly Rehearsed[]): Rehearsed[] {
  const shown = new Map<string, Rehearsed>()
  for (const request of requests) {
    const place = `${request.event.env}/${request.event.app}`
    if (shown.get(place)?.end !== 'released') shown.set(place, request)
  }
  return [...shown.values()]
}

async function askedPlace(
  ports: CommandPorts,
  { event, end, message, decision }: Rehearsed,
): Promise<PlacePreview> {
  const { env, app, actor } = event
  const trace = decision?.trace ?? []
  const approvable = { env, app, triggeredBy: actor.login, approvals: [] }
  const wishes = end === 'held' ? awaitedApprovals(trace) : []
  return {
    ...{ env, app, message },
    end: endOf(end, trace),
    by: actor.login.replace(/^policy:/, ''),
    approvers: wishes.length > 0 ? await approversOf(ports, approvable, wishes) : [],
    warnings: decision?.warnings ?? [],
    lines: explainTrace(trace),
  }
}

/** A file that cannot be used denies: that is to be mended, and no policy's no. */
function endOf(end: Rehearsed['end'], trace: readonly { kind: string }[]): PreviewEnd {
  if (end === 'denied' && trace.some(({ kind }) => kind === 'invalid')) return 'broken'
  return end === 'superseded' ? 'held' : end
}

const unaskedPlace = ({ env, app, problem, trace }: TriggerAnswer): PlacePreview => ({
  ...{ env, app, by: null, approvers: [], warnings: [] },
  end: problem === null ? 'unasked' : 'broken',
  message: problem ?? 'No trigger asks for it',
  lines: explainTrace(trace),
})
