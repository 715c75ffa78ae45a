/** How a request ended, in coarse classes. */
export type Ended = 'processed' | 'denied' | 'superseded' | 'error'

export type Request = {
  /** Where it stands among those of its folder. */
  readonly at: number
  readonly place: string
  readonly kind: 'release' | 'rollback' | 'delete'
  readonly artifact: string
  readonly by: string
  readonly isForced: boolean
  /** Of a rollback: the release that is gone back to. */
  readonly to: Landed | null
  /** Of a preview: the branch that it is of. */
  readonly branch: string | null
  status: Ended | 'new' | 'held'
  untilUnix?: number
  /** It ended because what it was for was over, and counts as one to delete. */
  isWithdrawn?: boolean
  readonly approvedBy: Set<string>
}

export type Landed = {
  readonly request: Request
  readonly artifact: string
  readonly to: Landed | null
  isRolledBack: boolean
}

type Asked = Pick<Request, 'kind' | 'artifact' | 'by'> &
  Partial<Pick<Request, 'isForced' | 'to' | 'branch'>>

/** A folder of the GitOps repository: what was asked of it, what landed there, and what runs. */
export class Folder {
  readonly place: string
  readonly requests: Request[] = []
  readonly landed: Landed[] = []
  runs: Landed | null = null
  /** A person changed what runs there. */
  isTouched = false

  constructor(place: string) {
    this.place = place
  }

  ask(asked: Asked): Request {
    const plain = { isForced: false, to: null, branch: null }
    const own = { at: this.requests.length, place: this.place, approvedBy: new Set<string>() }
    const request: Request = { ...plain, ...asked, ...own, status: 'new' }
    this.requests.push(request)
    return request
  }

  open(): Request[] {
    return this.requests.filter((request) => !this.isOver(request))
  }

  isOver({ status }: Request): boolean {
    return status !== 'new' && status !== 'held'
  }

  /** The open ones in their turns: one that went by an older one which is held, and may be pushed, comes first. */
  due({ isBegun }: { isBegun(request: Request): boolean }): Request[] {
    const open = this.open()
    const mayBePushed = open.filter(isBegun)
    const waits = (one: Request) =>
      one.status === 'held' && mayBePushed.some(({ at }) => at > one.at)
    return [...open.filter((one) => !waits(one)), ...open.filter(waits)]
  }

  hasNewer(request: Request): boolean {
    return this.requests.some(
      ({ at, status }) => at > request.at && (status === 'held' || status === 'processed'),
    )
  }

  isRepeat({ kind, artifact }: Request): boolean {
    return kind === 'release' && this.runs?.artifact === artifact && !this.isTouched
  }

  hold(request: Request): void {
    request.status = 'held'
    this.#supersede(request)
  }

  done(request: Request): void {
    request.status = 'processed'
    this.#supersede(request)
  }

  /** A commit of the request stands on the branch. */
  land(request: Request): void {
    this.done(request)
    this.isTouched = false
    const { kind, artifact, to } = request
    if (kind === 'delete') {
      this.runs = null
      return
    }
    const isBack = kind === 'rollback' ? to : null
    if (isBack)
      for (const one of this.landed.slice(this.landed.indexOf(isBack) + 1)) one.isRolledBack = true
    this.runs = { request, artifact, to: isBack, isRolledBack: false }
    this.landed.push(this.runs)
  }

  /** The release before the one whose files run. */
  before(): Landed | undefined {
    let current = this.landed.at(-1)
    while (current?.to) current = current.to
    const older = current ? this.landed.slice(0, this.landed.indexOf(current)) : []
    return older.findLast(({ isRolledBack, to }) => !isRolledBack && to === null)
  }

  /** A person changes a file of it. */
  touch(): void {
    if (this.runs) this.isTouched = true
  }

  /** A person takes it away. */
  takeAway(): void {
    this.runs = null
    this.isTouched = false
  }

  #supersede(newer: Request): void {
    for (const one of this.requests)
      if (one.status === 'held' && one.at < newer.at) one.status = 'superseded'
  }
}
