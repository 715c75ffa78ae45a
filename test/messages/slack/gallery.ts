import { verbs } from '../../../src/commands/verbs.ts'
import type { Artifact, Version } from '../../../src/domain/artifact.ts'
import type { Explanation, RequestCard } from '../../../src/domain/card.ts'
import type { Lock } from '../../../src/domain/control.ts'
import type { Verdict } from '../../../src/domain/decision.ts'
import { everyEnvironment } from '../../../src/domain/environments.ts'
import type { EventStatus } from '../../../src/domain/event.ts'
import type { HaltChange } from '../../../src/domain/halt.ts'
import type { Outcome, Plan } from '../../../src/domain/outcome.ts'
import type { HealthState, Release } from '../../../src/domain/release.ts'
import { answer } from '../../../src/messages/slack/answer.ts'
import type { SlackContext } from '../../../src/messages/slack/context.ts'
import { brokenLockMessage, lockMessage } from '../../../src/messages/slack/control.ts'
import { haltMessage } from '../../../src/messages/slack/halt.ts'
import { homeView, strangerHome } from '../../../src/messages/slack/home.ts'
import {
  message as messageOf,
  type SlackMessage,
  said,
} from '../../../src/messages/slack/message.ts'
import {
  artifactOption,
  doneModal,
  rejectModal,
  releaseModal,
  rollbackModal,
} from '../../../src/messages/slack/modals.ts'
import {
  explanationMessage,
  helpMessage,
  problemMessage,
  strangerMessage,
} from '../../../src/messages/slack/notes.ts'
import { requestMessage } from '../../../src/messages/slack/request.ts'
import { lines, text } from '../../../src/messages/slack/rich.ts'
import { stepsOf } from '../../../src/messages/slack/steps.ts'
import { mendingText } from '../../../src/notify/slack-errors.ts'
import type { Entry } from '../../support/block-kit-page.ts'
import { healthOf } from '../../support/builders.ts'

const now = 1_795_000_000
const sha = '6f1b2a9c0d4e5f60718293a4b5c6d7e8f9012345'
const shaBefore = '1d0f7e3a95b24c688e17a0c2d93f5b6a4e8c7d10'
const ref = '8f964858a1b2c3d4e5f60718293a4b5c6d7e8f90'
const refBefore = '2b7c91d04e6f8a3159c0d7e2f4a6b8c1d3e5f709'
const id = 'r-1m84tpqpyr1zshj'
const users: Readonly<Record<string, string>> = { alice: 'UALICE', bob: 'UBOB', carol: 'UCAROL' }
/** Alice, Bob and Carol are linked; Dave is not. */
export const context: SlackContext = {
  slackUser: (login) => (Object.hasOwn(users, login) ? (users[login] ?? null) : null),
  commitUrl: (one) => `https://github.com/acme/gitops/commit/${one}`,
  command: '/gimlet',
}
export const version: Version = {
  repositoryName: 'acme/web',
  sha,
  created: now - 900,
  branch: 'main',
  event: 'push',
  sourceBranch: '',
  targetBranch: '',
  tag: '',
  authorName: 'Ann Smith',
  authorEmail: '',
  committerName: '',
  committerEmail: '',
  message: 'Faster search results\n\nWith an index.',
  url: `https://github.com/acme/web/commit/${sha}`,
}
const released = (given: Partial<Release> = {}): Release => ({
  id,
  app: 'web',
  env: 'production',
  artifactId: `web-${sha}`,
  triggeredBy: 'alice',
  version,
  gitopsRef: ref,
  gitopsRepo: '',
  created: now + 6,
  status: 'pushed',
  rolledBack: false,
  decisionId: 'd-1m84tpqpyr1zshk',
  policyVersion: 'sha256:9a7ae0804a40b4fd',
  ...given,
})
const before = released({
  id: 'r-1m7z0c4w2v9k3jh',
  artifactId: `web-${shaBefore}`,
  version: { ...version, sha: shaBefore, message: 'Show prices with tax' },
  created: now - 86_400,
  gitopsRef: refBefore,
})

type Given = Partial<Omit<RequestCard, 'event'>> & {
  readonly event?: Partial<RequestCard['event']>
}

/** A request of Alice's for web in production, as she has just made it. */
export const card = ({ event, ...given }: Given = {}): RequestCard => ({
  event: {
    id,
    type: 'release',
    status: 'new',
    statusDesc: '',
    env: 'production',
    app: 'web',
    artifactId: `web-${sha}`,
    triggeredBy: 'alice',
    reason: 'the prices are right now',
    created: now,
    expires: null,
    decisionId: 'd-1m84tpqpyr1zshk',
    forced: false,
    approvals: [],
    gitopsHashes: [],
    releases: [],
    events: [],
    ...event,
  },
  version,
  release: null,
  before,
  isRunning: false,
  wishes: [],
  approvers: [],
  warnings: [],
  policy: null,
  parts: [],
  ...given,
})

