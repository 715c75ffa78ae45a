/**
 * What the time of a batch goes into, in order; together they are all of it.
 * `look`: was anything pushed before, and where is the tip? `decide`: the facts and the policies.
 * `render`: the manifests. `build`: the commits. `intend`: their ids, kept before the push. `push`: the way
 * to the host. `land`: the index. `retry`: an attempt that came to nothing, whole, with the pause after it.
 */
export const batchSteps = [
  'look',
  'decide',
  'render',
  'build',
  'intend',
  'push',
  'land',
  'retry',
] as const
export type BatchStep = (typeof batchSteps)[number]

export type StepTime = { readonly step: BatchStep; readonly ms: number }

/** What one batch took, however it ended. */
export type BatchFigures = {
  /** The event that was taken first. */
  readonly eventId: string
  readonly size: number
  /** Of each request that waited for nothing but its turn: from when it could go until it was taken. */
  readonly queuedMs: readonly number[]
  readonly steps: readonly StepTime[]
  /** How often everything was decided again, because what it was decided on had changed. */
  readonly races: number
  /** Of each release that landed: from its acceptance until it was there. */
  readonly landed: readonly { readonly ms: number; readonly wasHeld: boolean }[]
}

/**
 * How one way to the host ended. Only a look can tell what became of a direct push that is `unknown`; a
 * `git push` that `failed` was looked at, or the host is away.
 */
export type PushEnd =
  | { readonly way: 'direct'; readonly result: 'landed' | 'moved' | 'refused' | 'unknown' }
  | { readonly way: 'git'; readonly result: 'landed' | 'moved' | 'refused' | 'failed' }
