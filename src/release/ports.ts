import type { Artifact } from '../domain/artifact.ts'
import type { CommitResult, PlannedCommit } from '../domain/change.ts'
import type { Decision } from '../domain/decision.ts'
import type { Closing, EventCommit, ReleaseEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import type { Landing, Release } from '../domain/release.ts'
import type { ManifestSet } from '../manifest/manifest.ts'
import type { PolicySet } from '../policy/policy.ts'

/** What a proposal needs to be made: it reads and writes nothing. */
export type ProposalPorts = {
  readonly clock: { nowMs(): number }
  readonly ids: { next(kind: 'event' | 'decision'): string }
  readonly sources: {
    policies(tip: Sha): Promise<PolicySet>
    manifests(tip: Sha): Promise<ManifestSet>
  }
  readonly artifacts: {
    find(id: string): Promise<Artifact | undefined>
    findAll(ids: readonly string[]): Promise<readonly Artifact[]>
  }
  readonly releases: {
    running(where: { env?: string; app?: string }): Promise<readonly Release[]>
    history(filter: { env: string; app: string; limit: number }): Promise<readonly Release[]>
    withRef(target: { env: string; app: string; ref: string }): Promise<readonly Release[]>
    bindings(): Promise<ReadonlyMap<string, string>>
  }
}

/** What carrying an event out needs besides. */
export type RunPorts = ProposalPorts & {
  readonly gitops: {
    /** The repository's address as people may see it. */
    readonly url: string
    tip(): Promise<Sha>
    commit(
      tip: Sha,
      commits: readonly PlannedCommit[],
      intend: (refs: readonly Sha[]) => Promise<void>,
    ): Promise<CommitResult>
    landed(refs: readonly Sha[]): Promise<ReadonlySet<Sha>>
  }
  readonly events: {
    close(event: ReleaseEvent, closing: Closing): Promise<void>
    commits(eventId: string): Promise<readonly EventCommit[]>
    decision(id: string): Promise<Decision | undefined>
  }
  readonly landings: {
    intend(event: ReleaseEvent, intent: { ref: Sha; decision: Decision }): Promise<void>
    land(landing: Landing): Promise<void>
  }
  readonly pause: (ms: number) => Promise<void>
}