type Event = Partial<RequestCard['event']>
const wish = { count: 2, role: 'approver', team: null }
const held = {
  status: 'held',
  statusDesc: 'Production needs two approvals',
  expires: now + 7_200,
} as const satisfies Event
const landed: Event = {
  status: 'processed',
  statusDesc: `released web-${sha} to production`,
  gitopsHashes: [{ hash: ref, status: 'pushed', statusDesc: '' }],
}
const done = { release: released(), isRunning: true, event: landed }
const health = (state: HealthState, message = '', given: Partial<Release> = {}) =>
  released({
    health: healthOf({ state, since: now + 60, reported: now + 60, message }),
    ...given,
  })
/** What is over without having landed knows no more what stood there before. */
const over = (status: EventStatus, statusDesc: string, event: Event = {}) =>
  card({ before: null, event: { status, statusDesc, ...event } })
const denied = (statusDesc: string, event: Event = {}) => over('denied', statusDesc, event)
const back = { type: 'rollback', artifactId: before.artifactId, reason: 'loses orders' } as const
const wentBack: Given = {
  version: before.version,
  before: released(),
  release: released({ ...before, id, rollbackTo: refBefore, created: now + 6 }),
  isRunning: true,
  event: { ...landed, ...back, statusDesc: 'rolled web in production back' },
}
const deletion: Given = {
  version: null,
  before: null,
  event: { type: 'delete', artifactId: null, reason: 'replaced by shop' },
}
const ofApps = (parts: readonly RequestCard[]) =>
  card({
    before: null,
    event: {
      app: null,
      status: 'processed',
      statusDesc: 'asked for web and api in production',
    },
    parts,
  })
const part = (app: string, given: Given = {}) =>
  card({ ...given, event: { ...given.event, app, id: `${id}-${app}` } })
const happening = (type: RequestCard['event']['type'], event: Event, parts: RequestCard[] = []) =>
  card({
    version: event.artifactId === null ? null : version,
    before: null,
    event: { type, status: 'processed', app: null, env: null, reason: '', ...event },
    parts,
  })
const byPolicy = { triggeredBy: 'policy:main-to-production', reason: '' }
const many = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory']

