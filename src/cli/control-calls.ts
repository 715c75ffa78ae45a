import type { ControlCommand } from '../domain/command.ts'
import type { Block, Lock } from '../domain/control.ts'
import { type Call, del, get, post, timeOf } from './call.ts'

/** The HTTP call of a command about approvals, blocks or locks. */
export function controlCallOf(command: ControlCommand): Call {
  switch (command.verb) {
    case 'approve':
      return {
        ...post(`/api/event/${encodeURIComponent(command.id)}/approve`),
        read: ({ id, approvedBy: by }) => ({ kind: 'approved', id, by }),
      }
    case 'reject':
      return {
        ...post(`/api/event/${encodeURIComponent(command.id)}/reject`, { reason: command.reason }),
        read: ({ id, rejectedBy: by, what }) => ({ kind: 'rejected', id, by, what }),
      }
    case 'block':
      return {
        ...post(`/api/artifacts/${encodeURIComponent(command.artifactId)}/block`),
        body: { reason: command.reason },
        read: (block, status) => ({
          kind: 'blocked',
          block: readBlock(block),
          isNew: status === 201,
        }),
      }
    case 'unblock':
      return {
        ...del(`/api/artifacts/${encodeURIComponent(command.artifactId)}/block`),
        read: ({ artifactId }) => ({ kind: 'unblocked', artifactId }),
      }
    case 'lock': {
      const { env, app, reason, untilUnix } = command
      return {
        ...post('/api/locks'),
        body: { env, app, reason, until: timeOf(untilUnix) },
        read: (lock) => ({ kind: 'locked', lock: readLock(lock) }),
      }
    }
    case 'unlock':
      return {
        ...('id' in command
          ? del(`/api/locks/${encodeURIComponent(command.id)}`)
          : del('/api/locks', { env: command.env, app: command.app })),
        read: (locks: readonly LockJson[]) => ({ kind: 'unlocked', locks: locks.map(readLock) }),
      }
    case 'locks':
      return {
        ...get('/api/locks'),
        read: (locks: readonly LockJson[]) => ({ kind: 'locks', locks: locks.map(readLock) }),
      }
  }
}

type LockJson = Omit<Lock, 'createdUnix' | 'untilUnix'> & {
  readonly created: number
  readonly until: number | null
}
const readLock = ({ created, until, ...lock }: LockJson): Lock => ({
  ...lock,
  createdUnix: created,
  untilUnix: until,
})

type BlockJson = Omit<Block, 'createdUnix'> & { readonly created: number }
const readBlock = ({ created, ...block }: BlockJson): Block => ({ ...block, createdUnix: created })
