import type { Facts, FactValue } from './facts.ts'
import type { ForeignCommit } from './history.ts'
import type { Sha } from './names.ts'

export type Verdict = 'allow' | 'deny' | 'hold'

/** One node of a rule as it was evaluated: what it compared, and what came out. */
export type TraceNode = {
  readonly op: string
  readonly result: boolean | 'error'
  /** Facts that the node read, by path; a missing one is left out and named in `problem`. */
  readonly facts?: Readonly<Record<string, FactValue>>
  readonly problem?: string
  readonly of?: readonly TraceNode[]
  /** The node as the policy's author wrote it, for leaves. */
  readonly rule?: unknown
}

/** What one policy said. `skipped` means that it does not apply here, and `problem` says why. */
export type PolicyTrace = {
  readonly policy: string
  readonly kind: 'trigger' | 'gate' | 'object' | 'invalid' | 'lock' | 'block' | 'drift'
  readonly description: string
  readonly outcome: 'holds' | 'fails' | 'skipped' | 'error'
  readonly problem?: string
  readonly when?: TraceNode
  readonly rule?: TraceNode
}

/** What the triggers said about one app in one environment. */
export type TriggerAnswer = {
  readonly app: string
  readonly env: string
  /** The trigger that asked; `null` when none did. */
  readonly by: string | null
  readonly problem: string | null
  readonly trace: readonly PolicyTrace[]
}

/** What the policies said about one app in one environment. */
export type Judgement = {
  readonly verdict: Verdict
  /** The policy that decided; `null` when nothing stood in the way. */
  readonly policy: string | null
  readonly message: string
  readonly warnings: readonly string[]
  /** What was passed over by force: policies and locks, by name. */
  readonly forced: readonly string[]
  /** Of a hold: how long it may wait, in milliseconds. */
  readonly expiresInMs: number | null
  /** Of a hold: what a newer request for the same place does. */
  readonly newer: 'supersedes' | 'queues'
  readonly trace: readonly PolicyTrace[]
}

/** A judgement with everything it was made on, as it is kept. */
export type Decision = Judgement & {
  readonly id: string
  readonly eventId: string
  readonly app: string | null
  readonly env: string | null
  readonly policyVersion: string
  /** The GitOps tip that it was made on. */
  readonly tip: Sha
  readonly facts: Facts
  /** Of an artifact's arrival: what the triggers said for each place it could go. */
  readonly triggers?: readonly TriggerAnswer[]
  /** What people had changed by hand in the folder, oldest first, as the tip has it. */
  readonly drift?: readonly ForeignCommit[]
  /** Unix seconds. */
  readonly created: number
}
