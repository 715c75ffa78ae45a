import { bounded, failedOpen, leaked, toldTwice, unaudited } from './at-rest.ts'
import { type Commit, type EventRow, type Evidence, type History, readHistory } from './history.ts'
import { type Examples, groupedBy, nameOf, refs, type Story, short, storyOf } from './story.ts'

/**
 * Which of the invariants I1 to I10 is broken, each with its first counter-example; nothing when all
 * hold. To be asked after the server came to rest: nothing is new, and nothing is being pushed.
 */
export async function broken(evidence: Evidence): Promise<readonly string[]> {
  return judge(await readHistory(evidence))
}

/** The same, of what was read before. */
export function judge(history: History): readonly string[] {
  const story = storyOf(history)
  return Object.entries(invariants).flatMap(([name, examples]) => {
    const { value } = examples(story).next()
    return value === undefined ? [] : [`${name}: ${value}`]
  })
}

const invariants: Readonly<Record<string, (story: Story) => Examples>> = {
  'I1 no lost acknowledgement': lost,
  'I2 one effect': twice,
  'I3 no unauthorised effect': unauthorised,
  'I4 order': disordered,
  'I5 no foreign change': foreign,
  'I6 truthful status': untrue,
  'I7 fail closed': failedOpen,
  'I8 bounded': bounded,
  'I9 secrets stay in': leaked,
  'I10 audit': unaudited,
  'F24 told once': toldTwice,
}

const over = ['processed', 'denied', 'superseded', 'error']

/** I1: what was accepted is kept and comes to an end, and so does what followed from it. */
function* lost({ accepted, events, eventById }: Story): Examples {
  const asked = new Set(accepted)
  for (const id of asked)
    if (!eventById.has(id)) yield `${id} was answered with a 2xx and is not in the database`
  for (const { id, parentId, status, statusDesc } of events) {
    const isAsked = asked.has(id) || (parentId !== null && asked.has(parentId))
    if (status === 'new' || (isAsked && !over.includes(status)))
      yield `${id} is still ${status} (${statusDesc})`
  }
}

/** I2: one commit a release, whatever was tried again. */
function* twice({ byRelease, intents }: Story): Examples {
  for (const [id, commits] of byRelease)
    if (id && commits.length > 1) yield `${id} has ${commits.length} commits: ${refs(commits)}`
  const landed = intents.filter(({ state }) => state === 'landed')
  for (const [id, rows] of groupedBy(landed, ({ eventId }) => eventId))
    if (rows.length > 1) yield `${id} has ${rows.length} commits that are kept as landed`
}

/** I3: every commit has one release, and a decision that allowed it on what it was pushed on. */
function* unauthorised(story: Story): Examples {
  for (const commit of story.releasing) {
    const why = unlicensed(story, commit)
    if (why) yield `${nameOf(commit)} ${why}`
  }
}

function unlicensed(story: Story, commit: Commit): string | undefined {
  const { releaseId, decisionId, policyVersion, ref, release } = commit
  const event = story.eventById.get(releaseId)
  if (!event) return 'is of no request that is known'
  if (event.status !== 'processed')
    return `is on the branch although ${event.id} ended as ${event.status} (${event.statusDesc})`
  const intent = story.intentByRef.get(ref)
  if (!intent) return 'was pushed without having been kept before'
  if (intent.state !== 'landed') return `is kept as ${intent.state}`
  if (intent.eventId !== releaseId || intent.decisionId !== decisionId)
    return `is kept for ${intent.eventId} by ${intent.decisionId}, and says ${releaseId} by ${decisionId}`
  const records = story.releases.filter((one) => one.ref === ref || one.id === releaseId)
  const wanted = event.kind === 'delete' ? 0 : 1
  if (records.length !== wanted) return `has ${records.length} releases in the index, not ${wanted}`
  if (release && (release.id !== releaseId || release.decisionId !== decisionId))
    return `has a release.json of ${release.id} by ${release.decisionId}`
  const decision = story.decisions.get(decisionId)
  if (!decision) return `names the decision ${decisionId}, which is not kept`
  if (decision.verdict !== 'allow') return `was decided with ${decision.verdict} by ${decisionId}`
  if (decision.eventId !== releaseId || `${decision.env}/${decision.app}` !== event.folder)
    return `was decided for ${decision.eventId} of ${decision.env}/${decision.app}`
  if (decision.policyVersion !== policyVersion)
    return `names the policies ${policyVersion}, and was decided by ${decision.policyVersion}`
  return undecided(story, commit, decision.tip)
}

/** A decision counts on its tip only, and on what went there in the same push. */
function undecided(story: Story, commit: Commit, tip: string): string | undefined {
  const decidedAt = story.position.get(tip)
  const at = story.position.get(commit.ref) ?? 0
  if (decidedAt === undefined) return `was decided on ${short(tip)}, which is not on the branch`
  if (decidedAt >= at) return `was decided on ${short(tip)}, which is not before it`
  const base = baseOf(story, commit.ref)
  const between = story.commits.slice(decidedAt + 1, at)
  const unseen = between.find(({ ref, isOurs }) => !isOurs || baseOf(story, ref) !== base)
  return unseen && `was decided on ${short(tip)}, before ${nameOf(unseen)} was there`
}

/** The tip that the push of a commit went on. */
const baseOf = ({ intentByRef }: Story, ref: string) => intentByRef.get(ref)?.tip

