import { createAdaptorServer } from '@hono/node-server'
import { expect, onTestFinished } from 'vitest'
import type { CommandPorts } from '../../src/commands/ports.ts'
import { githubParts } from '../../src/github-parts.ts'
import { makeLog } from '../../src/log.ts'
import { PullStore } from '../../src/store/pulls.ts'
import { TokenStore } from '../../src/store/tokens.ts'
import { UserStore } from '../../src/store/users.ts'
import { manifest, trigger } from './builders.ts'
import { eventually } from './eventually.ts'
import { githubStandIn, noProblems } from './github.ts'
import { githubSecret, shas } from './github-server.ts'
import type { Pull } from './github-state.ts'
import { drain, testParts } from './parts.ts'

const own = { extra: 'repository: example/web\n' }
const cleanup = trigger({ on: 'branchDeleted', env: 'staging' })

/** GitHub's part of the server on real stores, with nobody who sweeps or carries out but the test. */
export async function githubSurface() {
  const host = await githubStandIn(onTestFinished)
  const repository = host.repository({ fullName: 'example/web', id: 7 })
  host.permission(repository, 'alice', 'write')
  const parts = await testParts({
    policies: { 'cleanup.json': cleanup },
    manifests: { 'web.yaml': manifest({ env: 'staging', ...own }) },
  })
  host.nowMs = () => parts.clock.nowMs()
  const pull = host.pull({ repository, number: 12, headSha: shas.one, headRef: 'faster' })
  const { writer } = parts.gitops
  const commands: CommandPorts = {
    ...{ ...parts.ports, artifacts: parts.artifacts, events: parts.events },
    ...{ releases: parts.releases, controls: parts.controls, source: 'api' },
    ...{
      users: new UserStore(parts.database),
      tokens: new TokenStore(parts.database),
      wake: () => undefined,
    },
    gitops: parts.commandGitops,
  }
  const lines: { level: string; msg: string }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  const config = {
    ...{ appId: '1', privateKey: host.privateKey, baseUrl: host.apiUrl },
    secrets: [githubSecret] as const,
  }
  const log = makeLog('info', [], { write })
  const start = async () => {
    const made = await githubParts({
      config,
      database: parts.database,
      server: '',
      commands,
      policies: null,
      gitopsPushed: async () => void (await writer.refresh()),
      log,
    })
    onTestFinished(() => made.stop())
    const start = () => {
      made.start()
      const term = made.lead(parts.database)
      onTestFinished(() => term.stop())
    }
    return { ...made, start }
  }
  const surface = await start()
  const server = createAdaptorServer({ fetch: surface.handle })
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  onTestFinished(() => noProblems(host))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const sender = host.sender(`http://127.0.0.1:${port}/`, { secret: githubSecret })
  const pulls = new PullStore(parts.database)
  const wide = async () =>
    (await parts.database.read(`select * from events where about ->> 'on' = 'branchDeleted'`))
      .length
  return {
    ...{ ...parts, host, repository, pull, surface, start, sender, pulls, lines },
    record: (number = 12) => pulls.find(7, number),
    /** How often the cleanup policies were told. */
    told: wide,
    requests: async () =>
      (await parts.database.read(`select * from events where source = 'github'`)).length,
    /** What is kept was carried out. */
    settled: () =>
      eventually(async () => {
        const open = await parts.database.read('select 1 from deliveries where is_done = 0')
        expect(open).toHaveLength(0)
      }),
    /** What is to be written on the pull request. */
    answers: async () =>
      (await parts.database.read(`select body from messages where key like 'github answer %'`)).map(
        ({ body }) => String(body),
      ),
    /** Time goes on, and GitHub says so of the pull request: the stand-in has no `updated_at`. */
    async change(change: (pull: Pull) => void, of = pull) {
      parts.clock.moveMs(5_000)
      change(of)
      Object.assign(of, { createdAt: host.now(), closedAt: of.closedAt && host.now() })
    },
    /** Releases what CI posted of a branch. */
    async release(version: Record<string, unknown> = {}) {
      const repositoryName = 'example/web'
      await parts.push({ version: { repositoryName, sha: shas.one, branch: 'faster', ...version } })
      await parts.ask({ env: 'staging' })
      await drain(parts.ports)
      expect(await parts.releases.running({})).toHaveLength(1)
    },
  }
}
