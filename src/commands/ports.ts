import type { User } from '../domain/actor.ts'
import type { Artifact, NewArtifact } from '../domain/artifact.ts'
import type { AuditQuery, AuditRecord } from '../domain/audit.ts'
import type { PlannedCommit } from '../domain/change.ts'
import type { ArtifactQuery, DecisionQuery, HistoryQuery } from '../domain/command.ts'
import type { Approval, Block, Lock } from '../domain/control.ts'
import type { Decision } from '../domain/decision.ts'
import type { EventCommit, EventSource, NewEvent, ReleaseEvent } from '../domain/event.ts'
import type { Refusal } from '../domain/fault.ts'
import type { GitopsState } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'
import type { Health, Release } from '../domain/release.ts'
import type { ProposalPorts } from '../release/ports.ts'

/** What the artifacts of one app are found by: the repository it is bound to, or its name. */
export type StoredArtifactQuery = Omit<ArtifactQuery, 'app'> & {
  readonly app?: { readonly name: string; readonly repository: string | null } | undefined
}

/** A new token for a user: times are Unix seconds. */
export type Renewal = {
  readonly login: string
  readonly hash: string
  readonly createdUnix: number
  readonly expiresUnix: number | null
  /** When the token up to now ends at the latest. */
  readonly previousExpiresUnix: number
}

/** What the commands need of the rest of the product. */
export type CommandPorts = Omit<ProposalPorts, 'artifacts' | 'releases'> & {
  /** The surface that asks. */
  readonly source: EventSource
  readonly controls: {
    approve(approval: Approval): Promise<void>
    approvals(eventId: string): Promise<readonly Approval[]>
    reject(eventId: string, statusDesc: string, by: string): Promise<boolean>
    locks(nowUnix: number): Promise<readonly Lock[]>
    lock(lock: Lock): Promise<boolean>
    unlock(ids: readonly string[], by: { login: string; unix: number }): Promise<number>
    block(artifactId: string): Promise<Block | undefined>
    addBlock(block: Block): Promise<boolean>
    removeBlock(artifactId: string, by: string): Promise<boolean>
  }
  readonly artifacts: {
    accept(arrival: {
      artifact: NewArtifact
      eventId: string
      actor: string
      nowMs: number
    }): Promise<{ kind: 'stored' | 'same' | 'different'; artifact: Artifact }>
    ofCommit(of: { repository: string; sha: Sha }): Promise<Artifact | undefined>
    find(id: string): Promise<Artifact | undefined>
    findAll(ids: readonly string[]): Promise<readonly Artifact[]>
    ofBranch(of: { repository: string; branch: string }): Promise<Artifact | undefined>
    list(filter: StoredArtifactQuery): Promise<readonly Artifact[]>
  }
  readonly events: {
    add(event: NewEvent): Promise<void>
    find(id: string): Promise<ReleaseEvent | undefined>
    ofArtifact(artifactId: string): Promise<ReleaseEvent | undefined>
    /** Those that wait, oldest first. */
    held(): Promise<readonly ReleaseEvent[]>
    children(parentId: string): Promise<readonly ReleaseEvent[]>
    commits(eventId: string): Promise<readonly EventCommit[]>
    decision(id: string): Promise<Decision | undefined>
    decisions(filter: DecisionQuery): Promise<readonly Decision[]>
  }
  readonly releases: Omit<ProposalPorts['releases'], 'history'> & {
    /** What ran at a moment, in Unix seconds. */
    ranAt(where: { env?: string; app?: string; atUnix: number }): Promise<readonly Release[]>
    history(filter: HistoryQuery): Promise<readonly Release[]>
    /** False, and nothing is kept, when a release has another health by now than the known one. */
    reportHealth(
      changes: readonly {
        readonly id: string
        readonly known: Health | undefined
        readonly health: Health
      }[],
      events: readonly NewEvent[],
      by: string,
    ): Promise<boolean>
    ofEvents(eventIds: readonly string[]): Promise<readonly Release[]>
  }
  readonly audit: {
    /** Newest first. */
    list(query: AuditQuery): Promise<readonly AuditRecord[]>
  }
  readonly users: {
    add(user: User, tokenHash: string, by: string): Promise<boolean>
    /** Gives a user a new token; false when there is no such user. */
    renew(renewal: Renewal, by: string): Promise<boolean>
    find(login: string): Promise<User | undefined>
    list(): Promise<readonly User[]>
    remove(login: string, by: string): Promise<boolean>
  }
  readonly gitops: {
    /** Of the first repository: all others are of environments that are named. */
    readonly url: string
    urlOf(env: string | null): string
    /** Where the branch of each repository stands, and what halts writing; the first one first. */
    states(): Promise<readonly GitopsState[]>
    /** Goes on from a tip that a person takes for right, if a halted branch is at it. */
    resume(given: { tip: Sha; by: string }): Promise<{ tip: Sha; seenTip: Sha } | Refusal>
    /** The tip of the first repository, which policies and manifests may lie in. */
    tip(): Promise<Sha>
    /** The newest tip that was seen: to look at things needs no answer from the git host. */
    lastTip(): Promise<Sha>
    preview(tip: Sha, commit: PlannedCommit): Promise<string>
    /** What a commit changed in the repository of an environment, as git shows it. */
    changes(env: string, ref: Sha): Promise<string>
    /** The files of a folder as a commit has it, those whose name fits. */
    files(commit: Sha, folder: string, name: RegExp): Promise<ReadonlyMap<string, string>>
    /** Which of these commits another one holds; none when it is not on the branch. */
    within(env: string, commit: Sha, refs: readonly Sha[]): Promise<ReadonlySet<Sha>>
  }
  readonly tokens: {
    next(): { token: string; hash: string }
    /** Spends the token of a CI run; false when it was used for something else. */
    spend(
      spending: { token: string; untilUnix: number; usedFor: string },
      nowUnix: number,
    ): Promise<boolean>
  }
  /** Tells the loop that there is something new to do. */
  readonly wake: () => void
}

/** What an artifact needs that comes in. */
export type ArtifactPorts = Pick<CommandPorts, 'clock' | 'ids' | 'tokens' | 'wake'> & {
  readonly artifacts: Pick<CommandPorts['artifacts'], 'accept'>
}
