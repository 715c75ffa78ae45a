import { describe, expect, test } from 'vitest'
import type { Release } from '../../src/domain/release.ts'
import { GithubHistory } from '../../src/gitops/github-history.ts'
import { History } from '../../src/gitops/history.ts'
import { indexParts } from '../../src/index-parts.ts'
import { firstRepository, IndexStore } from '../../src/store/release-index.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { settableClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { readerPlace } from '../support/github-reader.ts'
import { importHistory, type Shaped } from '../support/histories.ts'
import { reindexed } from '../support/index.ts'
import { type TempGitops, tempDatabase, tempGitops } from '../support/temp.ts'

const folder = (app: number) => `production/app-${app}`
const commit = (subject: string, files: Record<string, string | null>): Shaped => ({
  ...{ subject, parents: [0] },
  changes: Object.entries(files).map(([path, content]) => ({ path, content })),
})
const release = (app: number, at: number) => {
  const file = {
    ...{ id: `r-${at}`, app: `app-${app}`, env: 'production', artifactId: `artifact-${at}` },
    ...{ triggeredBy: 'alice', created: 1_600_000_000 + at, decisionId: 'd', policyVersion: 'p' },
    version: { repositoryName: `owner/app-${app}` },
  }
  return commit(`[Gimlet] ${folder(app)} release artifact-${at}`, {
    [`${folder(app)}/release.json`]: JSON.stringify(file),
    [`${folder(app)}/deployment.yaml`]: `${at}`,
  })
}

const apps = 12
/** A tree of the environment for each of 30 commits, what many at once cost, and the tries that fail. */
const callsMax = 60
/** Releases of every app, and then so many of the first two that GitHub's newest commits begin among them. */
const longHistory: readonly Shaped[] = [
  ...Array.from({ length: apps }, (_, app) => release(app, app)),
  commit('by hand, long ago', { [`${folder(9)}/deployment.yaml`]: 'by hand' }),
  ...Array.from({ length: 190 }, (_, at) => release(at % 2, apps + at)),
  commit('more replicas', { [`${folder(5)}/deployment.yaml`]: 'by hand' }),
  commit('not any more', { [folder(6)]: null }),
  commit('tried', { [`${folder(7)}/deployment.yaml`]: 'by hand' }),
  commit('and taken back', { [`${folder(7)}/deployment.yaml`]: '7' }),
  ...Array.from({ length: 16 }, (_, at) => release(at % 2, 300 + at)),
]

async function longPlace() {
  const gitops = await tempGitops()
  const refs = await importHistory(gitops.remote, longHistory)
  await gitops.writer.refresh()
  return { gitops, since: refs.at(-200), ...(await readerPlace(gitops.remote)) }
}

/** What of an index does not depend on how much history was read. */
async function runningIn({ database }: Awaited<ReturnType<typeof tempDatabase>>) {
  const running = await new ReleaseStore(database).running({})
  const plain = ({ gitopsRef: _, ...one }: Release) => one
  return { running: running.map(plain), foreign: await new IndexStore(database).foreign({}) }
}

async function newServer(gitops: TempGitops, history: GithubHistory) {
  const kept = await tempDatabase()
  const logged: { fields: object; text: string }[] = []
  const told = (fields: object, text: string) => void logged.push({ fields, text })
  const releases = new ReleaseStore(kept.database)
  const { follower } = indexParts({
    ...{ database: kept.database, history, address: gitops.remote, of: firstRepository },
    ...{ releases, gitops: gitops.writer, clock: settableClock(), mode: 'warn' },
    log: { info: told, warn: told },
  })
  return { ...kept, follower, logged, releases, index: new IndexStore(kept.database) }
}

describe('an index of the newest commits only', () => {
  test('holds all that runs and what was changed since, says what it has not, and goes on from there', async () => {
    const { gitops, since, reader } = await longPlace()
    const whole = await tempDatabase()
    await reindexed(whole.database, gitops, new History(gitops.git, gitops.stream))
    const server = await newServer(gitops, new GithubHistory(reader()))
    const { follower, logged, index, releases } = server
    await follower.upTo(await gitops.writer.refresh())
    await eventually(async () => expect(await follower.isMade()).toBe(true))
    expect(logged.slice(-2)).toMatchObject([
      { fields: { since, commits: 199, different: [], running: apps - 1 } },
      { fields: { since }, text: expect.stringContaining('gimlet reindex') },
    ])
    const all = await runningIn(whole)
    // Nobody can tell any more what was changed before: it counts as the release left it.
    const foreign = all.foreign.filter(({ app }) => app !== 'app-9')
    expect(await runningIn(server)).toEqual({ ...all, foreign })
    expect(foreign.map(({ app, subject }) => [app, subject])).toEqual([
      ['app-5', 'more replicas'],
      ['app-6', 'not any more'],
    ])
    // The commit that history begins with holds the folder, too: a rollback can go back to it.
    const app8 = await releases.history({ env: 'production', app: 'app-8', limit: 9 })
    expect(app8).toMatchObject([{ id: 'r-8', created: 1_600_000_008, gitopsRef: since }])
    await gitops.someoneCommits({ [`${folder(8)}/deployment.yaml`]: 'by hand' }, 'now')
    await follower.upTo(await gitops.writer.refresh())
    const drifted = (await index.foreign({})).map(({ app }) => app)
    expect(drifted).toEqual(['app-5', 'app-6', 'app-8'])
  })
})

test('F24: an index that a limit interrupts is not there, and the next try reads what is missing only', async () => {
  const gitops = await tempGitops()
  await importHistory(gitops.remote, longHistory.slice(0, 30))
  await gitops.writer.refresh()
  const { github, reader, calls } = await readerPlace(gitops.remote)
  const { database } = await tempDatabase()
  const history = new GithubHistory(reader())
  calls()
  const limit = { status: 403, rateLimit: true, retryAfter: 30 } as const
  github.fail('POST', /graphql/, limit, 1)
  await expect(reindexed(database, gitops, history)).rejects.toMatchObject({
    code: 'gitops_unreachable',
    message: expect.stringContaining('asks to wait'),
  })
  expect(await new ReleaseStore(database).running({})).toEqual([])
  github.fail('GET', /git\/trees/, limit, 1)
  await expect(reindexed(database, gitops, history)).rejects.toMatchObject({
    code: 'gitops_unreachable',
  })
  expect(await new ReleaseStore(database).running({})).toEqual([])
  await reindexed(database, gitops, history)
  expect(await new ReleaseStore(database).running({})).toHaveLength(apps)
  expect(calls()).toBeLessThan(callsMax)
})

test('a history whose newest commits are one merge of very many begins where it fits', async () => {
  const gitops = await tempGitops()
  const side = Array.from({ length: 230 }, (_, at) => release(at % 3, at))
  const refs = await importHistory(gitops.remote, [
    release(9, 900),
    ...side,
    { ...commit('merged', {}), parents: [230, 0] },
    release(8, 901),
  ])
  await gitops.writer.refresh()
  const { database } = await tempDatabase()
  const history = new GithubHistory((await readerPlace(gitops.remote)).reader())
  const made = await reindexed(database, gitops, history)
  expect(made).toMatchObject({ since: refs.at(-2), commits: 1, running: 2, different: [] })
})
