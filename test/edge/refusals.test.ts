import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Bindings, ServerCalls } from '../../src/edge/bindings.ts'
import { Door } from '../../src/edge/door.ts'
import { edgeConfig } from '../../src/edge/edge-config.ts'
import { EdgeServer } from '../../src/edge/server.ts'
import { eventually } from '../support/eventually.ts'
import { privateKey } from '../support/github-auth.ts'
import { githubSecret } from '../support/github-server.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'

/** All that a Worker needs. Nothing of it is reached: what is tried here is refused before. */
const good = {
  ...{ GIMLET_DB_URL: 'https://db.example.com', GIMLET_ADMIN_TOKEN: 'gimlet_of-nobody-0123456789' },
  ...{ GITOPS_REPO: 'https://github.com/example/gitops.git' },
  ...{ APP_ID: '1', PRIVATE_KEY: privateKey, WEBHOOK_SECRET: githubSecret },
}
type Settings = Readonly<Record<string, string | undefined>>

const never = () => Promise.reject(new Error('nothing is done with settings that are wrong'))
const alarms = { setAlarm: never, deleteAlarm: never }

/** A door with these settings, and the object behind it. */
function edge(settings: Settings) {
  const texts = { ...good, ...settings }
  const none = { DELIVERIES: { send: never } }
  const state = { storage: alarms }
  const bindings: Bindings = {
    ...texts,
    ...none,
    SERVER: { idFromName: (name) => name, get: (): ServerCalls => server },
  }
  const server = new EdgeServer(state, bindings)
  const door = new Door(bindings)
  const ask = (path: string, init?: RequestInit) =>
    door.answer(new Request(`https://gimletd.example.com${path}`, init))
  return { ask, door, server }
}

const told = async (settings: Settings): Promise<string> => {
  const answer = await edge(settings).ask('/readyz')
  expect(answer.status).toBe(503)
  return ((await answer.json()) as { error: { message: string } }).error.message
}

const noPlace = 'expected a libsql: or https: URL, since there is no disk'
const noGithub = 'expected https://github.com/<owner>/<name>'
const noHelm = 'write render: helmrelease into manifests with a chart'
const refused: readonly { settings: Settings; want: string }[] = [
  { settings: { GIMLET_DB_URL: undefined }, want: noPlace },
  { settings: { GIMLET_DB_URL: 'file:gimlet.db' }, want: noPlace },
  { settings: { GIMLET_ADMIN_TOKEN: '' }, want: 'wrangler secret put GIMLET_ADMIN_TOKEN' },
  { settings: { POLICIES: 'policies' }, want: 'expected gitops:<folder>' },
  { settings: { MANIFESTS: './manifests' }, want: 'expected gitops:<folder>' },
  { settings: { GITOPS_REPO: undefined }, want: noGithub },
  { settings: { GITOPS_REPO: 'git@github.com:example/gitops.git' }, want: noGithub },
  { settings: { GITOPS_REPO: 'ssh://git@github.com/example/gitops' }, want: noGithub },
  { settings: { GITOPS_REPO: 'https://gitlab.example.com/example/gitops' }, want: noGithub },
  { settings: { GHE_HOST: 'no host' }, want: 'GHE_HOST is "no host"' },
  { settings: { GITOPS_WRITER: 'git' }, want: 'take it away: there is no git program' },
  {
    settings: { APP_ID: undefined },
    want: 'PRIVATE_KEY and WEBHOOK_SECRET of the GitHub App, or GITOPS_TOKEN',
  },
  { settings: { HELM_BIN: 'helm' }, want: noHelm },
  { settings: { CHART_REPOSITORIES: '[]' }, want: noHelm },
  { settings: { SLACK_APP_TOKEN: 'xapp-1' }, want: 'set SLACK_SIGNING_SECRET' },
  { settings: { GITOPS_SSH_KEY_FILE: 'id' }, want: 'which goes by https. Remove it' },
  {
    settings: { GITOPS_SIGNING_KEY_FILE: 'id' },
    want: 'GitHub signs what the app commits. Remove it',
  },
]

describe('a setting that a Worker cannot have', () => {
  it.each(refused)('is refused with the way out: $settings', async ({ settings, want }) => {
    const message = await told(settings)
    expect(message).toContain(want)
    // Whoever follows the advice must not be sent to git.
    expect(message).not.toContain('to git')
  })

  it('is told with all the others, and no value that may be a secret', async () => {
    const message = await told({
      ...{ GIMLET_DB_URL: undefined, POLICIES: 'policies', GITOPS_WRITER: 'git' },
      ...{ GITOPS_REPO: 'https://someone:hunter2@github.com/example/gitops', LOG_LEVEL: 'loud' },
    })
    const keys = ['GIMLET_DB_URL', 'POLICIES', 'GITOPS_WRITER', 'GITOPS_REPO', 'LOG_LEVEL']
    for (const key of keys) expect(message).toContain(`${key} is `)
    expect(message).not.toContain('hunter2')
  })

  it('leaves the Worker alive, and lets nothing in', async () => {
    const { ask, door, server } = edge({ POLICIES: 'policies' })
    expect((await ask('/healthz')).status).toBe(200)
    for (const path of ['/api/artifact', '/slack/events', '/api/github/webhooks'])
      expect((await ask(path, { method: 'POST', body: '{}' })).status).toBe(503)
    // A queue that was full before keeps what it holds.
    await expect(door.keep({ messages: [] })).rejects.toThrow('POLICIES')
    await Promise.all([server.wake(), server.tick(), server.alarm()])
  })
})

describe('what a Worker has', () => {
  it.each([
    { GIMLET_DB_URL: 'libsql://gimletd.example.com' },
    { APP_ID: '', GITOPS_TOKEN: 'ghp_of-nobody' },
    { GHE_HOST: 'github.example.com', GITOPS_REPO: 'https://github.example.com/example/gitops' },
  ])('is not refused: %o', (settings) => {
    expect(edgeConfig({ ...good, ...settings })).not.toHaveProperty('problems')
  })
})

describe('in workerd', () => {
  const work: (() => unknown)[] = []
  let worker: Workerd
  beforeAll(async () => {
    const vars = { ...good, GIMLET_DB_URL: 'file:gimlet.db', HELM_BIN: 'helm' }
    worker = await startWorkerd('ships', { vars }, (one) => void work.push(one))
  })
  afterAll(async () => {
    for (const one of work.reverse()) await one()
  })

  it('the same is said, to callers and in the log', async () => {
    expect((await fetch(`${worker.url}/healthz`)).status).toBe(200)
    const answer = await fetch(`${worker.url}/api/status?env=production`)
    expect(answer.status).toBe(503)
    const text = await answer.text()
    expect(text).toContain(noPlace)
    expect(text).toContain(noHelm)
    await eventually(() => expect(worker.log()).toContain('gimletd cannot start'))
  })
})
