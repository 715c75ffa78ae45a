import type {
  ArtifactQuery,
  Command,
  DecisionQuery,
  HistoryQuery,
  ReleaseCommand,
} from '../domain/command.ts'
import type { Decision } from '../domain/decision.ts'
import { assertNever } from '../domain/fault.ts'
import type { Outcome, StatusByEnv } from '../domain/outcome.ts'
import { auditCallOf } from './audit-calls.ts'
import { type Call, get, post, type Query, timeOf } from './call.ts'
import { controlCallOf } from './control-calls.ts'
import { gitopsCallOf } from './gitops-calls.ts'
import { userCallOf } from './user-calls.ts'

/** The HTTP call that a command is. */
export function callOf(command: Command): Call {
  switch (command.verb) {
    case 'artifacts':
      return {
        ...get('/api/artifacts', artifactQuery(command.filter)),
        read: (artifacts) => ({ kind: 'artifacts', artifacts }),
      }
    case 'artifact':
      return artifactCall(command.id)
    case 'release':
      return releaseCall(command)
    case 'rollback':
    case 'delete':
      return removalCall(command)
    case 'approve':
    case 'reject':
    case 'block':
    case 'unblock':
    case 'lock':
    case 'unlock':
    case 'locks':
      return controlCallOf(command)
    case 'status':
      return statusCall(command)
    case 'history':
      return historyCall(command.filter)
    case 'event':
      return eventCall(command.id)
    case 'decision':
      return decisionCall(command.id)
    case 'decisions':
      return decisionsCall(command.filter)
    case 'whoami':
      return { ...get('/api/whoami'), read: (whoami) => ({ kind: 'whoami', whoami }) }
    case 'gitops-state':
    case 'resume-gitops':
      return gitopsCallOf(command)
    case 'users':
    case 'user':
    case 'add-user':
    case 'renew-token':
    case 'remove-user':
      return userCallOf(command)
    case 'audit':
      return auditCallOf(command.filter)
    case 'branch-deleted':
    case 'report-health':
    case 'push-artifact':
    case 'gitops-repo':
      throw new Error(`${command.verb} has no words in the command line yet`)
    default:
      return assertNever(command)
  }
}

const artifactCall = (id: string): Call => ({
  ...get(`/api/artifacts/${encodeURIComponent(id)}`),
  read: (artifact) => ({ kind: 'artifact', artifact }),
})

const eventCall = (id: string): Call => ({
  ...get('/api/event', { id }),
  read: (event) => ({ kind: 'event', event }),
})

function releaseCall(command: ReleaseCommand): Call {
  const { verb, ...body } = command
  const read = command.dryRun ? readPlans : accepted('release')
  return { ...post('/api/releases'), body, read }
}

type Removal = Extract<Command, { verb: 'rollback' | 'delete' }>

const removalCall = ({ verb, ...query }: Removal): Call => ({
  ...post(`/api/${verb}`, query),
  read: accepted(verb),
})

function statusCall({ env, app, atUnix }: { env: string; app?: string; atUnix?: number }): Call {
  const read = (status: StatusByEnv & Record<string, never>): Outcome => ({
    kind: 'status',
    env,
    status: env === '*' ? status : { [env]: status },
  })
  return { ...get('/api/status', { env, app, at: timeOf(atUnix) }), read }
}

function decisionCall(id: string): Call {
  const read = (decision: Decision): Outcome => ({ kind: 'decision', decision })
  return { ...get(`/api/decisions/${encodeURIComponent(id)}`), read }
}

function decisionsCall({ sinceUnix, ...page }: DecisionQuery): Call {
  const call = get('/api/decisions', { since: timeOf(sinceUnix), ...page })
  return { ...call, read: (decisions) => ({ kind: 'decisions', decisions }) }
}

const accepted =
  (what: 'release' | 'rollback' | 'delete') =>
  ({ id }: { id: string }): Outcome => ({ kind: 'accepted', id, what })

const readPlans = ({ plans }: { plans: never }): Outcome => ({ kind: 'plans', plans })

const artifactQuery = ({ shas, sinceUnix, untilUnix, ...rest }: ArtifactQuery): Query => ({
  ...rest,
  sha: shas,
  since: timeOf(sinceUnix),
  until: timeOf(untilUnix),
})

const historyCall = (filter: HistoryQuery): Call => ({
  ...get('/api/releases', historyQuery(filter)),
  read: (releases) => ({ kind: 'history', releases }),
})

const historyQuery = ({ sinceUnix, untilUnix, repository, ...rest }: HistoryQuery): Query => ({
  ...rest,
  since: timeOf(sinceUnix),
  until: timeOf(untilUnix),
  'git-repo': repository,
})
