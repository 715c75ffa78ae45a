import { Fault } from './domain/fault.ts'
import type { HaltChange } from './domain/halt.ts'
import type { Part } from './lead-parts.ts'
import type { Logger } from './logger.ts'
import { Pump } from './release/pump.ts'
import type { AuditStore } from './store/audit.ts'

/** How long a record may stand before it is sealed, while the server that leads has nothing to push. */
const sealMs = 1_000

type Sealed = { readonly audit: AuditStore; readonly log: Pick<Logger, 'warn'> }

/** The loop, and beside it what seals the record: the last time when the loop has ended. */
export function sealedAfter(loop: Part, { audit, log }: Sealed): Part {
  const step = async () => {
    await audit.seal()
    return sealMs
  }
  const broke = (error: unknown) => {
    // The server that leads now goes on with it.
    if (error instanceof Fault && error.code === 'lease_lost') return
    log.warn({ err: error }, 'the audit record could not be sealed; it is tried again')
  }
  const sealing = new Pump({ step, broke })
  return {
    start() {
      loop.start()
      sealing.start()
    },
    async stop() {
      await Promise.all([loop.stop(), sealing.stop()])
      await audit.seal().catch(broke)
    },
  }
}

/** Records that writing is halted, or that a branch was put back; who resumes is recorded with that. */
export const noteHalts =
  (audit: AuditStore, log: Pick<Logger, 'error'>) =>
  ({ url, halt, isOver, by }: HaltChange): void => {
    if (isOver && by !== null) return
    const { seenTip, foundTip } = halt
    const action = isOver ? 'gitops.restored' : 'gitops.halted'
    const note = { actor: '(server)', action, subject: url }
    audit
      .note({ ...note, detail: JSON.stringify({ seenTip, foundTip }) })
      .catch((error: unknown) => log.error({ err: error, url, action }, 'a halt is not recorded'))
  }
