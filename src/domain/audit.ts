/** One change of state, as it was recorded with it. */
export type AuditRecord = {
  /** Counts the records: the database gives the numbers, whichever server writes. */
  readonly seq: number
  readonly atMs: number
  /** A login, or in parentheses what acted of itself: `(server)`, `(shell) bob`. */
  readonly actor: string
  /** What happened, such as `request.approved`. */
  readonly action: string
  readonly env: string | null
  readonly app: string | null
  /** The id of what changed: of a request, an artifact, a lock, a login. */
  readonly subject: string
  /** What else there is to know, as JSON text. */
  readonly detail: string
}

/** A change that no row of the database is: it is recorded by itself. */
export type AuditNote = Pick<AuditRecord, 'actor' | 'action' | 'subject' | 'detail'>

/** Which records are asked for, newest first; times are Unix seconds. */
export type AuditQuery = Readonly<{
  sinceUnix?: number
  untilUnix?: number
  actor?: string
  app?: string
  limit: number
  offset: number
}>

/** The newest seal: the number of the last record that it holds, and its hash. */
export type AuditHead = { readonly seq: number; readonly hash: string }

/** Where a commit of the GitOps repository says that the record stood before it. */
export type Anchor = AuditHead & { readonly commit: string; readonly unix: number }

/** The first thing that does not fit. */
export type AuditFinding = {
  readonly what: 'record' | 'seal' | 'commit' | 'trigger'
  /** Its number, id or name. */
  readonly name: string
  /** What is wrong, what was found, what was expected, and what that means, in sentences. */
  readonly message: string
}

/** What a look at the whole record came to. */
export type AuditLook = {
  readonly records: number
  /** Those that fit, up to the first that does not. */
  readonly seals: number
  /** Commits of the GitOps repositories that name a seal. */
  readonly anchors: number
  /** Records that no seal holds yet; they could still be changed unnoticed. */
  readonly unsealed: number
  /** The last seal that fits. */
  readonly head: AuditHead | null
  readonly findings: readonly AuditFinding[]
}
