import type { Actor } from '../domain/actor.ts'
import type { Artifact } from '../domain/artifact.ts'
import type { AuditHead } from '../domain/audit.ts'
import type { CommitResult, Files, PlannedCommit } from '../domain/change.ts'
import type { Controls } from '../domain/control.ts'
import type { Decision } from '../domain/decision.ts'
import type { Closing, EventCommit, ReleaseEvent } from '../domain/event.ts'
import type { ForeignCommit } from '../domain/history.ts'
import type { Sha } from '../domain/names.ts'
import type { Intent, Landing, Release } from '../domain/release.ts'
import type { ChartRenderer } from '../manifest/chart/chart-renderer.ts'
import type { ManifestSet } from '../manifest/manifest-set.ts'
import type { People } from '../policy/people.ts'
import type { PolicySet } from '../policy/policy.ts'
import type { DriftMode } from './drift.ts'
import type { DriftFound } from './follow.ts'

/** What a proposal needs to be made: it reads and writes nothing. */
export type ProposalPorts = {
  /** The second hand only goes forward, and tells how long something takes. */
  readonly clock: { nowMs(): number; monotonicMs(): number }
  readonly ids: { next(kind: 'event' | 'decision' | 'lock'): string }
  readonly sources: {
    policies(tip: Sha): Promise<PolicySet>
    manifests(tip: Sha): Promise<ManifestSet>
  }
  readonly charts: ChartRenderer
  /** Who someone is now, with today's roles and teams; nothing when they are known no more. */
  readonly identify: (login: string, people: People) => Promise<Actor | undefined>
  readonly controls: {
    /** Grows with every change of what requests are decided on. */
    version(): Promise<number>
    of(subject: ControlSubject, nowUnix: number): Promise<Controls>
  }
  readonly artifacts: {
    find(id: string): Promise<Artifact | undefined>
    findAll(ids: readonly string[]): Promise<readonly Artifact[]>
    /** The newest artifact that was built of a branch. */
    ofBranch(of: { repository: string; branch: string }): Promise<Artifact | undefined>
  }
  readonly releases: {
    running(where: { env?: string; app?: string }): Promise<readonly Release[]>
    history(filter: { env: string; app: string; limit: number }): Promise<readonly Release[]>
    withRef(target: { env: string; app: string; ref: string }): Promise<readonly Release[]>
    /** Which repository each app is bound to; of some apps when they are named. */
    bindings(apps?: readonly string[]): Promise<ReadonlyMap<string, string>>
  }
  readonly drift: {
    /** What people changed in a folder by hand, as the tip has it. */
    of(place: { env: string; app: string }, tip: Sha): Promise<DriftFound>
    /** The same of many places, as far as it was seen. */
    here(where: { env?: string; app?: string }): Promise<readonly ForeignCommit[]>
    readonly mode: DriftMode
  }
}

export type ControlSubject = {
  readonly env: string
  readonly app: string
  readonly artifactId: string | null
  readonly eventId: string
}

/** What many proposals ask, as one question each; the answers come in the order of what was asked. */
export type ManyPorts = {
  /** What runs of each app, in every environment. */
  running(apps: readonly string[]): Promise<readonly (readonly Release[])[]>
  artifacts(ids: readonly string[]): Promise<readonly (Artifact | undefined)[]>
  controls(subjects: readonly ControlSubject[], nowUnix: number): Promise<readonly Controls[]>
  drift(places: readonly { env: string; app: string }[], tip: Sha): Promise<readonly DriftFound[]>
}

/** What carrying an event out needs besides. */
export type RunPorts = ProposalPorts & {
  readonly many: ManyPorts
  readonly gitops: {
    /** The repository's address as people may see it. */
    readonly url: string
    tip(): Promise<Sha>
    commit(
      tip: Sha,
      commits: readonly PlannedCommit[],
      /** Asked right before the push; `false` means that it has to be decided again. */
      intend: (refs: readonly Sha[]) => Promise<boolean>,
    ): Promise<CommitResult>
    landed(refs: readonly Sha[]): Promise<ReadonlySet<Sha>>
  }
  readonly folders: {
    /** The files that an app's folder holds on the remote's branch now, and its tip. Asks the git host. */
    now(folder: string): Promise<{ readonly tip: Sha; readonly files: Files }>
  }
  readonly artifacts: ProposalPorts['artifacts'] & {
    /** The newest artifact of a commit of a repository. */
    ofCommit(of: { repository: string; sha: Sha }): Promise<Artifact | undefined>
  }
  readonly events: {
    /** Keeps which artifact a request has come to be about. */
    bind(event: ReleaseEvent, artifactId: string): Promise<void>
    close(event: ReleaseEvent, closing: Closing): Promise<void>
    /** The commits that these events made, or meant to make. */
    commitsOf(
      eventIds: readonly string[],
    ): Promise<readonly (EventCommit & { readonly eventId: string })[]>
    decision(id: string): Promise<Decision | undefined>
    find(id: string): Promise<ReleaseEvent | undefined>
  }
  readonly landings: {
    /** Keeps what is about to be pushed: all, or nothing when anything has changed since. */
    intend(intents: readonly Intent[]): Promise<boolean>
    land(landings: readonly Landing[]): Promise<void>
  }
  readonly audit: {
    /** Seals all that was recorded before, and answers where the record stands. */
    seal(): Promise<AuditHead | null>
  }
  readonly pause: (ms: number) => Promise<void>
}
