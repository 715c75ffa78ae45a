import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AuditStore } from '../../src/store/audit.ts'
import { manifest } from '../support/builders.ts'
import { drain, testParts } from '../support/parts.ts'
import { someonesGit, tempFolder } from '../support/temp.ts'
import { broken } from './checker.ts'
import type { Evidence } from './history.ts'

let whole: Evidence

/** Two releases of web, a rollback, a release of api and its delete, and a commit of somebody else. */
async function live(): Promise<Evidence> {
  const manifests = { 'web.yaml': manifest(), 'api.yaml': manifest({ app: 'api' }) }
  const parts = await testParts({ manifests }, afterAll)
  const { gitops } = parts
  const audit = new AuditStore(parts.database)
  const done = async (asked: Parameters<typeof parts.ask>[0]) => {
    await parts.ask(asked)
    await drain(parts.ports)
    await audit.seal()
    parts.clock.moveMs(1_000)
    return gitops.tipOfRemote()
  }
  await parts.push({ id: 'web-1' })
  await parts.push({ id: 'web-2' })
  await parts.push({ id: 'api-1', version: { repositoryName: 'owner/api' } })
  const first = await done({ id: 'r-1' })
  await done({ id: 'r-2', artifactId: 'web-2' })
  const person = await gitops.someoneCommits({ 'notes.md': 'by hand' })
  await done({ id: 'r-3', app: 'api', artifactId: 'api-1' })
  await done({ id: 'r-back', kind: 'rollback', artifactId: null, toRef: first })
  await done({ id: 'r-gone', kind: 'delete', artifactId: null, app: 'api' })
  return {
    accepted: ['r-1', 'r-2', 'r-3', 'web-1', 'r-back', 'r-gone'],
    database: parts.databaseUrl.slice('file:'.length),
    remote: gitops.remote,
    seen: [person],
    told: [],
  }
}

beforeAll(async () => {
  whole = await live()
})

/** A copy of what was lived through, to break something of it. */
async function copied() {
  const folder = await tempFolder()
  const evidence = {
    ...whole,
    secrets: { 'the canary': secret },
    database: join(folder, 'gimlet.db'),
    remote: join(folder, 'gitops.git'),
  }
  await sqlIn(whole.database, `vacuum into '${evidence.database}'`)
  cpSync(whole.remote, evidence.remote, { recursive: true })
  return {
    evidence,
    sql: (...statements: string[]) => sqlIn(evidence.database, ...statements),
    git: (...args: string[]) => gimletsGit(evidence.remote, ...args),
    found: () => broken(evidence),
  }
}

async function sqlIn(file: string, ...statements: string[]): Promise<void> {
  const client = createClient({ url: `file:${file}` })
  for (const statement of statements) await client.execute(statement)
  client.close()
}

/** What the server's own hand does. */
function gimletsGit(remote: string, ...args: readonly string[]): string {
  const who = { NAME: 'Gimlet', EMAIL: 'gimlet@localhost' }
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: remote }
  for (const [key, value] of Object.entries(who))
    for (const role of ['AUTHOR', 'COMMITTER']) env[`GIT_${role}_${key}`] = value
  return execFileSync('git', [...args], { cwd: remote, env, encoding: 'utf8' }).trim()
}

/** A commit of the server on the tip, with the files and the message of another. */
function again({ git }: Lived, like: string): void {
  const message = git('show', '--no-patch', '--format=%B', like)
  const commit = git('commit-tree', `${like}^{tree}`, '-p', 'main', '-m', message)
  git('update-ref', 'refs/heads/main', commit)
}

type Lived = Awaited<ReturnType<typeof copied>>

test('the checker finds nothing in what was lived through without a fault', async () => {
  const { found } = await copied()
  expect(await found()).toEqual([])
})

/** The statement that asks for one more release of web, as what followed from the first. */
const another = (id: string, status: string) =>
  `insert into events (id, parent_id, kind, status, artifact_id, env, app, actor, source, due_ms, created_ms)
   select '${id}', id, kind, '${status}', artifact_id, env, app, actor, source, due_ms, created_ms
   from events where id = 'r-1'`

const secret = 'canary-that-nobody-may-see'

/** Puts what a policy said into the decision of a request. */
const traced = (outcome: string, id: string) =>
  `update decisions set body = json_set(body, '$.trace', json_array(json_object('policy', 'strict',
     'kind', 'gate', 'description', '', 'outcome', '${outcome}', 'problem', 'it cannot be read')))
   where event_id = '${id}'`

