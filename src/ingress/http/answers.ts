import type { User } from '../../domain/actor.ts'
import type { AuditRecord } from '../../domain/audit.ts'
import type { Block, Lock } from '../../domain/control.ts'
import { assertNever } from '../../domain/fault.ts'
import type { GitopsState } from '../../domain/halt.ts'
import type {
  ControlOutcome,
  GitopsOutcome,
  HealthReported,
  Outcome,
  UserOutcome,
} from '../../domain/outcome.ts'
import { asItSays, errorAnswer } from './errors.ts'

const type = { 'content-type': 'application/json', ...asItSays }
// Not Response.json: @hono/node-server sends a Response that was made of text without a stream.
export const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: type })

/** The HTTP answer to each outcome: contract, section 2. */
export function answerTo(outcome: Outcome): Response {
  switch (outcome.kind) {
    case 'refusal':
      return errorAnswer(outcome.code, outcome.message)
    case 'artifact-stored':
      return json(outcome.artifact, outcome.isNew ? 201 : 200)
    case 'artifact':
      return json(outcome.artifact)
    case 'artifacts':
      return json(outcome.artifacts)
    case 'accepted':
      return json({ id: outcome.id }, outcome.what === 'delete' ? 200 : 201)
    case 'health-reported':
      return json(healthShown(outcome))
    case 'approved':
    case 'rejected':
    case 'blocked':
    case 'unblocked':
    case 'locked':
    case 'unlocked':
    case 'locks':
      return controlAnswer(outcome)
    case 'plans':
      return json({ plans: outcome.plans })
    case 'status':
      return json(outcome.env === '*' ? outcome.status : (outcome.status[outcome.env] ?? {}))
    case 'history':
      return json(outcome.releases)
    case 'event':
      return json(outcome.event)
    case 'decision':
      return json(outcome.decision)
    case 'decisions':
      return json(outcome.decisions)
    case 'gitops-repo':
    case 'gitops-state':
    case 'gitops-resumed':
      return gitopsAnswer(outcome)
    case 'whoami':
      return json(outcome.whoami)
    case 'users':
    case 'user':
    case 'user-added':
    case 'user-removed':
      return userAnswer(outcome)
    case 'audit':
      return json(outcome.records.map(shownRecord))
    default:
      return assertNever(outcome)
  }
}

function userAnswer(outcome: UserOutcome): Response {
  switch (outcome.kind) {
    case 'users':
      return json(outcome.users.map(shown))
    case 'user':
      return json(shown(outcome.user))
    case 'user-added':
      return json({ ...shown(outcome.user), token: outcome.token }, 201)
    case 'user-removed':
      return json({ login: outcome.login })
  }
}

function gitopsAnswer(outcome: GitopsOutcome): Response {
  switch (outcome.kind) {
    case 'gitops-repo':
      return json({ gitopsRepo: outcome.url })
    case 'gitops-state':
      return json(shownStates(outcome.states))
    case 'gitops-resumed':
      return json({ tip: outcome.tip, seenTip: outcome.seenTip, resumedBy: outcome.by })
  }
}

function controlAnswer(outcome: ControlOutcome): Response {
  switch (outcome.kind) {
    case 'approved':
      return json({ id: outcome.id, approvedBy: outcome.by })
    case 'rejected':
      return json({ id: outcome.id, rejectedBy: outcome.by, what: outcome.what })
    case 'blocked':
      return json(shownBlock(outcome.block), outcome.isNew ? 201 : 200)
    case 'unblocked':
      return json({ artifactId: outcome.artifactId })
    case 'locked':
      return json(shownLock(outcome.lock), 201)
    case 'unlocked':
    case 'locks':
      return json(outcome.locks.map(shownLock))
  }
}

const healthShown = ({ kind: _, ...said }: HealthReported) => said

/** The first repository, with the others in it: most servers have one. */
const shownStates = ([first, ...others]: readonly GitopsState[]) => ({
  ...(first && shownState(first)),
  others: others.map(shownState),
})

const shownState = ({ halt, ...state }: GitopsState) => ({
  ...state,
  halt: halt && { seenTip: halt.seenTip, foundTip: halt.foundTip, since: halt.sinceUnix },
})

const shownLock = ({ createdUnix, untilUnix, ...lock }: Lock) => ({
  ...lock,
  created: createdUnix,
  until: untilUnix,
})

const shownBlock = ({ createdUnix, ...block }: Block) => ({ ...block, created: createdUnix })

const shownRecord = ({ detail, ...record }: AuditRecord) => ({
  ...record,
  detail: JSON.parse(detail) as unknown,
})

const shown = ({ login, roles, repositories, verbs = [], ...times }: User) => ({
  login,
  admin: roles.includes('admin'),
  roles,
  repositories,
  verbs,
  created: times.createdUnix,
  expires: times.expiresUnix ?? null,
  lastUsed: times.lastUsedUnix ?? null,
  previousExpires: times.previousExpiresUnix ?? null,
})
