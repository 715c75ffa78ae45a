import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { broken } from '../../crash/checker.ts'
import { manifest, posted } from '../../support/builders.ts'
import { eventually } from '../../support/eventually.ts'
import { gimletIn } from '../../support/gimlet.ts'
import { githubStandIn } from '../../support/github.ts'
import { githubSecret } from '../../support/github-server.ts'
import { testServer } from '../../support/server.ts'
import { slackStandIn } from '../../support/slack.ts'
import { people, slackSecret, users } from '../../support/slack-server.ts'
import { type Later, someonesGit } from '../../support/temp.ts'

export type World = Awaited<ReturnType<typeof hostileWorld>>

/** The commit that all artifacts here are of. */
const version = { repositoryName: 'example/web', sha: '1'.repeat(40) }

/** An artifact of the one repository that is known here. */
export const ofWeb = (given: { id: string; version?: object } & Record<string, unknown>) =>
  posted({ ...given, version: { ...version, ...given.version } })

/** A whole server with Slack, GitHub and a CLI, one release done, and canaries that must stay silent. */
export async function hostileWorld(
  later: Later,
  environment: Readonly<Record<string, string>> = {},
) {
  const [slack, github] = [await slackStandIn(later), await githubStandIn(later)]
  const repository = github.repository({ fullName: 'example/web', id: 7 })
  github.user('alice')
  github.permission(repository, 'alice', 'write')
  const headSha = '1'.repeat(40)
  const pull = github.pull({ repository, number: 12, headSha, headRef: 'x', author: 'alice' })
  const server = await testServer(
    {
      policies: { 'people.json': people() },
      manifests: {
        'web.yaml': manifest({ extra: 'repository: example/web\n' }),
        'staging.yaml': manifest({ env: 'staging', extra: 'repository: example/web\n' }),
      },
      environment: {
        ...{ SLACK_SIGNING_SECRET: slackSecret, SLACK_BOT_TOKEN: slack.token },
        ...{ SLACK_API_URL: slack.apiUrl, SLACK_CHANNEL: '#releases' },
        ...{ APP_ID: '1', PRIVATE_KEY: github.privateKey, WEBHOOK_SECRET: githubSecret },
        ...{ GHE_HOST: github.host, GHE_PROTOCOL: 'http' },
        ...environment,
      },
    },
    later,
  )
  await server.post('/api/artifact', posted({ version }))
  const asked = { env: 'production', app: 'web', artifactId: 'web-1' }
  const { body } = await server.post('/api/releases', asked)
  await server.ended((body as { id: string }).id)
  const remote = join(server.folder, 'data/gitops.git')
  const canary = await canaryServer(later)
  return {
    ...{ server, slack, github, pull, remote, canary },
    bySlack: slack.sender(`${server.url}/slack/events`, { secret: slackSecret }),
    byGithub: github.sender(`${server.url}/api/github/webhooks`, { secret: githubSecret }),
    user: users.root,
    gimlet: gimletIn({
      PATH: process.env.PATH,
      GIMLET_SERVER: server.url,
      GIMLET_TOKEN: server.adminToken,
      HOME: server.folder,
    }),
    /** Every ref of the GitOps repository, with what it names. */
    refs: () => someonesGit(remote, 'for-each-ref', '--format=%(refname) %(objectname)'),
  }
}

/** Who connects here was talked into it, whatever it meant to speak. */
async function canaryServer(later: Later) {
  const hits: string[] = []
  const server = createServer((socket) => {
    hits.push(`${socket.remoteAddress}`)
    socket.on('error', () => {}).destroy()
  })
  await new Promise<void>((done) => server.listen(0, '::', done))
  later(() => void server.close())
  return { hits, port: (server.address() as AddressInfo).port }
}

/** It is a no with a sentence, or nothing that was asked for: never an exception. */
export function expectNo(what: string, answer: { status: number; text: string }): void {
  expect([what, answer.status, answer.text.slice(0, 200)]).toEqual([
    what,
    expect.toSatisfy((status: number) => status >= 400 && status < 500),
    expect.stringMatching(/\S/),
  ])
}

/** Nothing was run, written or asked for anywhere. */
export async function expectUntouched(world: World, refs: string): Promise<void> {
  expect(await world.refs()).toBe(refs)
  for (const folder of [process.cwd(), world.server.folder, world.remote, '/tmp'])
    expect(existsSync(join(folder, 'CANARY'))).toBe(false)
  expect(world.canary.hits).toEqual([])
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(ownNames)
  expect((await world.server.call('/healthz', { token: null })).status).toBe(200)
}

/** All that was begun has ended, and what the repository holds by then is what was asked for. */
export async function expectWhole(world: World, accepted: readonly string[] = []): Promise<void> {
  const { server, remote } = world
  const database = join(server.folder, 'data/gimlet.db')
  await eventually(async () => expect(await broken({ accepted, database, remote })).toEqual([]))
}

const ownNames = Object.getOwnPropertyNames(Object.prototype)