/** I4: on the branch a folder's releases stand in the order they were asked for and decided in. */
function* disordered({ releasing, eventById, decisions }: Story): Examples {
  for (const commits of groupedBy(releasing, ({ folder }) => folder ?? '').values())
    for (const [at, commit] of commits.entries()) {
      const before = commits[at - 1]
      const [first, second] = [before, commit].map((one) => eventById.get(one?.releaseId ?? ''))
      if (!before || !first || !second) continue
      if (first.seq > second.seq)
        yield `${nameOf(commit)} came after ${nameOf(before)}, and was asked for earlier`
      const [one, two] = [before, commit].map(({ decisionId }) => decisions.get(decisionId))
      if (one && two && isLater(one, two))
        yield `${nameOf(commit)} came after ${nameOf(before)}, and was decided earlier`
    }
}

/** A decision's id begins with its milliseconds; what follows is random. */
const timed = /^(d-[0-9a-hjkmnp-tv-z]{9})[0-9a-hjkmnp-tv-z]{6}$/

function isLater(one: { id: string; created: number }, two: typeof one): boolean {
  if (one.created !== two.created) return one.created > two.created
  const [first, second] = [timed.exec(one.id)?.[1], timed.exec(two.id)?.[1]]
  return first !== undefined && second !== undefined && first > second
}

/** I5: a commit touches its own folder, and what once stood on the branch stands there still. */
function* foreign({ commits, releasing, eventById, held, seen, intents }: Story): Examples {
  for (const commit of releasing) {
    const event = eventById.get(commit.releaseId)
    const stray = commit.paths.find((path) => event && !path.startsWith(`${event.folder}/`))
    if (stray) yield `${nameOf(commit)} of ${event?.folder} touches ${stray}`
    if (commit.parents.length !== 1) yield `${nameOf(commit)} has ${commit.parents.length} parents`
  }
  for (const ref of seen) if (!held.has(ref)) yield `${short(ref)} is gone from the branch`
  const line = new Set(commits.map(({ ref }) => ref))
  for (const { ref, tip, state } of intents) {
    if (state !== 'landed') continue
    if (!line.has(ref)) yield `${short(ref)} has landed, and is not on the branch's own line`
    if (!held.has(tip)) yield `${short(tip)}, which ${short(ref)} was pushed on, is gone`
  }
}

/** I6: what the index says runs and ran is what the repository says. */
function* untrue(story: Story): Examples {
  const touched = new Map<string, Commit>()
  for (const commit of story.commits)
    for (const folder of foldersOf(commit)) touched.set(folder, commit)
  for (const folder of new Set([...story.standing.keys(), ...story.running.keys()])) {
    // What a person did to the folder afterwards is drift, and not what the index is about.
    if (touched.get(folder)?.isOurs === false) continue
    const [stands, runs] = [story.standing.get(folder)?.id, story.running.get(folder)?.id]
    if (stands !== runs)
      yield `${folder} runs ${runs ?? 'nothing'} by the index, and holds ${stands ?? 'nothing'}`
  }
  for (const event of story.events)
    if (
      event.folder &&
      event.status === 'processed' &&
      !story.byRelease.has(event.id) &&
      !isRepeat(event, story)
    )
      yield `${event.id} (${event.kind} of ${event.folder}) is processed without a commit`
  yield* misremembered(story)
}

/** True of a release that was said to change nothing, where its artifact stood on the tip that it was decided on. */
function isRepeat({ id, folder, statusDesc }: EventRow, story: Story): boolean {
  const [, artifactId] = /^(\S+) runs in \S+ already, file for file/.exec(statusDesc) ?? []
  const decision = [...story.decisions.values()].find(({ eventId }) => eventId === id)
  const tipAt = story.position.get(decision?.tip ?? '')
  if (artifactId === undefined || tipAt === undefined) return false
  const before = story.commits.slice(0, tipAt + 1).filter((commit) => commit.folder === folder)
  return before.at(-1)?.release?.artifactId === artifactId
}

const foldersOf = ({ paths }: Commit) =>
  new Set(paths.map((path) => path.split('/').slice(0, 2).join('/')))

/** The index holds a folder's releases in the order of the branch, and knows which were rolled back. */
function* misremembered({ releasing, releases }: Story): Examples {
  const pushed = groupedBy(
    releasing.filter(({ release }) => release !== undefined),
    ({ folder }) => folder ?? '',
  )
  const kept = groupedBy(releases, ({ folder }) => folder)
  for (const folder of new Set([...pushed.keys(), ...kept.keys()])) {
    const commits = pushed.get(folder) ?? []
    const rows = kept.get(folder) ?? []
    const [inGit, inIndex] = [commits.map(({ ref }) => ref), rows.map(({ ref }) => ref)]
    const at = inGit.findIndex((ref, index) => ref !== inIndex[index])
    if (at !== -1 || inGit.length !== inIndex.length) {
      const place = at === -1 ? inGit.length : at
      const [git, index] = [inGit[place], inIndex[place]].map((ref) => short(ref ?? 'nothing'))
      yield `release ${place + 1} of ${folder} is ${git} on the branch and ${index} in the index`
      continue
    }
    const gone = rolledBack(commits)
    const wrong = rows.find(({ id, isRolledBack }) => gone.has(id) !== isRolledBack)
    if (wrong) yield `${wrong.id} of ${folder} counts as rolled back: ${wrong.isRolledBack}`
  }
}

/** Which of a folder's releases are no more, after all its rollbacks. */
function rolledBack(commits: readonly Commit[]): ReadonlySet<string> {
  const gone = new Set<string>()
  commits.forEach(({ release }, at) => {
    const to = commits.findIndex(({ ref }) => ref === release?.rollbackTo)
    if (to === -1) return
    for (const { releaseId } of commits.slice(to + 1, at)) gone.add(releaseId)
  })
  return gone
}
