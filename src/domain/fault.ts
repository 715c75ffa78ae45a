/** Why something asked for is not done, in words that a program can rely on. */
export type RefusalCode =
  | 'invalid_json'
  | 'invalid'
  | 'too_large'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'overloaded'

/** An expected no: a value, with a sentence for the person who asked. */
export type Refusal = {
  readonly kind: 'refusal'
  readonly code: RefusalCode
  readonly message: string
}

/** Every refusal that was made here: what came from outside may say that it is one, too. */
const made = new WeakSet<object>()

/** Says no: `message` tells what to do next and is shown to whoever asked. */
export function refuse(code: RefusalCode, message: string): Refusal {
  const refusal: Refusal = { kind: 'refusal', code, message }
  made.add(refusal)
  return refusal
}

/** True when a function that may refuse did: of what `refuse` made, and of no copy of it. */
export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && made.has(value)

/**
 * What can break around us. `gitops_forbidden` (credentials), `gitops_refused` (a rule of the host, for
 * good), `gitops_rewound` and `setting_wrong`, which ends a start, need a person, the others time;
 * `lease_lost` needs nobody: another server goes on. `chart_unreachable` is a chart’s host, `helm_broken` helm
 * that did not come to an end.
 */
export type FaultCode =
  | 'gitops_unreachable'
  | 'gitops_forbidden'
  | 'gitops_refused'
  | 'gitops_rewound'
  | 'gitops_broken'
  | 'clone_broken'
  | 'database_busy'
  | 'database_newer'
  | 'database_broken'
  | 'sources_unreadable'
  | 'chart_unreachable'
  | 'helm_broken'
  | 'setting_wrong'
  | 'lease_lost'

/** The unexpected: logged with its cause, and tried again. The message says what was being done. */
export class Fault extends Error {
  readonly code: FaultCode
  /** How long whoever was asked wants to be left alone, when they say so. */
  readonly afterMs: number | undefined

  constructor(code: FaultCode, doing: string, options?: { cause?: unknown; afterMs?: number }) {
    super(doing, options)
    this.name = 'Fault'
    this.code = code
    this.afterMs = options?.afterMs
  }
}

/** Closes a `switch` over a union: a new member that is not handled does not compile. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`)
}