/** Requests in every state, by the groups that they are shown in. */
export const requests: Readonly<Record<string, Readonly<Record<string, RequestCard>>>> = {
  'A release: asked for and waiting': {
    'just asked for': card(),
    'asked for, without a reason, where nothing ran': card({
      before: null,
      event: { reason: '' },
    }),
    'asked for, while the git host is away': card({
      event: { statusDesc: 'waits: fetching the GitOps repository' },
    }),
    'asked for by force': card({ event: { forced: true, reason: 'incident 42' } }),
    'held until CI posts the artifact': card({
      version: null,
      event: {
        ...held,
        artifactId: null,
        statusDesc: `CI has not posted an artifact for the commit ${sha.slice(0, 8)} yet`,
        expires: now + 3_600,
      },
    }),
    'held for approvals': card({ wishes: [wish], approvers: ['bob', 'carol'], event: held }),
    'held, approved by one of two': card({
      wishes: [wish],
      approvers: ['carol'],
      event: { ...held, approvals: ['bob'] },
    }),
    'held for two gates, many may approve': card({
      wishes: [
        { count: 1, role: 'approver', team: null },
        { count: 1, role: null, team: 'security' },
      ],
      approvers: many,
      policy: 'production-needs-approval',
      event: held,
    }),
    'held, and nobody may approve': card({ wishes: [wish], event: held }),
    'held for time only, with an end': card({
      event: { ...held, statusDesc: 'It has to run in staging for 30 minutes first' },
    }),
    'held for time only, without an end': card({
      event: { ...held, statusDesc: 'Not on a Friday after 15:00', expires: null },
    }),
    'held by a lock, asked for by a policy': card({
      event: {
        ...held,
        ...byPolicy,
        statusDesc: 'production is locked by bob: the database moves; to end it: unlock production',
        expires: now + 7 * 86_400,
      },
    }),
    'held, with warnings': card({
      wishes: [wish],
      approvers: ['bob', 'carol'],
      warnings: ['web has no readiness probe', 'web runs as root'],
      event: held,
    }),
  },
  'A release: done': {
    released: card(done),
    'released after two approvals': card({
      ...done,
      event: { ...landed, approvals: ['bob', 'carol'] },
    }),
    'released by a policy, nothing ran before': card({
      ...done,
      before: null,
      event: { ...landed, ...byPolicy },
    }),
    'released from a tag, by someone who is not in Slack': card({
      ...done,
      version: { ...version, tag: 'v1.4.2' },
      event: { ...landed, triggeredBy: 'dave' },
    }),
    'released with warnings': card({
      ...done,
      warnings: ['web has no readiness probe', 'web runs as root'],
    }),
    'released by force': card({
      ...done,
      warnings: ['forced past lock:l-1m84tp: production is locked by bob: the database moves'],
      event: { ...landed, forced: true, reason: 'incident 42' },
    }),
    'released, progressing': card({ ...done, release: health('progressing', 'Reconciling') }),
    'released, healthy': card({ ...done, release: health('healthy') }),
    'released, failed in the cluster': card({
      ...done,
      release: health('failed', 'Deployment/web exceeded its progress deadline'),
    }),
    'released, failed with a later commit': card({
      ...done,
      release: released({
        health: healthOf({ state: 'failed', message: 'kustomize build failed', basis: 'later' }),
      }),
    }),
    'released, failed and healthy again': card({
      ...done,
      release: released({
        health: healthOf({
          ...{ since: now + 300, reported: now + 300 },
          recoveredFrom: { since: now + 60, message: 'Deployment/web exceeded its deadline' },
        }),
      }),
    }),
    'released after three hours of waiting': card({
      ...done,
      release: released({ created: now + 11_000 }),
    }),
    'released, replaced since': card({ ...done, isRunning: false }),
    'was rolled back': card({ ...done, isRunning: false, release: released({ rolledBack: true }) }),
  },
  'A release: it did not come to it': {
    refused: denied('Release it to staging first and let it run for 30 minutes'),
    'refused by a lock': denied(
      'production is locked by bob until 2026-11-18T13:06:40Z: the database moves; to end it: unlock production',
    ),
    'rejected with a reason': denied('rejected by bob: not on a Friday'),
    'rejected without a reason, after one approval': denied('rejected by bob', {
      approvals: ['carol'],
    }),
    withdrawn: denied('withdrawn by alice'),
    'withdrawn with a reason': denied('withdrawn by alice: the wrong branch'),
    superseded: over('superseded', 'superseded by r-1m84tq0b5x7d2fg'),
    'set aside as broken': over(
      'error',
      'set aside after 5 attempts: rendering the manifest of web for production',
    ),
  },
  'A rollback': {
    'asked for, to the release before': card({
      version: null,
      before: released(),
      event: { ...back, artifactId: null },
    }),
    held: card({
      version: null,
      before: released(),
      wishes: [{ ...wish, count: 1 }],
      approvers: ['bob'],
      event: { ...held, ...back, artifactId: null, statusDesc: 'Production needs an approval' },
    }),
    done: card(wentBack),
    'done and healthy': card({
      ...wentBack,
      release: health('healthy', '', { ...before, id, rollbackTo: refBefore, created: now + 6 }),
    }),
    refused: denied('Nothing is released there that it could go back to', {
      ...back,
      artifactId: null,
    }),
    withdrawn: denied('withdrawn by alice', { ...back, artifactId: null }),
  },
  'A delete': {
    'asked for': card({ ...deletion, before }),
    done: card({ ...deletion, event: { ...landed, ...deletion.event } }),
    refused: card({
      ...deletion,
      event: { ...deletion.event, status: 'denied', statusDesc: 'Production is never emptied' },
    }),
  },
  'A request of several apps': {
    'some wait': ofApps([
      part('web', { ...done, release: health('healthy') }),
      part('api', { wishes: [wish], approvers: ['bob'], event: held }),
      part('jobs', { event: { status: 'denied', statusDesc: 'jobs is never released by hand' } }),
    ]),
    'all are done': ofApps([part('web', done), part('api', done)]),
    'more than fit': ofApps(Array.from({ length: 25 }, (_, at) => part(`app-${at + 1}`, done))),
    'an artifact that arrived, and what it led to': happening('artifact', { ...byPolicy }, [
      part('web', { ...done, event: { ...landed, ...byPolicy, env: 'staging' } }),
    ]),
    'an artifact that arrived, and nothing asked for it': happening('artifact', {
      ...byPolicy,
      statusDesc: 'No trigger asked for a release',
    }),
    'what follows a release': happening('released', { ...byPolicy }, [part('web', done)]),
    'a branch was deleted': happening('branchDeleted', { artifactId: null }),
    'the cluster said something': happening('health', { artifactId: null }),
    'a schedule': happening('schedule', { artifactId: null }),
  },
}

