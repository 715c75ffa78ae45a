import { verbs } from '../../../src/commands/verbs.ts'
import type { RequestCard } from '../../../src/domain/card.ts'
import type { Lock } from '../../../src/domain/control.ts'
import type { Outcome, Plan } from '../../../src/domain/outcome.ts'
import type { Release } from '../../../src/domain/release.ts'
import { answer } from '../../../src/messages/slack/answer.ts'
import type { SlackContext } from '../../../src/messages/slack/context.ts'
import { brokenLockMessage, lockMessage } from '../../../src/messages/slack/control.ts'
import { homeView, strangerHome } from '../../../src/messages/slack/home.ts'
import { message as messageOf, said } from '../../../src/messages/slack/message.ts'
import {
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

export type Entry = { readonly section: string; readonly name: string; readonly payload: object }

const now = 1_795_000_000
const sha = '6f1b2a9c0d4e5f60718293a4b5c6d7e8f9012345'
const ref = '8f964858a1b2c3d4e5f60718293a4b5c6d7e8f90'
const users: Readonly<Record<string, string>> = { alice: 'UALICE', bob: 'UBOB', carol: 'UCAROL' }
const context: SlackContext = {
  slackUser: (login) => (Object.hasOwn(users, login) ? (users[login] ?? null) : null),
  commitUrl: (one) => `https://github.com/acme/gitops/commit/${one}`,
  command: '/gimlet',
}
export const version = {
  repositoryName: 'acme/web',
  ...{
    sha,
    created: now - 900,
    branch: 'main',
    event: 'push' as const,
    sourceBranch: '',
    targetBranch: '',
  },
  ...{ tag: '', authorName: 'Ann Smith', authorEmail: '', committerName: '', committerEmail: '' },
  message: 'Faster search results\n\nWith an index.',
  url: `https://github.com/acme/web/commit/${sha}`,
}
const released = (given: Partial<Release> = {}): Release => ({
  ...{
    id: 'r-1m84tpqpyr1zshj',
    app: 'web',
    env: 'production',
    artifactId: `web-${sha}`,
    triggeredBy: 'alice',
  },
  ...{
    version,
    gitopsRef: ref,
    gitopsRepo: '',
    created: now + 2,
    status: 'pushed',
    rolledBack: false,
  },
  ...{ decisionId: 'd-1', policyVersion: 'sha256:9a7ae0804a40b4fd' },
  ...given,
})
const before = released({
  id: 'r-0',
  artifactId: `web-${'1'.repeat(40)}`,
  created: now - 86_400,
  gitopsRef: '1'.repeat(40),
})

type Given = Partial<Omit<RequestCard, 'event'>> & {
  readonly event?: Partial<RequestCard['event']>
}

/** A request of Alice's for web in production, as she has just made it. */
export const card = ({ event, ...given }: Given = {}): RequestCard => ({
  event: {
    ...{
      id: 'r-1m84tpqpyr1zshj',
      type: 'release',
      status: 'new',
      statusDesc: '',
      env: 'production',
      app: 'web',
    },
    ...{
      artifactId: `web-${sha}`,
      triggeredBy: 'alice',
      reason: 'the prices are right now',
      created: now,
    },
    ...{
      expires: null,
      decisionId: 'd-1',
      forced: false,
      approvals: [],
      gitopsHashes: [],
      releases: [],
      events: [],
    },
    ...event,
  },
  ...{
    version,
    release: null,
    before,
    isRunning: false,
    wishes: [],
    approvers: [],
    warnings: [],
    policy: null,
    parts: [],
  },
  ...given,
})

const wish = { count: 2, role: 'approver', team: null }
const held = {
  status: 'held',
  statusDesc: 'Production needs two approvals',
  expires: now + 7_200,
} as const
const landed = {
  status: 'processed',
  gitopsHashes: [{ hash: ref, status: 'pushed', statusDesc: '' }],
} as const
const done = { release: released(), isRunning: true, event: landed }
const health = (state: 'progressing' | 'healthy' | 'failed', message = '') =>
  released({ health: { state, since: now + 60, reported: now + 60, message } })
const denied = (statusDesc: string) => card({ event: { status: 'denied', statusDesc } })

const states: Readonly<Record<string, RequestCard>> = {
  'just asked for': card(),
  'asked for, while the git host is away': card({
    event: { statusDesc: 'waits: fetching the GitOps repository' },
  }),
  'held for approvals': card({ wishes: [wish], approvers: ['bob', 'carol'], event: held }),
  'held, approved by one of two': card({
    wishes: [wish],
    approvers: ['carol'],
    event: { ...held, approvals: ['bob'] },
  }),
  'held, and nobody may approve': card({ wishes: [wish], event: held }),
  'held for time only': card({
    event: { ...held, statusDesc: 'It has to run in staging for 30 minutes first' },
  }),
  released: card(done),
  'released by a policy, nothing ran before': card({
    ...done,
    before: null,
    event: { ...landed, triggeredBy: 'policy:main-to-production', reason: '' },
  }),
  'released with a warning': card({ ...done, warnings: ['web has no readiness probe'] }),
  'released, applied and healthy': card({ ...done, release: health('healthy') }),
  'released, failed in the cluster': card({
    ...done,
    release: health('failed', 'Deployment/web exceeded its progress deadline'),
  }),
  'released by force': card({
    ...done,
    warnings: ['forced past lock:l-1: production is locked by bob'],
    event: { ...landed, forced: true },
  }),
  'released, replaced since': card({ ...done, isRunning: false }),
  'was rolled back': card({ ...done, isRunning: false, release: released({ rolledBack: true }) }),
  refused: denied('Release it to staging first and let it run for 30 minutes'),
  'rejected with a reason': denied('rejected by bob: not on a Friday'),
  withdrawn: denied('withdrawn by alice'),
  superseded: card({
    event: { status: 'superseded', statusDesc: 'superseded by r-1m84tpqpyr1zshk' },
  }),
  'set aside': card({
    event: {
      status: 'error',
      statusDesc: 'set aside after 5 attempts: the manifest of web cannot be read',
    },
  }),
  'a rollback, asked for': card({
    event: { type: 'rollback', artifactId: before.artifactId, reason: 'loses orders' },
  }),
  'a rollback, done': card({
    ...done,
    release: released({ rollbackTo: before.gitopsRef, artifactId: before.artifactId }),
    event: { ...landed, type: 'rollback', artifactId: before.artifactId },
  }),
  'a delete, done': card({ event: { ...landed, type: 'delete' } }),
  'several apps': card({
    event: { app: null, status: 'held' },
    parts: [card({ ...done }), card({ event: { ...held, app: 'api' } })],
  }),
}

const lock: Lock = {
  id: 'l-1',
  kind: 'freeze',
  env: 'production',
  app: null,
  reason: 'the database moves',
  by: 'alice',
  createdUnix: now,
  untilUnix: now + 7_200,
}
const plan = (verdict: 'allow' | 'hold' | 'deny', given: Partial<Plan> = {}): Plan => ({
  ...{ app: 'web', env: 'production', artifactId: `web-${sha}`, problem: null },
  decision: {
    verdict,
    policy: verdict === 'allow' ? null : 'production-needs-approval',
    message: verdict === 'allow' ? 'No policy stands in the way' : 'Production needs two approvals',
    warnings: [],
  } as never,
  diff: `diff --git a/production/web/web.yaml b/production/web/web.yaml\n--- a/production/web/web.yaml\n+++ b/production/web/web.yaml\n@@ -12,1 +12,1 @@\n-          image: quay.io/acme/web:1.4.1\n+          image: quay.io/acme/web:1.4.2\n`,
  ...given,
})
const artifact = {
  id: `web-${sha}`,
  created: now - 600,
  version,
  context: {},
  environments: [],
  items: [],
}
const outcomes: Readonly<Record<string, Outcome>> = {
  'a refusal': {
    kind: 'refusal',
    code: 'forbidden',
    message: 'dave may not release (web in production); that takes the role releaser or admin',
  },
  status: {
    kind: 'status',
    env: '*',
    status: {
      production: { web: health('healthy'), api: null },
      staging: { web: released({ env: 'staging' }) },
    },
  },
  'status of nothing': { kind: 'status', env: '*', status: {} },
  artifacts: { kind: 'artifacts', artifacts: [artifact] },
  'no artifacts': { kind: 'artifacts', artifacts: [] },
  'one artifact': { kind: 'artifact', artifact },
  history: {
    kind: 'history',
    releases: [released({ rollbackTo: ref }), released({ rolledBack: true }), before],
  },
  'a diff that would go': { kind: 'plans', plans: [plan('allow')] },
  'a diff that would wait': { kind: 'plans', plans: [plan('hold')] },
  'a diff that would be refused': {
    kind: 'plans',
    plans: [plan('deny', { problem: 'manifest web.yaml: there is no variable IMAGE', diff: '' })],
  },
  'a long diff': {
    kind: 'plans',
    plans: [plan('allow', { diff: '+ a line of the change\n'.repeat(400) })],
  },
  'a change of nothing': { kind: 'plans', plans: [plan('allow', { diff: '' })] },
  whoami: {
    kind: 'whoami',
    whoami: {
      login: 'alice',
      roles: ['releaser', { role: 'approver', env: 'production', app: 'web-*' }],
      teams: ['platform'],
      repositories: [],
      actions: ['look', 'release', 'roll back'],
    },
  },
  locked: { kind: 'locked', lock },
  unlocked: { kind: 'unlocked', locks: [lock] },
  locks: {
    kind: 'locks',
    locks: [
      lock,
      { ...lock, kind: 'rollback', app: 'web', untilUnix: null, reason: 'loses orders' },
    ],
  },
  'no locks': { kind: 'locks', locks: [] },
  blocked: {
    kind: 'blocked',
    isNew: true,
    block: { artifactId: `web-${sha}`, reason: 'loses orders', by: 'bob', createdUnix: now },
  },
  approved: { kind: 'approved', id: 'r-1m84tpqpyr1zshj', by: 'bob' },
}

const evil =
  '<!channel> <@U123> *bold* _it_ ~s~ `code` :smile: <http://evil|click> https://evil.example & <b>\u202e\u200b\n# x'
/** A request in which everything that others write is hostile. */
export const hostile = (words: string): RequestCard =>
  card({
    version: { ...version, message: words, authorName: words, branch: words, url: words },
    warnings: [words],
    approvers: [words],
    wishes: [{ count: 1, role: words, team: words }],
    event: {
      ...held,
      reason: words,
      statusDesc: words,
      triggeredBy: words,
      approvals: [words],
      artifactId: words,
    },
  })

const choice = { channel: null, app: 'web', env: 'production', artifactId: `web-${sha}` }
const explanation = {
  id: 'r-1',
  card: states['held for approvals']!,
  message: 'Production needs two approvals',
  policyVersion: 'sha256:9a7ae0804a40b4fd',
  lines: [
    '✗ production-needs-approval (gate): Two people look at production',
    '  require',
    '    ✗ approvedBy {"count":2}  (approvals.by is [])',
  ],
}

/** Every message that GimletD can send to Slack, with what it is for. */
export const gallery: readonly Entry[] = [
  ...Object.entries(states).map(([name, one]) => ({
    section: 'A request in its channel',
    name,
    payload: requestMessage(one, context),
  })),
  ...[
    states['held, approved by one of two']!,
    states.released!,
    states['released, failed in the cluster']!,
    states['was rolled back']!,
    states.refused!,
  ].map((one, at) => {
    const steps = stepsOf(one, context)
    const payload = messageOf(
      steps.flatMap(({ line }) => line),
      [lines(...steps.map(({ line }) => line))],
    )
    return {
      section: 'In its thread',
      name: ['approved', 'released', 'failed', 'rolled back', 'refused'][at] ?? '',
      payload,
    }
  }),
  ...Object.entries(outcomes).map(([name, one]) => ({
    section: 'Answers',
    name,
    payload: answer(one, context),
  })),
  { section: 'Answers', name: 'why', payload: explanationMessage([explanation]) },
  {
    section: 'Answers',
    name: 'help',
    payload: helpMessage(
      verbs,
      { examples: ['status web', 'diff web production'], isWhole: true },
      context,
    ),
  },
  {
    section: 'Answers',
    name: 'help of one command',
    payload: helpMessage(verbs.slice(3, 4), { examples: [], isWhole: false }, context),
  },
  {
    section: 'Answers',
    name: 'not understood',
    payload: problemMessage(
      { message: 'There is no command "relese"', suggestions: ['release web staging'] },
      context,
    ),
  },
  {
    section: 'Answers',
    name: 'a stranger',
    payload: strangerMessage({ team: 'T0001', user: 'U0009' }),
  },
  { section: 'Locks', name: 'in force', payload: lockMessage(lock, null, context) },
  { section: 'Locks', name: 'ended', payload: lockMessage(lock, 'bob', context) },
  {
    section: 'Locks',
    name: 'to the holder, when another ends it',
    payload: brokenLockMessage(lock, 'bob', context),
  },
  ...['channel_not_found', 'not_in_channel', 'missing_scope', 'invalid_auth'].map((error) => ({
    section: 'To administrators',
    name: error,
    payload: said([text(mendingText(error, { needed: 'chat:write', place: '#releases' }))]),
  })),
  {
    section: 'Windows',
    name: 'release: nothing chosen',
    payload: releaseModal(
      { channel: null, app: null, env: null, artifactId: null },
      { kind: 'none' },
    ),
  },
  {
    section: 'Windows',
    name: 'release: an app chosen',
    payload: releaseModal({ ...choice, env: null, artifactId: null }, { kind: 'none' }),
  },
  {
    section: 'Windows',
    name: 'release: looking',
    payload: releaseModal(choice, { kind: 'looking' }),
  },
  {
    section: 'Windows',
    name: 'release: it would go',
    payload: releaseModal(choice, { kind: 'plan', plan: plan('allow') }),
  },
  {
    section: 'Windows',
    name: 'release: it would wait',
    payload: releaseModal(choice, { kind: 'plan', plan: plan('hold') }),
  },
  {
    section: 'Windows',
    name: 'release: it would be refused',
    payload: releaseModal(choice, { kind: 'plan', plan: plan('deny') }),
  },
  {
    section: 'Windows',
    name: 'release: a problem',
    payload: releaseModal(choice, { kind: 'problem', message: 'There is no artifact web-1' }),
  },
  {
    section: 'Windows',
    name: 'reject',
    payload: rejectModal(states['held for approvals']!, { channel: null, isOwn: false }),
  },
  {
    section: 'Windows',
    name: 'withdraw',
    payload: rejectModal(states['held for approvals']!, { channel: null, isOwn: true }),
  },
  {
    section: 'Windows',
    name: 'roll back',
    payload: rollbackModal({ env: 'production', app: 'web', from: released(), to: before }, null),
  },
  { section: 'Windows', name: 'asked for', payload: doneModal(states['just asked for']!, context) },
  {
    section: 'Home',
    name: 'full',
    payload: homeView(
      {
        running: [released({ env: 'staging' }), health('healthy')],
        waiting: [states['held for approvals']!],
        own: [card({ event: { ...held, id: 'r-2' } })],
        locks: [lock],
      },
      context,
    ),
  },
  {
    section: 'Home',
    name: 'empty',
    payload: homeView({ running: [], waiting: [], own: [], locks: [] }, context),
  },
  {
    section: 'Home',
    name: 'a stranger',
    payload: strangerHome(strangerMessage({ team: 'T0001', user: 'U0009' })),
  },
  {
    section: 'Hostile',
    name: 'names and texts of others stay text',
    payload: requestMessage(hostile(evil.repeat(30)), context),
  },
]

/** What our own code links and mentions in the gallery. */
export const ownUsers = Object.values(users)
export { context }
