import { type Ended, Folder, type Request } from './folder.ts'
import { Previews } from './model-previews.ts'
import type { Rules, Verdict } from './rules.ts'

/** An artifact as CI posts it: of a push to main, or of a pull request of a branch. */
export type Built = { readonly id: string; readonly app: string; readonly branch: string | null }

/** What the product is seen to have done; the model follows it where a host that is away leaves it free. */
export type Seen = {
  readonly isAway: boolean
  /** How a request stands. */
  statusOf(request: Request): Ended | 'new' | 'held'
  /** Its commit stands on the branch, whoever knows. */
  isPushed(request: Request): boolean
  /** A commit of it was to be pushed. */
  isBegun(request: Request): boolean
  /** The arrival of an artifact was looked at. */
  isExpanded(artifact: string): boolean
}

/** What should be asked, wait, end and run; it knows of no git, no database and no loop. */
export class Model {
  readonly rules: Rules
  readonly folders = new Map<string, Folder>()
  readonly artifacts = new Map<string, Built & { readonly unix: number }>()
  readonly #previews = new Previews(this)
  #arrived: string[] = []

  constructor(rules: Rules) {
    this.rules = rules
  }

  folder(place: string): Folder {
    const folder = this.folders.get(place) ?? new Folder(place)
    this.folders.set(place, folder)
    return folder
  }

  requests(): Request[] {
    return [...this.folders.values()].flatMap(({ requests }) => requests)
  }

  /** Whether it is taken: new, or known with this very content. */
  post(built: Built): boolean {
    const known = this.artifacts.get(built.id)
    if (known) return known.app === built.app && known.branch === built.branch
    this.artifacts.set(built.id, { ...built, unix: this.rules.nowUnix })
    this.#arrived.push(built.id)
    return true
  }

  branchDeleted(branch: string): void {
    this.#previews.gone(branch)
  }

  /** The loop carries out what is due. */
  step(seen: Seen): void {
    this.#previews.look()
    for (const id of this.#arrived.filter((one) => !seen.isAway || seen.isExpanded(one))) {
      this.#arrived = this.#arrived.filter((one) => one !== id)
      const built = this.artifacts.get(id)
      if (built?.branch === null)
        this.folder(`staging/${built.app}`).ask({
          kind: 'release',
          artifact: id,
          by: 'policy:to-staging',
        })
    }
    for (const folder of this.folders.values())
      if (seen.isAway) this.#follow(folder, seen)
      else this.#carryOut(folder, seen)
  }

  #carryOut(folder: Folder, seen: Seen): void {
    for (const request of folder.due(seen)) {
      // A newer one may have taken its place meanwhile.
      if (folder.isOver(request)) continue
      if (seen.isPushed(request)) this.#land(folder, request)
      else this.#end(folder, request)
    }
  }

  #end(folder: Folder, request: Request): void {
    const verdict = this.verdictOn(folder, request)
    if (verdict.kind === 'deny') request.status = 'denied'
    else if (verdict.kind === 'hold') this.#hold(folder, request, verdict.hours)
    else if (folder.isRepeat(request)) folder.done(request)
    else this.#land(folder, request)
  }

  #land(folder: Folder, request: Request): void {
    folder.land(request)
    if (request.kind === 'rollback') this.rules.rolledBack(folder.place)
  }

  #hold(folder: Folder, request: Request, hours: number): void {
    const { nowUnix } = this.rules
    request.untilUnix ??= nowUnix + hours * 3600
    if (nowUnix >= request.untilUnix) request.status = 'denied'
    else folder.hold(request)
  }

  /** Without a host nothing lands; which of the others were decided is the product's to say. */
  #follow(folder: Folder, seen: Seen): void {
    for (const request of folder.open()) {
      const status = seen.statusOf(request)
      const { kind } = this.verdictOn(folder, request)
      const isLate = this.rules.nowUnix >= (request.untilUnix ?? Number.POSITIVE_INFINITY)
      // The step may have begun before the host went away.
      const isRepeat = kind === 'allow' && folder.isRepeat(request)
      if (status === 'processed' && seen.isPushed(request)) this.#land(folder, request)
      else if (status === 'processed' && isRepeat) folder.done(request)
      else if (status === 'denied' && kind !== 'allow') this.#end(folder, request)
      else if (status === 'held' && kind === 'hold' && !isLate) this.#end(folder, request)
    }
    for (const request of folder.open())
      if (seen.statusOf(request) === 'superseded' && folder.hasNewer(request))
        request.status = 'superseded'
  }

  verdictOn(folder: Folder, request: Request): Verdict {
    if (request.kind === 'delete' && folder.runs === null) return { kind: 'deny' }
    return this.rules.decide(folder.place, request)
  }
}