const requestNotes: Readonly<Record<string, string>> = {
  'A release: asked for and waiting':
    'In the channel of the environment, in a thread, or as the answer to a command. One message, edited in place.',
  'A request of several apps':
    'The answer to a release of every app of a repository, and to track. Without buttons: each app has its own message.',
}

const freeze: Lock = {
  id: 'l-1m84tpqpyr1zshj',
  kind: 'freeze',
  env: 'production',
  app: null,
  reason: 'the database moves',
  by: 'alice',
  createdUnix: now,
  untilUnix: now + 7_200,
}
const appLock: Lock = { ...freeze, app: 'web', untilUnix: null, reason: 'incident 42', by: 'dave' }
const afterRollback: Lock = { ...appLock, kind: 'rollback', reason: 'loses orders', by: 'bob' }
const change = `diff --git a/production/web/web.yaml b/production/web/web.yaml
--- a/production/web/web.yaml
+++ b/production/web/web.yaml
@@ -12,1 +12,1 @@
-          image: quay.io/acme/web:1.4.1
+          image: quay.io/acme/web:1.4.2
`
const plan = (verdict: Verdict, { decision, ...given }: Partial<Plan> = {}): Plan => ({
  app: 'web',
  env: 'production',
  artifactId: `web-${sha}`,
  problem: null,
  diff: change,
  decision: {
    id: 'd-1',
    eventId: id,
    app: 'web',
    env: 'production',
    policyVersion: 'sha256:9a7ae0804a40b4fd',
    tip: ref,
    facts: {},
    created: now,
    verdict,
    policy: { allow: null, hold: 'production-needs-approval', deny: 'staging-first' }[verdict],
    message: {
      allow: 'No policy stands in the way',
      hold: 'Production needs two approvals',
      deny: 'Release it to staging first and let it run for 30 minutes',
    }[verdict],
    warnings: [],
    forced: [],
    expiresInMs: null,
    newer: 'supersedes',
    trace: [],
    ...decision,
  },
  ...given,
})
const warned = { ...plan('allow').decision, warnings: ['web has no readiness probe'] }
const artifact = (given: Partial<Artifact> = {}): Artifact => ({
  id: `web-${sha}`,
  created: now - 600,
  version,
  context: {},
  environments: [],
  items: [],
  ...given,
})
const longDiff = `${change}${Array.from({ length: 400 }, (_, at) => `+ line ${at + 1} of the change`).join('\n')}\n`