const message = (key: string, { ts = '1.1', changed = 1, attempts = 0 } = {}) =>
  `insert into messages (key, surface, kind, place, ts, changed, sent, attempts, due_ms, created_ms)
   values ('${key}', 'slack', 'post', '#all', '${ts}', ${changed}, 1, ${attempts}, 1, 1)`

type Broken = {
  readonly name: string
  readonly breaks: (lived: Lived) => unknown
  readonly want: RegExp
}

describe('the checker finds', () => {
  test.each<Broken>([
    {
      name: 'I1: what was accepted and is not there',
      breaks: ({ sql }) => sql(`delete from events where id = 'r-1'`),
      want: /^I1 .*r-1 was answered/,
    },
    {
      name: 'I1: an artifact that was accepted and is not there',
      breaks: ({ sql }) => sql(`delete from artifacts where id = 'web-1'`),
      want: /^I1 .*web-1 was answered/,
    },
    {
      name: 'I1: what was accepted and waits still',
      breaks: ({ sql }) => sql(another('r-open', 'new')),
      want: /^I1 .*r-open is still new/,
    },
    {
      name: 'I1: what followed from what was accepted and waits still',
      breaks: ({ sql }) => sql(another('r-child', 'held')),
      want: /^I1 .*r-child is still held/,
    },
    {
      name: 'I2: two commits of one release',
      breaks: (lived) => again(lived, 'main~2'),
      want: /^I2 .*r-3 has 2 commits: /,
    },
    {
      name: 'I2: two commits that are kept as landed',
      breaks: ({ sql }) =>
        sql(`insert into commits (ref, event_id, tip, decision_id, state) select 'f00', event_id, tip, decision_id, state from commits
             where event_id = 'r-1'`),
      want: /^I2 .*r-1 has 2 commits that are kept/,
    },
    {
      name: 'I3: a commit of no request',
      breaks: ({ sql }) => sql(`delete from events where id = 'r-2'`),
      want: /^I3 .*r-2\) is of no request/,
    },
    {
      name: 'I3: a commit of a request that was denied',
      breaks: ({ sql }) => sql(`update events set status = 'denied' where id = 'r-2'`),
      want: /^I3 .*although r-2 ended as denied/,
    },
    {
      name: 'I3: a commit that a decision did not allow',
      breaks: ({ sql }) =>
        sql(`update decisions set body = json_set(body, '$.verdict', 'hold')
             where event_id = 'r-back'`),
      want: /^I3 .*r-back\) was decided with hold/,
    },
    {
      name: 'I3: a commit without its trace',
      breaks: ({ sql }) => sql(`delete from commits where event_id = 'r-2'`),
      want: /^I3 .*r-2\) was pushed without having been kept/,
    },
    {
      name: 'I3: a commit that is still kept as intended',
      breaks: ({ sql }) => sql(`update commits set state = 'intended' where event_id = 'r-2'`),
      want: /^I3 .*r-2\) is kept as intended/,
    },
    {
      name: 'I3: a commit without a release',
      breaks: ({ sql }) =>
        sql(
          `delete from running`,
          `update releases set id = 'r-x', gitops_ref = 'x' where id = 'r-2'`,
        ),
      want: /^I3 .*r-2\) has 0 releases/,
    },
    {
      name: 'I3: a decision that was made before somebody else’s commit came between',
      breaks: ({ sql }) =>
        sql(`update decisions set body = json_set(body, '$.tip', (
               select ref from commits where event_id = 'r-2')) where event_id = 'r-3'`),
      want: /^I3 .*r-3\) was decided on \w{8}, before \w{8} \(.*\) was there/,
    },
    {
      name: 'I3: a decision for another place',
      breaks: ({ sql }) =>
        sql(`update decisions set body = json_set(body, '$.env', 'staging')
             where event_id = 'r-2'`),
      want: /^I3 .*r-2\) was decided for r-2 of staging\/web/,
    },
    {
      name: 'I3: a decision by other policies than the commit names',
      breaks: ({ sql }) =>
        sql(`update decisions set body = json_set(body, '$.policyVersion', 'other')
             where event_id = 'r-2'`),
      want: /^I3 .*decided by other/,
    },
    {
      name: 'I4: what was asked for earlier and stands on what was asked for later',
      breaks: ({ sql }) =>
        sql(
          `update events set seq = 999 where id = 'r-1'`,
          `update events set seq = 1000 where id = 'r-back'`,
        ),
      want: /^I4 .*r-2\) came after .*r-1\), and was asked for earlier/,
    },
    {
      name: 'I4: what was decided earlier and stands on what was decided later',
      breaks: ({ sql }) =>
        sql(`update decisions set body = json_set(body, '$.created', 1) where event_id = 'r-2'`),
      want: /^I4 .*r-2\) came after .*r-1\), and was decided earlier/,
    },
    {
      name: 'I5: a person’s commit that is gone',
      breaks: ({ git }) => {
        const [person] = whole.seen ?? []
        git('update-ref', 'refs/heads/main', `${person}~1`)
      },
      want: /^I5 .*\w{8} is gone from the branch/,
    },
    {
      name: 'I5: a branch that went back',
      breaks: ({ git }) => git('update-ref', 'refs/heads/main', 'main~1'),
      want: /^I5 .*\w{8} has landed, and is not on the branch/,
    },
    {
      name: 'I5: a commit that touches another folder',
      breaks: ({ sql }) => sql(`update events set app = 'shop' where id = 'r-2'`),
      want: /^I5 .*r-2\) of production\/shop touches production\/web\//,
    },
    {
      name: 'I6: an index that runs nothing where something stands',
      breaks: ({ sql }) => sql(`delete from running where app = 'web'`),
      want: /^I6 .*production\/web runs nothing by the index, and holds r-back/,
    },
    {
      name: 'I6: an index that runs something where nothing stands',
      breaks: ({ sql }) =>
        sql(`insert into running select env, app, seq from releases where id = 'r-3'`),
      want: /^I6 .*production\/api runs r-3 by the index, and holds nothing/,
    },
    {
      name: 'I6: a release that is said to be done and has no commit',
      breaks: ({ sql }) => sql(another('r-4', 'processed')),
      want: /^I6 .*r-4 \(release of production\/web\) is processed without a commit/,
    },
    {
      name: 'I6: a release that is said to change nothing, of what does not stand there',
      breaks: ({ sql }) =>
        sql(
          another('r-4', 'processed'),
          `update events set status_desc = 'web-9 runs in production already, file for file' where id = 'r-4'`,
        ),
      want: /^I6 .*r-4 \(release of production\/web\) is processed without a commit/,
    },
    {
      name: 'I6: a history in another order than the branch',
      breaks: ({ sql }) =>
        sql(
          `delete from running where app = 'web'`,
          `update releases set seq = 100 where id = 'r-1'`,
          `insert into running select env, app, seq from releases where id = 'r-back'`,
        ),
      want: /^I6 .*release 1 of production\/web is \w{8} on the branch and \w{8} in the index/,
    },
    {
      name: 'I7: a commit that was let through although a policy could not be asked',
      breaks: ({ sql }) => sql(traced('error', 'r-2')),
      want: /^I7 .*r-2\) was let through by d-[\w-]+, although strict error: it cannot be read/,
    },
    {
      name: 'I7: a commit that was let through although a gate says no',
      breaks: ({ sql }) => sql(traced('fails', 'r-2')),
      want: /^I7 .*r-2\) was let through by d-[\w-]+, although strict fails/,
    },
    {
      name: 'I7: a commit that no version of the policies allowed',
      breaks: ({ sql }) =>
        sql(`update decisions set body = json_set(body, '$.policyVersion', '')
             where event_id = 'r-2'`),
      want: /^I7 .*r-2\) was let through by d-[\w-]+, which names no version/,
    },
    {
      name: 'I7: a request that is denied without a reason',
      breaks: ({ sql }) => sql(another('r-4', 'denied')),
      want: /^I7 .*r-4 is denied without a reason/,
    },
    {
      name: 'I7: a request that is denied and was carried out',
      breaks: ({ sql }) =>
        sql(`update events set status = 'denied', status_desc = 'no' where id = 'r-2'`),
      want: /^I7 .*r-2 is denied and was carried out/,
    },
    {
      name: 'I8: a request that is tried for ever',
      breaks: ({ sql }) => sql(`update events set attempts = 99 where id = 'r-2'`),
      want: /^I8 .*r-2 was tried 99 times/,
    },
    {
      name: 'I8: a message that is tried for ever',
      breaks: ({ sql }) => sql(message('m-1', { attempts: 999 })),
      want: /^I8 .*message m-1 was tried 999 times/,
    },
    {
      name: 'I8: a message that waits at rest',
      breaks: ({ sql }) => sql(message('m-1', { changed: 2 })),
      want: /^I8 .*message m-1 waits still: nobody tried/,
    },
    {
      name: 'I8: a call from outside that is not carried out',
      breaks: ({ sql }) =>
        sql(`insert into deliveries (key, surface, request_id, body, received_ms)
             values ('k-1', 'slack', 'r-9', '{}', 1)`),
      want: /^I8 .*delivery k-1 is not carried out/,
    },
    {
      name: 'I9: a secret in the database',
      breaks: ({ sql }) =>
        sql(`update events set reason = 'with ${secret} in it' where id = 'r-2'`),
      want: /^I9 .*the canary stands in the database, in reason of events/,
    },
    {
      name: 'I9: a secret in the message of a commit',
      breaks: ({ git }) => git('commit-tree', 'main^{tree}', '-m', `It is ${secret}`),
      want: /^I9 .*the canary stands in an object of the GitOps repository/,
    },
    {
      name: 'I10: a record that was changed',
      breaks: ({ sql }) =>
        sql('drop trigger audit_no_update', `update audit set actor = 'mallory' where seq = 3`),
      want: /^I10 .*Record 3 was changed/,
    },
    {
      name: 'I10: a record that was taken away',
      breaks: ({ sql }) => sql('drop trigger audit_no_delete', 'delete from audit where seq = 3'),
      want: /^I10 .*Record 3 was taken away/,
    },
    {
      name: 'I10: a commit that names a record which never was',
      breaks: ({ git }) => {
        const head = `Audit-Head: 2:${'0'.repeat(64)}`
        const forged = git('commit-tree', 'main^{tree}', '-p', 'main', '-m', `A\n\n${head}`)
        git('update-ref', 'refs/heads/main', forged)
      },
      want: /^I10 .*Commit \w{40} of .* was made when records up to 2 were sealed/,
    },
    {
      name: 'I10: a change of a request that was not recorded',
      breaks: ({ sql }) =>
        sql(
          'drop trigger audit_request_moved',
          another('r-4', 'new'),
          `update events set status = 'denied' where id = 'r-4'`,
        ),
      want: /^I10 .*trigger audit_request_moved is missing/,
    },
    {
      name: 'I10: a change that nobody made',
      breaks: ({ sql }) =>
        sql(`insert into audit (at_ms, actor, action, subject, detail)
             values (1, '', 'lock.made', 'l-1', '{}')`),
      want: /^I10 .*lock.made of l-1 was done by nobody/,
    },
    {
      name: 'I6: a release that was rolled back and does not say so',
      breaks: ({ sql }) => sql(`update releases set rolled_back = 0 where id = 'r-2'`),
      want: /^I6 .*r-2 of production\/web counts as rolled back: false/,
    },
  ])('$name', async ({ breaks, want }) => {
    const story = await copied()
    await breaks(story)
    expect(await story.found()).toContainEqual(expect.stringMatching(want))
  })

  test('I8: a program that goes on after its server', async () => {
    const { evidence } = await copied()
    const dataDir = await tempFolder()
    const child = spawn('sleep', ['600'], { env: { PATH: process.env.PATH, HOME: dataDir } })
    await once(child, 'spawn')
    const found = await broken({ ...evidence, dataDir })
    child.kill()
    expect(found).toEqual(['I8 bounded: sleep 600 runs still'])
  })

  test('I9: a secret in the log', async () => {
    const { evidence } = await copied()
    const lines = ['all is well', `{"msg":"token ${secret}"}`]
    expect(await broken({ ...evidence, lines })).toEqual([
      expect.stringMatching(/^I9 .*the canary stands in the log: \{"msg"/),
    ])
  })

  test.each([
    { name: 'twice', ts: ['1.1', '1.2'], want: 'slack has one message more: hello' },
    { name: 'never', ts: ['7.7'], want: 'slack has one message more: hello' },
  ])('F24: a message that its surface was told $name', async ({ ts, want }) => {
    const { evidence, sql } = await copied()
    await sql(message('m-1'))
    const told = ts.map((one) => ({ surface: 'slack', ts: one, text: 'hello' }))
    expect(await broken({ ...evidence, told })).toEqual([`F24 told once: ${want}`])
  })

  test('I6: nothing where a person changed the folder afterwards: that is drift', async () => {
    const { evidence, git, found } = await copied()
    const empty = git('rev-parse', `${whole.seen?.[0]}~3^{tree}`)
    const commit = await someonesGit(evidence.remote, 'commit-tree', empty, '-p', 'main', '-m', 'x')
    git('update-ref', 'refs/heads/main', commit.trim())
    expect(await found()).toEqual([])
  })
})
