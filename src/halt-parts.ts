import type { Halt, HaltChange } from './domain/halt.ts'
import type { GitopsAccess } from './gitops-access.ts'
import type { Logger } from './logger.ts'

/** Logs and tells a halt of writing and its end once, and answers how to tell of those that stand. */
export function tellHalts(
  all: readonly GitopsAccess[],
  { log, told }: { log: Logger; told: (change: HaltChange) => void },
): () => string | null {
  for (const { memory, url, config } of all) {
    const { branch, environments } = config
    let last: Halt | null = null
    memory?.tell(({ halt, by }) => {
      if (halt) log.error({ url, ...halt }, 'writing is halted: the GitOps branch was rewritten')
      else log.warn({ url, by, tip: memory?.tip }, 'writing goes on')
      const known = halt ?? last
      if (known) told({ url, branch, environments, halt: known, isOver: halt === null, by })
      last = halt
    })
  }
  return () => {
    const halted = all.filter(({ memory }) => memory?.halt)
    if (halted.length === 0) return null
    const which = all.length === 1 ? '' : ` of ${halted.map(({ url }) => url).join(', ')}`
    return `Writing is halted: the GitOps branch${which} was rewritten. See: gimlet doctor`
  }
}