/** An outcome of every kind, by name. A new kind that is missing here does not compile. */
const outcomes: {
  readonly [K in Outcome['kind']]: Readonly<Record<string, Extract<Outcome, { kind: K }>>>
} = {
  status: {
    status: {
      kind: 'status',
      env: '*',
      status: {
        production: { web: health('healthy'), api: health('failed'), jobs: null },
        staging: {
          web: released({ env: 'staging', triggeredBy: 'policy:main-to-staging' }),
          api: health('progressing', '', { triggeredBy: 'dave' }),
        },
      },
    },
    'status of nothing': { kind: 'status', env: '*', status: {} },
  },
  artifacts: {
    artifacts: {
      kind: 'artifacts',
      artifacts: [
        artifact(),
        artifact({
          id: `web-${shaBefore}`,
          created: now - 90_000,
          version: { ...before.version, tag: 'v1.4.1', event: 'tag' },
        }),
      ],
    },
    'more artifacts than fit': {
      kind: 'artifacts',
      artifacts: Array.from({ length: 30 }, (_, at) => artifact({ id: `web-${at + 1}` })),
    },
    'no artifacts': { kind: 'artifacts', artifacts: [] },
  },
  artifact: { 'one artifact': { kind: 'artifact', artifact: artifact() } },
  history: {
    history: {
      kind: 'history',
      releases: [
        released({ ...before, rollbackTo: refBefore }),
        released({ rolledBack: true }),
        before,
      ],
    },
    'history of nothing': { kind: 'history', releases: [] },
  },
  plans: {
    'a diff that would go': { kind: 'plans', plans: [plan('allow')] },
    'a diff with a warning': { kind: 'plans', plans: [plan('allow', { decision: warned })] },
    'a diff that would wait': { kind: 'plans', plans: [plan('hold')] },
    'a diff that would be refused': { kind: 'plans', plans: [plan('deny')] },
    'a diff that cannot be made': {
      kind: 'plans',
      plans: [
        plan('allow', { problem: 'manifest web.yaml: there is no variable IMAGE', diff: '' }),
      ],
    },
    'a diff of two apps': { kind: 'plans', plans: [plan('allow'), plan('hold', { app: 'api' })] },
    'a long diff, cut': { kind: 'plans', plans: [plan('allow', { diff: longDiff })] },
    'a diff of nothing': { kind: 'plans', plans: [plan('allow', { diff: '' })] },
    'nothing to release': { kind: 'plans', plans: [] },
  },
  whoami: {
    whoami: {
      kind: 'whoami',
      whoami: {
        login: 'alice',
        roles: ['releaser', { role: 'approver', env: 'production', app: 'web-*' }],
        teams: ['platform'],
        repositories: ['acme/web'],
        actions: ['look', 'release', 'roll back', 'lock and unlock'],
      },
    },
    'whoami of someone without a role': {
      kind: 'whoami',
      whoami: { login: 'dave', roles: [], teams: [], repositories: [], actions: [] },
    },
  },
  accepted: {
    'asked for': { kind: 'accepted', id, what: 'cleanup' },
  },
  approved: { approved: { kind: 'approved', id, by: 'bob' } },
  rejected: {
    rejected: { kind: 'rejected', id, by: 'bob', what: 'rejected' },
    withdrawn: { kind: 'rejected', id, by: 'alice', what: 'withdrawn' },
  },
  blocked: {
    blocked: {
      kind: 'blocked',
      isNew: true,
      block: { artifactId: `web-${sha}`, reason: 'loses orders', by: 'bob', createdUnix: now },
    },
    'blocked already': {
      kind: 'blocked',
      isNew: false,
      block: { artifactId: `web-${sha}`, reason: 'loses orders', by: 'carol', createdUnix: now },
    },
  },
  unblocked: { unblocked: { kind: 'unblocked', artifactId: `web-${sha}` } },
  locked: {
    locked: { kind: 'locked', lock: freeze },
    'locked, one app, without an end': { kind: 'locked', lock: { ...appLock, by: 'alice' } },
  },
  unlocked: {
    unlocked: { kind: 'unlocked', locks: [freeze, afterRollback] },
    'nothing to unlock': { kind: 'unlocked', locks: [] },
  },
  locks: {
    locks: { kind: 'locks', locks: [freeze, appLock, afterRollback] },
    'no locks': { kind: 'locks', locks: [] },
  },
  refusal: {
    'a refusal': {
      kind: 'refusal',
      code: 'forbidden',
      message: 'dave may not release (web in production); that takes the role releaser or admin',
    },
    'a refusal with what was meant': {
      kind: 'refusal',
      code: 'not_found',
      message: 'There is no app wbe; did you mean web?',
    },
  },
  'gitops-repo': {
    'the GitOps repository': { kind: 'gitops-repo', url: 'https://github.com/acme/gitops.git' },
  },
  event: { 'from the command line only': { kind: 'event', event: card().event } },
  // The same answer as of `event`: none of these can be asked for in Slack.
  decision: {},
  decisions: {},
  'artifact-stored': {},
  'health-reported': {},
  users: {},
  user: {},
  'user-added': {},
  'gitops-state': {},
  'gitops-resumed': {},
  'user-removed': {},
  audit: {},
}

/** Words of others that would do harm where Slack parses them. */
const evil =
  '<!channel> <@U123> *bold* _it_ ~s~ `code` :smile: <http://evil|click> https://evil.example & <b>\u202etxt.exe\u200b\n# x\n'
export const hostileWords = evil.repeat(50).slice(0, 5_000)

/** Everything that others write on a request. */
export type Words = {
  readonly message: string
  readonly author: string
  readonly branch: string
  readonly reason: string
  readonly statusDesc: string
  readonly artifactId: string
  readonly policy: string
  readonly login: string
}
export const only = (words: string): Words => ({
  message: words,
  author: words,
  branch: words,
  reason: words,
  statusDesc: words,
  artifactId: words,
  policy: words,
  login: words,
})

/** The same request in every state, with the words of others everywhere; so often, where there are lists. */
export function withWords(words: Words, times = 1): RequestCard[] {
  const { message, author, branch, reason, statusDesc, artifactId, policy, login } = words
  const all = <T>(one: T): T[] => Array.from({ length: times }, () => one)
  const version_ = { ...version, message, authorName: author, branch }
  return Object.values(requests)
    .flatMap((group) => Object.values(group))
    .map((one): RequestCard => {
      const release = one.release && {
        ...one.release,
        artifactId,
        triggeredBy: login,
        version: version_,
        ...(one.release.health ? { health: { ...one.release.health, message: policy } } : {}),
      }
      return {
        ...one,
        version: one.version && version_,
        before: one.before && { ...one.before, artifactId: `${artifactId}0` },
        release,
        wishes: one.wishes.length > 0 ? all({ count: 1, role: policy, team: policy }) : [],
        approvers: one.approvers.length > 0 ? all(login) : [],
        warnings: all(one.event.forced ? `forced past ${policy}` : policy),
        policy,
        event: {
          ...one.event,
          artifactId,
          reason,
          statusDesc,
          triggeredBy: login,
          approvals: all(login),
        },
        parts:
          one.parts.length > 0
            ? all(card({ event: { ...one.event, statusDesc, artifactId } }))
            : [],
      }
    })
}

