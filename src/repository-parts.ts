import type { CommandPorts } from './commands/ports.ts'
import type { Config } from './config.ts'
import type { PushEnd } from './domain/batch.ts'
import type { Files } from './domain/change.ts'
import { type Environments, holdsEnvironment } from './domain/environments.ts'
import { isRefusal, refuse } from './domain/fault.ts'
import { isAddressOf, type Sha } from './domain/names.ts'
import { rootOf } from './gitops/root.ts'
import type { GitopsWriter } from './gitops/writer.ts'
import type { GitopsAccess } from './gitops-access.ts'
import { type Followed, indexParts } from './index-parts.ts'
import type { DriftFound, Follower } from './release/follow.ts'
import type { ProposalPorts, RunPorts } from './release/ports.ts'
import type { sourceParts } from './source-parts.ts'
import type { ArtifactStore } from './store/artifacts.ts'
import type { ControlStore } from './store/controls.ts'
import type { ReleaseStore } from './store/releases.ts'

/** A GitOps repository: what writes it, what reads it, and what decisions about it see. */
export type Repository = {
  readonly environments: Environments
  readonly writer: GitopsWriter
  readonly follower: Follower
  readonly files: CommandPorts['gitops']['files']
  readonly ports: {
    readonly gitops: RunPorts['gitops']
    readonly sources: ProposalPorts['sources']
    readonly drift: ProposalPorts['drift']
    readonly folders: RunPorts['folders']
  }
}

/** The first has all environments but those of the others. */
export type Repositories = readonly [Repository, ...Repository[]]

type Given = Pick<Followed, 'database' | 'clock' | 'releases' | 'log'> & {
  readonly config: Config
  /** Policies and manifests, as a tip of the first repository has them. */
  readonly sources: ReturnType<typeof sourceParts>
  /** Told how each push to a host ended. */
  readonly pushEnded: (push: PushEnd) => void
}

/** The parts of every repository, the first one first. */
export function repositoriesOf(
  [first, ...others]: readonly GitopsAccess[],
  given: Given,
): Repositories {
  if (first === undefined) throw new Error('there is no GitOps repository')
  const { config, sources, pushEnded } = given
  const home = first.writer(pushEnded)
  const isOnBranch = [config.policies, config.manifests].some(({ kind }) => kind === 'branch')
  // What lies on a branch is read on its newest tip: what was pushed a moment ago counts, for a no, too.
  const homeTip = () => (isOnBranch ? home.refresh() : home.tip())
  const ofHome = {
    policies: async () => sources.policies(await home.lastTip()),
    manifests: async () => sources.manifests(await home.lastTip()),
  }
  const rest = others.map((gitops) => {
    const writer = gitops.writer(pushEnded)
    const tip = async () => {
      if (isOnBranch) await homeTip()
      return writer.tip()
    }
    return repositoryOf(gitops, { writer, tip, sources: ofHome }, given)
  })
  return [repositoryOf(first, { writer: home, tip: homeTip, sources }, given), ...rest]
}

type Decided = {
  readonly writer: GitopsWriter
  readonly tip: () => Promise<Sha>
  readonly sources: ProposalPorts['sources']
}

function repositoryOf(
  { history, files: read, config: { name, environments, root } }: GitopsAccess,
  { writer, tip, sources }: Decided,
  { config, ...given }: Given,
): Repository {
  const { follower, drift } = indexParts({
    ...{ ...given, history, gitops: writer, mode: config.gitops.drift },
    ...{ of: { repository: name, environments }, address: writer.url },
  })
  const { url, commit, landed } = writer
  const { inside } = rootOf(root)
  const gitops = { url, tip, commit: commit.bind(writer), landed: landed.bind(writer) }
  return {
    ...{ environments, writer, follower },
    files: (ref, folder, fits) => read(ref, inside(folder), fits),
    ports: {
      gitops,
      sources,
      drift,
      folders: foldersOf(writer, (tip, folder) => read(tip, inside(folder))),
    },
  }
}

/** What folders hold on the remote's branch. */
export const foldersOf = (
  writer: Pick<GitopsWriter, 'refresh'>,
  read: (tip: Sha, folder: string) => Promise<Files>,
): RunPorts['folders'] => ({
  async now(folder) {
    const tip = await writer.refresh()
    return { tip, files: await read(tip, folder) }
  },
})

type Stores = {
  readonly releases: ReleaseStore
  readonly artifacts: ArtifactStore
  readonly controls: ControlStore
}

/** What many proposals ask at once. */
export const manyOf = (stores: Stores & { readonly follower: Follower }): RunPorts['many'] => ({
  running: (apps) => stores.releases.runningOf(apps),
  artifacts: (ids) => stores.artifacts.inOrder(ids),
  controls: (subjects, nowUnix) => stores.controls.ofAll(subjects, nowUnix),
  drift: (places, tip) => stores.follower.drift(places, tip),
})

/** The repositories as one, for whoever asks about an environment or about all of them. */
export function asOne(all: Repositories) {
  const [home] = all
  const of = (env: string) =>
    all.find(({ environments }) => holdsEnvironment(environments, env)) ?? home
  const ofFolder = (folder: string) => of(folder.split('/', 1)[0] ?? '')
  const gitops: CommandPorts['gitops'] = {
    url: home.writer.url,
    urlOf: (env) => (env === null ? home : of(env)).writer.url,
    states: () => Promise.all(all.map(({ writer }) => writer.state())),
    resume: (given) => resume(all, given),
    tip: () => home.ports.gitops.tip(),
    lastTip: () => home.writer.lastTip(),
    async preview(tip, commit) {
      const { writer } = ofFolder(commit.change.folder)
      return writer.preview(writer === home.writer ? tip : await writer.tip(), commit)
    },
    changes: (env, ref) => of(env).writer.changes(ref),
    files: (commit, folder, fits) => ofFolder(folder).files(commit, folder, fits),
    within: (env, commit, refs) => of(env).writer.within(commit, refs),
  }
  const drift: ProposalPorts['drift'] = {
    ...home.ports.drift,
    of: async (place, tip): Promise<DriftFound> => {
      const { writer, ports } = of(place.env)
      return ports.drift.of(place, writer === home.writer ? tip : await writer.lastTip())
    },
  }
  return { gitops, drift }
}

/** Goes on in the repository that is halted at this tip. */
const resume = async (
  all: Repositories,
  given: Parameters<CommandPorts['gitops']['resume']>[0],
): ReturnType<CommandPorts['gitops']['resume']> => {
  const halts = await Promise.all(
    all.map(async (one) => ({ ...one, halt: (await one.writer.state()).halt })),
  )
  const halted = halts.filter(({ halt }) => halt !== null)
  const found = halted.find(({ halt }) => halt?.foundTip === given.tip) ?? halted[0]
  if (!found?.halt)
    return refuse('conflict', 'Nothing is halted: the branch holds all that was seen of it')
  const tip = await found.writer.resume(given)
  if (isRefusal(tip)) return tip
  const { seenTip } = found.halt
  await found.follower.resumed({ lostTip: seenTip, tip, by: given.by })
  return { tip, seenTip }
}

/** Fetches the repositories that a name on GitHub stands for, unless they are at the commit already. */
export async function fetchPushed(
  all: Repositories,
  { repository, after }: { repository: string; after: string },
): Promise<boolean> {
  const pushed = all.filter(({ writer }) => isAddressOf(writer.url, repository))
  let isNews = false
  for (const { writer, follower } of pushed) {
    if ((await writer.lastTip()) === after) continue
    await follower.upTo(await writer.refresh())
    isNews = true
  }
  return isNews
}
