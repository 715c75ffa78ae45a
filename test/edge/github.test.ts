import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/store/client.ts'
import { gate, manifest, posted, trigger } from '../support/builders.ts'
import { type EdgeWorld, edgeWorld } from '../support/edge-world.ts'
import { eventually } from '../support/eventually.ts'
import { noProblems } from '../support/github.ts'
import type { GithubAnswer } from '../support/github-sender.ts'
import { shas } from '../support/github-server.ts'
import type { Pull, Repository } from '../support/github-state.ts'

let world: EdgeWorld
let web: Repository
let pull: Pull
const work: (() => unknown)[] = []
const extra = 'repository: example/web\n'

beforeAll(async () => {
  world = await edgeWorld(
    {
      policies: {
        'main.json': trigger({ when: { '==': [{ var: 'artifact.version.branch' }, 'main'] } }),
      },
      manifests: {
        'staging.yaml': manifest({ env: 'staging', extra }),
        'production.yaml': manifest({ extra }),
      },
    },
    (one) => void work.push(one),
  )
  const { github } = world
  web = github.repository({ fullName: 'example/web', id: 7 })
  github.permission(web, 'alice', 'write')
  pull = github.pull({ repository: web, number: 12, headSha: shas.one, headRef: 'faster' })
})
afterAll(async () => {
  for (const one of work.reverse()) await one()
  noProblems(world.github)
})

const version = { repositoryName: 'example/web', sha: shas.one, branch: 'faster', event: 'push' }
const push = (id: string) => world.post('/api/artifact', posted({ id, version }))
const releases = async (env: string) =>
  (await world.call(`/api/releases?env=${env}`)).body as { artifactId: string }[]
/** What the app answered, beside the one comment that says how things stand. */
const replies = () =>
  world.github
    .comments(web, 12)
    .filter(
      ({ author, body }) => author.includes('[bot]') && !body.includes('gimlet:github-sticky'),
    )
const read = async (sql: string) => {
  const database = await openDatabase(`file:${world.file}`)
  try {
    return await database.read(sql)
  } finally {
    database.close()
  }
}
/** All that came was kept and carried out. */
const settled = () =>
  eventually(async () =>
    expect(await read('select 1 from deliveries where is_done = 0')).toEqual([]),
  )

/** Wrangler's own proxy before the Worker loses a call now and then on a busy machine, and says so. */
const heard = (send: () => Promise<GithubAnswer>) =>
  eventually(async () => {
    const answer = await send()
    expect(answer.text).not.toContain('Your worker restarted mid-request')
    return answer
  })

describe('GitHub on the edge', () => {
  it('shows on a pull request what a merge would release', async () => {
    expect((await world.githubSender.pullRequest(pull, 'opened')).status).toBe(202)
    await push('web-1')
    await eventually(() =>
      expect(world.github.checks(web, shas.one)).toMatchObject([
        { name: 'gimlet/merge', conclusion: 'success' },
      ]),
    )
  })

  it('releases what a comment asks for, and answers it', async () => {
    expect((await world.githubSender.comment(pull, '/gimlet release staging')).status).toBe(202)
    await eventually(() => expect(replies()[0]?.body).toContain('Released'))
    expect(await releases('staging')).toMatchObject([{ artifactId: 'web-1' }])
  })

  it('F15: does once what is delivered twice', async () => {
    const payload = world.github.deliveries.at(-1)?.request.payload ?? {}
    expect((await world.githubSender.event('issue_comment', payload)).status).toBe(202)
    await world.githubSender.comment(pull, '/gimlet status')
    await eventually(() => expect(replies()).toHaveLength(2))
    await settled()
    expect(await world.gitops.commits('staging/web')).toHaveLength(1)
  })

  it('A1: answers 401 to what GitHub did not sign, and does nothing', async () => {
    const signature = `sha256=${'0'.repeat(64)}`
    const given = { signature }
    const { status } = await world.githubSender.comment(pull, '/gimlet release production', given)
    expect(status).toBe(401)
    expect(await read("select 1 from deliveries where body like '%release production%'")).toEqual(
      [],
    )
  })

  it('keeps what is too large for the queue at once', async () => {
    const over = { padding: 'x'.repeat(130_000) }
    expect((await world.githubSender.pullRequest(pull, 'edited', { over })).status).toBe(202)
    expect(await read('select 1 from deliveries where length(body) > 130000')).toHaveLength(1)
    await settled()
  })

  it('takes a burst, answers all of it, keeps it in few transactions, and carries all of it out', async () => {
    const { github, githubSender, libsql } = world
    const pulls = Array.from({ length: 300 }, (_, at) =>
      github.pull({ repository: web, number: 1000 + at, headSha: shas.two }),
    )
    const before = libsql.calls.length
    for (let at = 0; at < pulls.length; at += 50) {
      const some = pulls
        .slice(at, at + 50)
        .map((one) => heard(() => githubSender.pullRequest(one, 'opened')))
      for (const { status, text } of await Promise.all(some))
        expect({ status, text }).toEqual({ status: 202, text: '' })
    }
    await eventually(async () => {
      const known = await read('select count(*) as known from pulls where number >= 1000')
      expect(known).toMatchObject([{ known: 300 }])
    })
    await settled()
    const keeping = libsql.calls
      .slice(before)
      .filter(({ sql }) => sql.some((text) => /insert into deliveries/.test(text)))
    expect(keeping.length).toBeLessThan(30)
  })

  it('sees at once what people push to the GitOps repository', async () => {
    const no = gate({ env: 'production', otherwise: 'hold', expires: '2h' })
    await world.gitops.commit({ 'policies/no.json': no })
    await world.githubSender.comment(pull, '/gimlet release production')
    await eventually(async () =>
      expect((await world.call('/metrics')).text).toMatch(/gimletd_events\{status="held"\} 1/),
    )
    const after = await world.gitops.commit({ 'policies/no.json': null })
    await world.githubSender.push({ repository: world.repository, ref: 'main', after })
    await eventually(async () => expect(await releases('production')).toHaveLength(1))
  })

  it('F8: loses nothing while libSQL is away, not even at a start', async () => {
    await settled()
    await world.worker.kill()
    world.libsql.fault = () => 'cut'
    await world.worker.restart()
    expect((await world.githubSender.comment(pull, '/gimlet rollback staging')).status).toBe(202)
    expect((await world.githubSender.comment(pull, '/gimlet locks')).status).toBe(202)
    const before = replies().length
    world.libsql.fault = () => undefined
    await eventually(() => expect(replies()).toHaveLength(before + 2))
  })
})