/** Every answer, window, note and tab that shows words of others. */
export function othersWith(words: Words, times = 1): object[] {
  const { message, author, branch, reason, statusDesc, artifactId, policy, login } = words
  const all = <T>(one: T): T[] => Array.from({ length: times }, () => one)
  const version_ = { ...version, message, authorName: author, branch, tag: branch }
  const release = released({ artifactId, triggeredBy: login, version: version_ })
  const one = artifact({ id: artifactId, version: version_ })
  const lock_: Lock = { ...freeze, reason, by: login }
  const decision = { ...plan('hold').decision, policy, message: policy, warnings: all(policy) }
  const plan_ = plan('hold', { artifactId, decision, diff: message, problem: statusDesc })
  const choice_ = { ...choice, artifactId: artifactId.slice(0, 150) || 'web-1' }
  const request = card({ event: { artifactId, statusDesc, reason, triggeredBy: login } })
  const status = Object.fromEntries(all(release).map((_, at) => [`app-${at}`, release]))
  const given: Outcome[] = [
    { kind: 'refusal', code: 'invalid', message: policy },
    { kind: 'artifact', artifact: one },
    { kind: 'artifacts', artifacts: all(one) },
    { kind: 'plans', plans: all(plan_) },
    { kind: 'status', env: '*', status: { production: status, staging: status } },
    { kind: 'history', releases: all(release) },
    { kind: 'blocked', isNew: true, block: { artifactId, reason, by: login, createdUnix: now } },
    { kind: 'unblocked', artifactId },
    { kind: 'locked', lock: lock_ },
    { kind: 'unlocked', locks: all(lock_) },
    { kind: 'locks', locks: all(lock_) },
    {
      kind: 'whoami',
      whoami: { login, roles: [], teams: all(branch), repositories: all(branch), actions: [] },
    },
  ]
  const waiting = withWords(words).slice(0, 8)
  const own = waiting.map((held_, at) => ({
    ...held_,
    event: { ...held_.event, id: `${id}${at}` },
  }))
  return [
    ...given.map((outcome) => answer(outcome, context)),
    lockMessage(lock_, null, context),
    lockMessage(lock_, login, context),
    brokenLockMessage(lock_, login, context),
    explanationMessage(all({ ...explanation, message: policy, lines: all(policy) })),
    problemMessage({ message: policy, suggestions: all(reason) }, context),
    releaseModal(choice_, { kind: 'plan', plan: plan_ }),
    releaseModal(choice_, { kind: 'problem', message: policy }),
    rejectModal(request, { channel: null, isOwn: false }),
    rollbackModal({ env: 'production', app: 'web', from: release, to: release }, null),
    doneModal(request, context),
    homeView({ running: all(release), waiting: [], own, locks: all(lock_) }, context),
    ...withWords(words).map((held_) => threadOf(held_)),
    ...(artifactId.length <= 150 && artifactId.length > 0
      ? [{ options: all(artifactOption(one)).slice(0, 100) }]
      : []),
  ]
}

const choice = { channel: null, app: 'web', env: 'production', artifactId: `web-${sha}` }
const explanation: Explanation = {
  id,
  card: card({ wishes: [wish], approvers: ['bob', 'carol'], event: held }),
  message: 'Production needs two approvals',
  policyVersion: 'sha256:9a7ae0804a40b4fd',
  lines: [
    '✗ production-needs-approval (gate): Two people look at production',
    '  when',
    '    ✓ env == "production"  (it is "production")',
    '  require',
    '    ✗ approvedBy {"count":2,"role":"approver"}  (approvals.roles.approver is [])',
    '✓ staging-first (gate): What goes to production has run in staging',
    '  require',
    '    ✓ envs.staging.minutes >= 30  (it is 42)',
  ],
}

/** What the thread of a request is told of the steps that it has taken, in one reply. */
function threadOf(one: RequestCard): SlackMessage {
  const steps = stepsOf(one, context)
  return messageOf(
    steps.flatMap(({ line }) => line),
    [lines(...steps.map(({ line }) => line))],
  )
}

