import { expect } from 'vitest'
import { gate, manifest, posted } from './builders.ts'
import { eventually } from './eventually.ts'
import { testServer } from './server.ts'
import { noProblems, type SlackStandIn, slackStandIn } from './slack.ts'
import type { Later } from './temp.ts'

export const slackSecret = '8f742231b10e8888abcd99aaabbb85a5'
export const users = { alice: 'UALICE', bob: 'UBOB', carol: 'UCAROL', dave: 'UDAVE', root: 'UROOT' }

/** Alice and Carol release, Bob approves, Dave looks, Root may do everything; all are known in Slack. */
export const people = (changed: Record<string, unknown> = {}): string => {
  const roles: Record<string, unknown> = {
    alice: ['releaser'],
    bob: ['approver'],
    carol: ['releaser'],
    dave: ['viewer'],
    root: ['admin'],
    ...changed,
  }
  const entries = Object.entries(roles).filter(([, given]) => given !== null)
  return JSON.stringify({
    people: entries.map(([login, given]) => ({
      login,
      slack: { team: 'T0001', user: users[login as keyof typeof users] ?? login.toUpperCase() },
      roles: given,
    })),
  })
}

/** Production waits for an approval; staging takes everything. */
export const approvalGate = gate({
  env: 'production',
  otherwise: 'hold',
  expires: '2h',
  require: { approvedBy: { count: 1, role: 'approver' } },
  message: 'Production needs an approval',
})

type Given = {
  readonly policies?: Readonly<Record<string, string>>
  readonly manifests?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  /** Of a server that ran before: its folder and its workspace. */
  readonly after?: { readonly folder: string; readonly slack: SlackStandIn }
}

/** The whole server with a workspace that it talks to; every payload is held to Block Kit's limits. */
export async function slackServer(given: Given, later: Later) {
  const slack = given.after?.slack ?? (await slackStandIn(later))
  const server = await testServer(
    {
      policies: { 'people.json': people(), 'approval.json': approvalGate, ...given.policies },
      manifests: given.manifests ?? {
        'web-staging.yaml': manifest({ env: 'staging' }),
        'web-production.yaml': manifest(),
      },
      environment: {
        SLACK_SIGNING_SECRET: slackSecret,
        SLACK_BOT_TOKEN: slack.token,
        SLACK_API_URL: slack.apiUrl,
        SLACK_CHANNEL: 'production=#production #releases',
        ...given.environment,
      },
      ...(given.after ? { folder: given.after.folder } : {}),
    },
    later,
  )
  later(() => noProblems(slack))
  const sender = slack.sender(`${server.url}/slack/events`, { secret: slackSecret })
  return {
    ...{ server, slack, sender },
    /** Posts an artifact of web as CI does. */
    push: (id: string, more: Record<string, unknown> = {}) =>
      server.post('/api/artifact', posted({ id, ...more })),
    /** Waits until something is so. */
    until: eventually,
    /** The words of what is shown, as a reader sees them. */
    shown: (message: unknown): string => words(message),
  }
}

type Sender = ReturnType<SlackStandIn['sender']>
type Talking = { readonly slack: SlackStandIn; readonly sender: Sender }

/** What a person is answered to a command: at once, or in the place of the word that it takes longer. */
export async function answered(
  { slack, sender }: Talking,
  ...given: Parameters<Sender['command']>
): Promise<unknown> {
  const { status, text, json, responseUrl } = await sender.command(...given)
  expect(status, given[0]).toBe(200)
  if (!text.includes('Working on it')) return json
  return eventually(() => {
    const later = slack.responses.find(({ id }) => responseUrl.endsWith(`/${id}`))
    expect(later, given[0]).toBeDefined()
    return later?.body
  })
}

/** What a window that is sent off says: in itself, or to its person once it could not wait any longer. */
export async function submitted(
  { slack, sender }: Talking,
  ...given: Parameters<Sender['submit']>
): Promise<string> {
  const aside = () => [
    ...slack.ephemerals,
    ...slack.messages().filter(({ channel }) => channel.startsWith('D')),
  ]
  const before = new Set(aside().map(({ ts }) => ts))
  const { status, text } = await sender.submit(...given)
  expect(status).toBe(200)
  if (text !== '') return text
  return eventually(() => {
    const said = words(aside().filter(({ ts }) => !before.has(ts)))
    expect(said).not.toBe('')
    return said
  })
}

/** All text in blocks, in the order that it is shown. */
export function words(value: unknown): string {
  if (Array.isArray(value)) return value.map(words).join('')
  if (typeof value !== 'object' || value === null) return ''
  const one = value as Record<string, unknown>
  if (one.type === 'user') return `@${one.user_id}`
  if (one.type === 'emoji') return `:${one.name}:`
  if (one.type === 'date') return String(one.fallback)
  if (typeof one.text === 'string' && one.type !== undefined && !('blocks' in one)) return one.text
  const inner =
    ['title', 'text', 'fields', 'elements', 'element', 'accessory', 'label', 'placeholder', 'initial_option', 'blocks', 'submit'] // biome-ignore format: one list
      .filter((key) => typeof one[key] === 'object')
      .map((key) => words(one[key]))
      .join(' ')
  return one.type === 'rich_text' || one.type === 'actions' ? `${inner}\n` : inner
}
