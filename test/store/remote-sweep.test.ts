import { describe, expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import { gate, manifest } from '../support/builders.ts'
import type { LibsqlHost } from '../support/libsql-host.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'
import { slackServer, users } from '../support/slack-server.ts'
import { remoteDatabase } from '../support/temp.ts'

/** Everything between a stored event and the GitOps repository, on a libSQL server. */
async function remoteParts(given: Parameters<typeof testParts>[0]) {
  const remote = await remoteDatabase()
  await migrate(remote.database)
  return { host: remote.host, parts: await testParts({ ...given, opened: remote }) }
}

const tables = [
  'artifacts',
  'events',
  'commits',
  'decisions',
  'releases',
  'approvals',
  'deliveries',
]

/** What there is now: rows of each table, attempts that are open, and commits on the branch. */
async function standing({ database, gitops }: Pick<TestParts, 'database' | 'gitops'>) {
  const counts = tables.map((table) => `(select count(*) from ${table}) as ${table}`).join(', ')
  const [row] = await database.read(
    `select ${counts}, (select coalesce(sum(attempts), 0) from events) as attempts,
       (select count(*) from events where status = 'processed') as processed`,
  )
  const log = (await gitops.log()).length
  return Object.entries({ ...row, log }).map(([, value]) => Number(value))
}

/**
 * Runs a flow again and again, and of each run loses the answer of one more call, until there are no
 * more. Each leaves what the first left, of which nothing was lost. Answers how many calls there are.
 */
async function sweep(
  { host, parts }: { host: LibsqlHost; parts: TestParts },
  flow: (run: number) => Promise<void>,
): Promise<number> {
  const wanted: number[][] = []
  for (let run = 0; ; run++) {
    const before = await standing(parts)
    const from = host.calls.length
    let isLost = false
    host.fault = (_, at) => {
      if (at !== from + run - 1) return undefined
      isLost = true
      return 'dropped'
    }
    await flow(run)
    host.fault = () => undefined
    const calls = host.calls.length - from
    const after = await standing(parts)
    wanted.push(after.map((value, at) => value - (before[at] ?? 0)))
    expect(wanted[run], `the answer of call ${run}`).toEqual(wanted[0])
    if (run > 0 && !isLost) return calls
  }
}

describe('F19: whichever answer of the database is lost', () => {
  test('an artifact is released once, by one commit', async () => {
    const manifests = {
      'web.yaml': manifest({ extra: 'deploy: { event: push, branch: main }\n' }),
    }
    const remote = await remoteParts({ manifests })
    const calls = await sweep(remote, async (run) => {
      const { parts } = remote
      await parts.arrive({ id: `web-${run}`, version: { branch: 'main' } })
      await drain(parts.ports)
      const [running] = await parts.releases.running({ app: 'web' })
      expect(running?.artifactId).toBe(`web-${run}`)
    })
    expect(calls).toBeGreaterThan(10)
  })

  test('an approval lets one release go', async () => {
    const needsOne = gate({
      otherwise: 'hold',
      require: { approvedBy: { count: 1, role: 'approver' } },
      message: 'An approval is needed',
    })
    const people = { people: [{ login: 'bob', roles: ['approver'] }] }
    const policies = { 'gate.json': needsOne, 'people.json': JSON.stringify(people) }
    const remote = await remoteParts({ policies })
    const calls = await sweep(remote, async (run) => {
      const { parts } = remote
      const [id, artifactId] = [`r-${run}`, `web-${run}`]
      await parts.push({ id: artifactId })
      await parts.ask({ id, artifactId })
      await drain(parts.ports)
      expect((await parts.events.find(id))?.status).toBe('held')
      await parts.controls.approve({ eventId: id, login: 'bob', createdUnix: 0 })
      await drain(parts.ports)
      expect((await parts.events.find(id))?.status).toBe('processed')
    })
    expect(calls).toBeGreaterThan(10)
  })

  test('what Slack sent is carried out once, and its sender is answered', async () => {
    const { database, url, host } = await remoteDatabase()
    const environment = { GIMLET_DB_URL: url, GIMLET_LEASE_SECONDS: '60' }
    const started = await slackServer({ environment }, onTestFinished)
    const { server, push, sender } = started
    for (let nth = 0; nth < 6; nth++) {
      await push(`web-${nth}`)
      let writes = 0
      // The server writes beside: what it loses of that has to be harmless as well.
      host.fault = ({ isWrite }) => (isWrite && writes++ === nth ? 'dropped' : undefined)
      const asked = await sender.command('release web staging', { user: users.alice })
      expect(asked.status).toBe(200)
      const requests = () =>
        database.read(
          `select id, status from events where kind = 'release' and artifact_id = ? and env is not null`,
          [`web-${nth}`],
        )
      await started.until(async () => expect(await requests()).toHaveLength(1))
      expect((await server.ended(String((await requests())[0]?.id))).status).toBe('processed')
      await started.until(async () =>
        expect(await database.read('select 1 from deliveries where is_done = 0')).toEqual([]),
      )
      host.fault = () => undefined
      expect(await requests()).toHaveLength(1)
    }
    expect(await database.read('select count(*) as n from deliveries')).toMatchObject([{ n: 6 }])
  })
})