const group = (name: string): Readonly<Record<string, RequestCard>> => requests[name] ?? {}
const waits = group('A release: asked for and waiting')
const isDone = group('A release: done')
const isNot = group('A release: it did not come to it')
const of = (from: Readonly<Record<string, RequestCard>>, name: string): RequestCard => {
  const found = from[name]
  if (!found) throw new Error(`there is no request ${name}`)
  return found
}

const section = (
  name: string,
  entries: Readonly<Record<string, object | readonly [object, string]>>,
): Entry[] =>
  Object.entries(entries).map(([entry, one]) =>
    Array.isArray(one)
      ? { section: name, name: entry, note: String(one[1]), payload: one[0] as object }
      : { section: name, name: entry, payload: one },
  )

const threads = section('In the thread of a request', {
  approved: threadOf(of(waits, 'held, approved by one of two')),
  released: threadOf(of(isDone, 'released')),
  'released and healthy, several steps at once': threadOf(
    card({
      ...done,
      release: health('healthy'),
      event: { ...landed, approvals: ['bob', 'carol'] },
    }),
  ),
  'failed in the cluster': [
    threadOf(of(isDone, 'released, failed in the cluster')),
    'Also told in the channel itself; alone, when the release was told before.',
  ],
  'healthy again': [
    threadOf(of(isDone, 'released, failed and healthy again')),
    'Also told in the channel itself, where the failure was.',
  ],
  'was rolled back': threadOf(of(isDone, 'was rolled back')),
  refused: threadOf(of(isNot, 'refused')),
  rejected: threadOf(of(isNot, 'rejected with a reason')),
  withdrawn: threadOf(of(isNot, 'withdrawn')),
  superseded: threadOf(of(isNot, 'superseded')),
  'set aside': threadOf(of(isNot, 'set aside as broken')),
  'a rollback is done': threadOf(of(group('A rollback'), 'done')),
  'a delete is done': threadOf(of(group('A delete'), 'done')),
})

const looking = ['status', 'artifacts', 'artifact', 'history', 'plans', 'whoami', 'gitops-repo']
const answers = Object.entries(outcomes).flatMap(([kind, named]) =>
  section(
    looking.includes(kind) ? 'Answers to questions' : 'Answers to what was asked for',
    Object.fromEntries(Object.entries(named).map(([name, one]) => [name, answer(one, context)])),
  ),
)

const notes = section('Help and explanations', {
  'why a request waits': explanationMessage([explanation]),
  'why, of several apps': explanationMessage([
    explanation,
    { ...explanation, card: part('api', done), message: 'No policy stands in the way', lines: [] },
  ]),
  'why, of a decision': explanationMessage([
    { ...explanation, id: 'd-1m84tpqpyr1zshk', card: null },
  ]),
  'why, before it was decided': explanationMessage([]),
  'why, very long': explanationMessage([
    {
      ...explanation,
      lines: Array.from({ length: 90 }, (_, at) => `✓ policy-${at + 1} (gate): holds`),
    },
  ]),
  help: helpMessage(
    verbs,
    {
      examples: ['status web', 'diff web production', 'history web production'],
      isWhole: true,
    },
    context,
  ),
  'help of someone who may only look': helpMessage(
    verbs.filter(({ name }) => ['status', 'artifacts', 'history', 'locks'].includes(name)),
    { examples: ['status web'], isWhole: true },
    context,
  ),
  'help of one command': helpMessage(
    verbs.filter(({ name }) => name === 'release'),
    { examples: [], isWhole: false },
    context,
  ),
  'not understood': problemMessage(
    { message: 'There is no command "relese"', suggestions: ['release', 'help'] },
    context,
  ),
  'not understood, without a suggestion': problemMessage(
    { message: 'A quotation mark is not closed', suggestions: [] },
    context,
  ),
  'a stranger': strangerMessage({ team: 'T0001', user: 'U0009' }),
})

const locks = section('Locks', {
  'in force, with an end': [
    lockMessage(freeze, null, context),
    'In the channel of its environment.',
  ],
  'in force, without an end, of one app': lockMessage(appLock, null, context),
  'in force since a rollback': lockMessage(afterRollback, null, context),
  ended: lockMessage(freeze, 'alice', context),
  'ended by another': lockMessage(freeze, 'bob', context),
  'ended by another, to its holder': [
    brokenLockMessage(freeze, 'bob', context),
    'A direct message.',
  ],
})

const errors = [
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'missing_scope',
  'restricted_action',
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'fatal_error',
]
const problems = errors.map(
  (error): Entry => ({
    section: 'To administrators',
    name: error,
    payload: said([text(mendingText(error, { needed: 'chat:write.public', place: '#releases' }))]),
  }),
)

