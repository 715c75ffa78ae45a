import type { Folder, Request } from './folder.ts'
import type { Model } from './model.ts'

/** What there should be of pull requests: a preview of each branch that CI built and nobody deleted. */
export class Previews {
  readonly #model: Model
  readonly #goneUnix = new Map<string, number>()

  constructor(model: Model) {
    this.#model = model
  }

  gone(branch: string): void {
    this.#goneUnix.set(branch, this.#model.rules.nowUnix)
  }

  /** Asks for what is missing, and for the end of what is too many. */
  look(): void {
    for (const branch of branches) {
      const folder = this.#model.folder(`preview/web-${branch}`)
      const wanted = this.#wanted(branch)
      if (wanted === undefined) this.#end(folder, branch)
      else if (this.#isMissing(folder, wanted))
        folder.ask({ kind: 'release', artifact: wanted, by, branch })
    }
  }

  /** The newest artifact of a branch that is there. */
  #wanted(branch: string): string | undefined {
    const newest = [...this.#model.artifacts.values()].findLast((one) => one.branch === branch)
    const goneUnix = this.#goneUnix.get(branch) ?? Number.NEGATIVE_INFINITY
    return newest && newest.unix > goneUnix ? newest.id : undefined
  }

  #isMissing(folder: Folder, artifact: string): boolean {
    const last = lastOf(folder)
    const isDelete = last?.kind === 'delete' || last?.isWithdrawn
    if (last && !isDelete && last.artifact === artifact) return false
    const isGoing = last?.kind === 'delete' && !folder.isOver(last)
    return !(last && !isGoing && folder.runs?.artifact === artifact)
  }

  #end(folder: Folder, branch: string): void {
    const last = lastOf(folder)
    if (!last || last.kind === 'delete' || last.isWithdrawn) return
    const isWaiting = last.status === 'new' || last.status === 'held'
    if (!folder.runs && !isWaiting) return
    const isThere = folder.runs !== null || last.status === 'new'
    if (last.status === 'held') Object.assign(last, { status: 'superseded', isWithdrawn: true })
    if (isThere) folder.ask({ kind: 'delete', artifact: '', by, branch })
  }
}

const by = 'policy:manifest.preview'
export const branches = ['faster', 'slower'] as const

/** What was asked last of a preview, unless that took it away. */
function lastOf({ requests }: Folder): Request | undefined {
  const last = requests.findLast(({ branch }) => branch !== null)
  return last?.kind === 'delete' && last.status === 'processed' ? undefined : last
}
