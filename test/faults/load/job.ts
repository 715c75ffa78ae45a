/** What a piece of work in a process of its own is told, and tells. */
export type Job = {
  /** Says that it has begun. */
  readonly ready: () => void
  /** Says that it is to end. */
  readonly stopped: AbortSignal
}
