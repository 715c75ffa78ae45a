import { expect } from 'vitest'
import { openDatabase } from '../../src/store/client.ts'
import { gate, manifest, posted } from './builders.ts'
import { eventually } from './eventually.ts'
import { githubStandIn, noProblems } from './github.ts'
import { testServer } from './server.ts'
import type { Later } from './temp.ts'

export const githubSecret = 'a-webhook-secret-of-the-tests'
export const shas = { one: '1'.repeat(40), two: '2'.repeat(40), three: '3'.repeat(40) }

type Given = {
  readonly policies?: Readonly<Record<string, string>>
  readonly manifests?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
}

/** The whole server with GitHub: a repository example/web with an open pull request of Alice's. */
export async function githubServer(given: Given, later: Later) {
  const github = await githubStandIn(later)
  const repository = github.repository({ fullName: 'example/web', id: 7 })
  for (const login of ['alice', 'bob', 'mallory']) github.user(login)
  github.permission(repository, 'alice', 'write')
  github.permission(repository, 'bob', 'write')
  github.permission(repository, 'mallory', 'read')
  const pull = github.pull({ repository, number: 12, headSha: shas.one, headRef: 'faster', author: 'alice' }) // biome-ignore format: one call
  const own = { extra: 'repository: example/web\n' }
  const asked = {
    policies: given.policies ?? {},
    manifests: given.manifests ?? {
      'web-staging.yaml': manifest({ env: 'staging', ...own }),
      'web-production.yaml': manifest(own),
    },
    environment: {
      APP_ID: '1',
      PRIVATE_KEY: github.privateKey,
      WEBHOOK_SECRET: githubSecret,
      GHE_HOST: github.host,
      GHE_PROTOCOL: 'http',
      ...given.environment,
    },
  }
  const server = await testServer(asked, later)
  later(() => noProblems(github))
  const sender = github.sender(`${server.url}/api/github/webhooks`, { secret: githubSecret })
  return {
    ...{ server, github, repository, pull, sender },
    /** Ends the server and starts another one on what it kept. */
    async restart() {
      await server.stop()
      return testServer({ ...asked, folder: server.folder }, later)
    },
    /** Posts the artifact of a commit as CI does. */
    push: (id: string, sha: string, more: Record<string, unknown> = {}) =>
      server.post(
        '/api/artifact',
        posted({ id, version: { repositoryName: 'example/web', sha, branch: 'faster', event: 'push', ...more } }), // biome-ignore format: one value
      ),
    until: eventually,
    /** All that GitHub sent was carried out. */
    async settled() {
      const database = await openDatabase(`file:${server.folder}/data/gimlet.db`)
      try {
        await eventually(async () => {
          const open = await database.read('select 1 from deliveries where is_done = 0')
          expect(open).toHaveLength(0)
        })
      } finally {
        database.close()
      }
    },
    /** What our app answered on the pull request; how things stand it says in one more comment. */
    replies: () =>
      github
        .comments(repository, 12)
        .filter(({ author }) => author.includes('[bot]'))
        .filter(({ body }) => !body.includes('<!-- gimlet:github-sticky')),
    releases: async (env: string) =>
      (await server.call(`/api/releases?env=${env}`)).body as { artifactId: string; triggeredBy: string }[], // biome-ignore format: one value
  }
}

/** Production waits for an approval. */
export const approval = gate({
  env: 'production',
  otherwise: 'hold',
  expires: '2h',
  require: { approvedBy: { count: 1 } },
  message: 'Production needs an approval',
})
