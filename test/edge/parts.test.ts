import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type GithubStandIn, githubStandIn } from '../support/github.ts'
import { githubSecret } from '../support/github-server.ts'
import { type SlackStandIn, slackStandIn } from '../support/slack.ts'
import { people, slackSecret } from '../support/slack-server.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'
import type { PartsSettings } from './parts-worker.ts'

let [worker, slack, github] = [] as unknown as [Workerd, SlackStandIn, GithubStandIn]
const work: (() => unknown)[] = []

beforeAll(async () => {
  const later = (one: () => unknown) => void work.push(one)
  slack = await slackStandIn(later)
  github = await githubStandIn(later)
  const vars: PartsSettings = {
    ...{ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.token },
    ...{ SLACK_SIGNING_SECRET: slackSecret, PEOPLE: people() },
    ...{ GITHUB_API_URL: github.apiUrl, PRIVATE_KEY: github.privateKey },
    WEBHOOK_SECRET: githubSecret,
  }
  worker = await startWorkerd('parts', { vars }, later)
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
})

describe('under workerd, Bolt', () => {
  const sender = () => slack.sender(`${worker.url}/slack/events`, { secret: slackSecret })

  it('answers a signed command', async () => {
    const { status, text } = await sender().command('help', { user: 'UALICE' })
    expect(status).toBe(200)
    expect(text).toContain('/gimlet')
  })

  it('answers 401 to a signature that is wrong', async () => {
    const { status } = await sender().command('help', { secret: 'f'.repeat(32) })
    expect(status).toBe(401)
  })

  it('opens a window by Slack’s API', async () => {
    await sender().command('release', { user: 'UALICE' })
    await eventually(() => expect(slack.callsOf('views.open')).toHaveLength(1))
  })
})

describe('under workerd, Probot', () => {
  const sender = () => github.sender(`${worker.url}/api/github/webhooks`, { secret: githubSecret })

  it('hears a comment, asks as its installation, and answers', async () => {
    const repository = github.repository({ fullName: 'example/web', id: 7 })
    github.user('alice')
    github.permission(repository, 'alice', 'write')
    const pull = github.pull({ repository, number: 12, headSha: '1'.repeat(40), author: 'alice' })
    const { status } = await sender().comment(pull, '/gimlet status')
    expect(status).toBe(202)
    await eventually(() => {
      const answers = github
        .comments(repository, 12)
        .filter(({ author }) => author.includes('[bot]'))
      expect(answers).not.toHaveLength(0)
    })
  })

  it('answers 401 to a signature that is wrong', async () => {
    const { status } = await sender().event('push', {}, { signature: `sha256=${'0'.repeat(64)}` })
    expect(status).toBe(401)
  })
})

describe('under workerd, the HTTP API', () => {
  it.each(['/healthz', '/openapi.json', '/metrics'])('answers %s', async (path) => {
    expect((await fetch(`${worker.url}${path}`)).status).toBe(200)
  })

  it('logs lines of JSON without secrets', async () => {
    expect(worker.lines().length).toBeGreaterThan(0)
    expect(worker.lines().every(({ level, time, msg }) => level && time && msg)).toBe(true)
  })
})
