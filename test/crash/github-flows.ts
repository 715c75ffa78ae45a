import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifest } from '../support/builders.ts'
import { GithubStandIn } from '../support/github.ts'
import { artifactOf } from './files.ts'
import { type Flow, post, restMsMax } from './flows.ts'
import { type Memory, type Place, type Server, until, type World } from './place.ts'

const secret = 'a-webhook-secret-of-the-crash-sweep'
const { sha } = artifactOf('web', 1).version
const inWorld: Flow['run'] = (server, memory, { world }) =>
  world?.run(server, memory) ?? Promise.resolve()

/** A comment on a pull request asks for a release. */
export const commentFlow: Flow = {
  name: 'comment',
  rows: ['F1', 'F2', 'F5', 'F6', 'F24'],
  prepare: async (server, memory) => {
    await post('web', 1)(server, memory)
  },
  world: githubWorld,
  run: inWorld,
  ends: [{ 'production/web': 'web-1' }],
}

type Hub = Awaited<ReturnType<typeof hubOf>>

async function githubWorld({ folder }: Place): Promise<World> {
  const own = manifest({ extra: 'repository: acme/web\n' })
  writeFileSync(join(folder, 'manifests/web-production.yaml'), own)
  const hub = await hubOf()
  const { github, replies } = hub
  return {
    environment: {
      APP_ID: '1',
      PRIVATE_KEY: github.privateKey,
      WEBHOOK_SECRET: secret,
      GHE_HOST: github.host,
      GHE_PROTOCOL: 'http',
    },
    run: (server, memory) => comment(hub, server, memory),
    problems: () => [
      ...github.problems.map((problem) => `GitHub would refuse: ${problem}`),
      ...(replies().length === 1 ? [] : [`the comment has ${replies().length} answers`]),
    ],
    told: () => [],
    stop: () => github.stop(),
  }
}

async function hubOf() {
  const github = new GithubStandIn()
  await github.start()
  const repository = github.repository({ fullName: 'acme/web', id: 7 })
  github.user('alice')
  github.permission(repository, 'alice', 'write')
  const pull = github.pull({
    ...{ repository, number: 12, headSha: sha, headRef: 'feature', author: 'alice' },
  })
  const replies = () =>
    github
      .comments(repository, 12)
      .filter(({ author }) => author.includes('[bot]'))
      .filter(({ body }) => !body.includes('<!-- gimlet:github-sticky'))
  return { github, repository, pull, replies }
}

/** GitHub tells once: what a server missed it has to ask for when it is back. */
async function tell(memory: Memory, key: string, send: () => Promise<unknown>): Promise<void> {
  if (memory.has(key)) return
  memory.set(key, { status: 0, json: {} })
  await send()
}

const senderTo = ({ github }: Hub, { url }: Server) =>
  github.sender(`${url}/api/github/webhooks`, { secret })

async function comment(hub: Hub, server: Server, memory: Memory): Promise<void> {
  const sender = senderTo(hub, server)
  await tell(memory, 'comment', () => sender.comment(hub.pull, '/gimlet release production'))
  await runs(server, 'production', 1)
}

const runs = (server: Server, env: string, count: number): Promise<void> =>
  until(`${env} runs ${count}`, restMsMax, async () => {
    const { json } = await server.get(`/api/status?env=${env}`)
    return Object.values(json).filter(Boolean).length === count
  })