const windows = section('Windows', {
  'release: nothing is chosen': releaseModal(
    { channel: null, app: null, env: null, artifactId: null },
    { kind: 'none' },
  ),
  'release: an app is chosen': releaseModal(
    { ...choice, env: null, artifactId: null },
    { kind: 'none' },
  ),
  'release: an app and an environment are chosen': releaseModal(
    { ...choice, artifactId: null },
    { kind: 'none' },
  ),
  'release: looking': releaseModal(choice, { kind: 'looking' }),
  'release: it would go': releaseModal(choice, { kind: 'plan', plan: plan('allow') }),
  'release: it would go, with a warning': releaseModal(choice, {
    kind: 'plan',
    plan: plan('allow', { decision: warned }),
  }),
  'release: it would wait': releaseModal(choice, { kind: 'plan', plan: plan('hold') }),
  'release: it would be refused': releaseModal(choice, { kind: 'plan', plan: plan('deny') }),
  'release: its files cannot be written': releaseModal(choice, {
    kind: 'plan',
    plan: plan('allow', { problem: 'manifest web.yaml: there is no variable IMAGE', diff: '' }),
  }),
  'release: a problem': releaseModal(choice, {
    kind: 'problem',
    message: `There is no artifact web-${sha}`,
  }),
  reject: rejectModal(of(waits, 'held for approvals'), { channel: null, isOwn: false }),
  withdraw: rejectModal(of(waits, 'held for approvals'), { channel: null, isOwn: true }),
  'withdraw a rollback': rejectModal(of(group('A rollback'), 'held'), {
    channel: null,
    isOwn: true,
  }),
  'roll back': rollbackModal({ env: 'production', app: 'web', from: released(), to: before }, null),
  'asked for, and it goes': doneModal(card(), context),
  'asked for, and it waits': doneModal(of(waits, 'held for approvals'), context),
})

const haltOf = (given: Partial<HaltChange> = {}): HaltChange => ({
  url: 'https://github.com/acme/gitops.git',
  branch: 'main',
  environments: everyEnvironment,
  halt: { seenTip: ref, foundTip: refBefore, sinceUnix: now },
  isOver: false,
  by: null,
  ...given,
})

const halts = section('A rewritten GitOps branch', {
  halted: haltMessage(haltOf(), context),
  'put back': haltMessage(haltOf({ isOver: true }), context),
  resumed: haltMessage(haltOf({ isOver: true, by: 'bob' }), context),
})

const home = section('Home', {
  full: homeView(
    {
      running: [
        released({ env: 'staging' }),
        health('healthy'),
        health('failed', '', { app: 'api', triggeredBy: 'dave' }),
      ],
      waiting: [of(waits, 'held for approvals')],
      own: [part('api', { event: { ...held, statusDesc: 'Not on a Friday after 15:00' } })],
      locks: [freeze, afterRollback],
    },
    context,
  ),
  empty: homeView({ running: [], waiting: [], own: [], locks: [] }, context),
  'of a stranger': strangerHome(strangerMessage({ team: 'T0001', user: 'U0009' })),
})

const evilWords = only(hostileWords)
const [, , , , , evilCard] = withWords(evilWords)
const hostile = section('Hostile words', {
  'a request that waits': requestMessage(evilCard ?? card(), context),
  'a refusal': answer({ kind: 'refusal', code: 'invalid', message: hostileWords }, context),
  'a lock': lockMessage({ ...freeze, reason: hostileWords, by: hostileWords }, null, context),
  artifacts: answer(
    {
      kind: 'artifacts',
      artifacts: [
        artifact({ version: { ...version, message: hostileWords, authorName: hostileWords } }),
      ],
    },
    context,
  ),
  'a diff': answer({ kind: 'plans', plans: [plan('allow', { diff: hostileWords })] }, context),
})

/** Every message that GimletD can send to Slack, in every state. */
export const gallery: readonly Entry[] = [
  ...Object.entries(requests).flatMap(([name, all]) =>
    Object.entries(all).map(([entry, one], at): Entry => {
      const note = at === 0 ? requestNotes[name] : undefined
      const payload = requestMessage(one, context)
      return { section: name, name: entry, payload, ...(note === undefined ? {} : { note }) }
    }),
  ),
  ...threads,
  ...answers,
  ...notes,
  ...locks,
  ...halts,
  ...problems,
  ...windows,
  ...home,
  ...hostile,
]

/** Whom our own code mentions, and what it links. */
export const ownUsers: readonly string[] = Object.values(users)
export const ownLinks: readonly string[] = [
  version.url,
  ...[ref, refBefore].map((one) => String(context.commitUrl(one, 'staging'))),
]
