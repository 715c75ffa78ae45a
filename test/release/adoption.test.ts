import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { indexParts } from '../../src/index-parts.ts'
import { firstRepository, IndexStore } from '../../src/store/release-index.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { settableClock } from '../support/clock.ts'
import { eventually } from '../support/eventually.ts'
import { reindexed } from '../support/index.ts'
import { drain, testParts } from '../support/parts.ts'
import { historyOf } from '../support/readings.ts'
import {
  putFiles,
  someonesGit,
  type TempGitops,
  tempDatabase,
  tempGitops,
} from '../support/temp.ts'

const place = { env: 'production', app: 'web' }
const version = {
  repositoryName: 'owner/web',
  ...{ sha: '017d995e32e3d1998395d971b969bcf682d20851', created: 1622792757, branch: 'main' },
  ...{ event: 'push', sourceBranch: '', targetBranch: '', tag: '', message: 'reformat', url: '' },
  ...{
    authorName: 'First Last',
    authorEmail: 'first@example.com',
    committerName: '',
    committerEmail: '',
  },
}

/** A release as GimletD before us writes it: the app's file and the environment's, in one line each. */
const formerRelease = (app: string, at: number, env = 'production') => ({
  app,
  env,
  artifactId: `owner/${app}-${at}`,
  triggeredBy: 'policy',
  version: { ...version, repositoryName: `owner/${app}` },
  gitopsRef: '',
  gitopsRepo: 'owner/gitops',
  created: 1_700_000_000 + at,
  rolledBack: false,
})

async function commit(gitops: TempGitops, message: string, ...more: readonly string[]) {
  await someonesGit(gitops.tree, 'add', '--all')
  await someonesGit(gitops.tree, 'commit', '--allow-empty', ...more, '-m', message)
  return (await someonesGit(gitops.tree, 'rev-parse', 'HEAD')).trim()
}

const former = ['--author', 'Gimlet CLI <cli@gimlet.io>']

async function formerCommit(gitops: TempGitops, app: string, at: number): Promise<string> {
  const release = formerRelease(app, at)
  const folder = `production/${app}`
  const json = JSON.stringify(release)
  await putFiles(gitops.tree, {
    [folder]: null,
    [`${folder}/deployment.yaml`]: `image: ${app}:${at}\n`,
    [`${folder}/release.json`]: json,
    'production/release.json': json,
  })
  return commit(gitops, `[Gimlet] ${folder} automated deploy`, ...former)
}

async function formerRevert(gitops: TempGitops, ref: string): Promise<string> {
  await someonesGit(gitops.tree, 'revert', '--no-edit', ref)
  return (await someonesGit(gitops.tree, 'rev-parse', 'HEAD')).trim()
}

/** A repository of GimletD before us: releases, a rollback over two of them, a delete, and Flux’s folder. */
async function formerRepository() {
  const gitops = await tempGitops()
  await gitops.checkOut()
  await putFiles(gitops.tree, { 'production/flux/gotk.yaml': 'kind: GitRepository\n' })
  await commit(gitops, '[Gimlet] Bootstrapping', ...former)
  const refs = [await formerCommit(gitops, 'web', 1), await formerCommit(gitops, 'web', 2)]
  refs.push(await formerCommit(gitops, 'web', 3))
  const undone = [await formerRevert(gitops, refs[2] ?? ''), await formerRevert(gitops, refs[1] ?? '')] // biome-ignore format: one list
  await formerCommit(gitops, 'api', 4)
  await formerCommit(gitops, 'old', 5)
  await putFiles(gitops.tree, { 'production/old': null })
  await commit(gitops, '[GimletD delete] production/old deleted by alice', ...former)
  await someonesGit(gitops.tree, 'push', 'origin', 'HEAD:main')
  return { gitops, refs, undone }
}

/** The server's index on a database that holds nothing yet. */
async function newServer(gitops: TempGitops, given?: Awaited<ReturnType<typeof tempDatabase>>) {
  const { database } = given ?? (await tempDatabase())
  const releases = new ReleaseStore(database)
  const logged: string[] = []
  const log = {
    info: (_: object, text: string) => void logged.push(text),
    warn: (_: object, text: string) => void logged.push(text),
  }
  const { follower, drift } = indexParts({
    history: await historyOf(gitops),
    ...{ database, of: firstRepository, address: gitops.remote, log },
    ...{ releases, gitops: gitops.writer, clock: settableClock(), mode: 'warn' },
  })
  onTestFinished(() => follower.stop())
  return { database, releases, follower, drift, logged, index: new IndexStore(database) }
}

describe('a repository of GimletD before us', () => {
  test('shows its releases in status and history, by itself', async () => {
    const { gitops, refs } = await formerRepository()
    const before = await gitops.tipOfRemote()
    const { follower, releases, index, database } = await newServer(gitops)
    follower.start()
    await follower.first()
    const running = await releases.running({})
    expect(running.map(({ app, artifactId }) => [app, artifactId])).toEqual([
      ['api', 'owner/api-4'],
      ['web', 'owner/web-1'],
    ])
    const history = await releases.history({ ...place, limit: 9 })
    expect(history.map(({ artifactId, rolledBack, rollbackTo }) => [artifactId, rolledBack, rollbackTo])).toEqual([
      ['owner/web-1', false, refs[0]],
      ['owner/web-2', true, refs[1]],
      ['owner/web-3', true, undefined],
      ['owner/web-2', true, undefined],
      ['owner/web-1', false, undefined],
    ]) // biome-ignore format: rows
    expect(history.at(-1)).toMatchObject({
      triggeredBy: 'policy',
      version: { message: 'reformat', authorName: 'First Last' },
      gitopsRef: refs[0],
      created: 1_700_000_001,
    })
    expect(await releases.history({ env: 'production', app: 'old', limit: 9 })).toHaveLength(1)
    expect(await index.foreign({})).toEqual([])
    expect(Object.fromEntries(await releases.bindings())).toMatchObject({ web: 'owner/web' })
    expect(await gitops.tipOfRemote()).toBe(before)
    expect((await database.read('select * from staged_releases')).length).toBe(0)
  })

  test('that kept its releases in the file of the environment only is read, too', async () => {
    const gitops = await tempGitops()
    await gitops.checkOut()
    for (const [at, app] of ['web', 'api'].entries()) {
      await putFiles(gitops.tree, {
        [`production/${app}/deployment.yaml`]: `${at}`,
        'production/release.json': JSON.stringify(formerRelease(app, at)),
      })
      await commit(gitops, `[Gimlet] production/${app} automated deploy`, ...former)
    }
    await someonesGit(gitops.tree, 'push', 'origin', 'HEAD:main')
    const { database, releases } = await newServer(gitops)
    await reindexed(database, gitops)
    expect((await releases.running({})).map(({ app }) => app)).toEqual(['api', 'web'])
    await gitops.someoneCommits({ 'production/web/deployment.yaml': 'by hand' })
    expect(await reindexed(database, gitops)).toMatchObject({ running: 2, changedByHand: 1 })
  })

  test('is gone on with: the next release is ours, and the file of the environment is left alone', async () => {
    const parts = await testParts()
    await parts.gitops.checkOut()
    await formerCommit(parts.gitops, 'web', 1)
    await formerCommit(parts.gitops, 'api', 2)
    await someonesGit(parts.gitops.tree, 'push', 'origin', 'HEAD:main')
    await reindexed(parts.database, parts.gitops)
    const shared = (await parts.gitops.files())['production/release.json']
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    expect(await parts.events.find('r-1')).toMatchObject({ status: 'processed' })
    expect((await parts.gitops.files())['production/release.json']).toBe(shared)
    const [, was] = await parts.releases.history({ ...place, limit: 9 })
    await parts.ask({ id: 'r-2', kind: 'rollback', artifactId: '', toRef: was?.gitopsRef ?? '' })
    await drain(parts.ports)
    expect((await parts.gitops.files())['production/web/deployment.yaml']).toBe('image: web:1\n')
    expect((await parts.releases.running(place))[0]?.artifactId).toBe('owner/web-1')
  })
})

describe('a repository that people wrote', () => {
  test('is adopted as it is: nothing is released there, nothing is drift, nothing is touched', async () => {
    const gitops = await tempGitops()
    const before = await gitops.someoneCommits({
      'production/web/deployment.yaml': 'image: web:1\n',
      'production/web/release.json': '{"not": "ours"}',
      'staging/api/release.json': 'no JSON',
      'README.md': 'hello',
    })
    const { follower, releases, index } = await newServer(gitops)
    follower.start()
    await follower.first()
    expect(await follower.isMade()).toBe(true)
    expect(await releases.running({})).toEqual([])
    expect(await index.foreign({})).toEqual([])
    expect(await gitops.tipOfRemote()).toBe(before)
  })
})

describe('a server that adopts', () => {
  test('loses nothing when it is killed: the next one begins anew', async () => {
    const { gitops } = await formerRepository()
    const kept = await tempDatabase()
    const first = await newServer(gitops, kept)
    const { database } = first
    // Killed after it has staged what it read, before it counts.
    const killed = { ...database, write: async (...given: Parameters<typeof database.write>) => {
      if (JSON.stringify(given).includes('delete from running')) throw new Error('killed')
      return database.write(...given)
    } } // biome-ignore format: one value
    await expect(reindexed(killed, gitops)).rejects.toThrow('killed')
    expect((await database.read('select * from staged_releases')).length).toBeGreaterThan(0)
    expect(await first.releases.running({})).toEqual([])
    const second = await newServer(gitops, kept)
    second.follower.start()
    await second.follower.first()
    expect((await second.releases.running({})).map(({ app }) => app)).toEqual(['api', 'web'])
  })

  test('releases meanwhile, and keeps what landed', async () => {
    const parts = await testParts()
    await parts.gitops.checkOut()
    await formerCommit(parts.gitops, 'web', 1)
    await formerCommit(parts.gitops, 'api', 2)
    await someonesGit(parts.gitops.tree, 'push', 'origin', 'HEAD:main')
    await parts.gitops.writer.refresh()
    await parts.database.write(['update gitops_indexes set ref = null, version = version + 1'])
    await parts.push()
    await parts.ask()
    // Nothing is awaited between: the index begins to be made with this very event.
    await drain(parts.ports)
    expect(await parts.events.find('r-1')).toMatchObject({ status: 'processed' })
    await eventually(async () => expect(await parts.follower.isMade()).toBe(true))
    await parts.follower.upTo(await parts.gitops.writer.refresh())
    const ids = async (app: string) =>
      (await parts.releases.history({ env: 'production', app, limit: 9 })).map(({ artifactId }) => artifactId) // biome-ignore format: one call
    expect(await ids('web')).toEqual(['web-1', 'owner/web-1'])
    expect(await ids('api')).toEqual(['owner/api-2'])
    expect((await parts.releases.running(place))[0]?.id).toBe('r-1')
  })

  test('lets wait what may be another answer once it is done', async () => {
    const parts = await testParts()
    await parts.gitops.checkOut()
    const ref = await formerCommit(parts.gitops, 'web', 1)
    await formerCommit(parts.gitops, 'web', 2)
    await someonesGit(parts.gitops.tree, 'push', 'origin', 'HEAD:main')
    await parts.gitops.writer.refresh()
    await parts.database.write(['update gitops_indexes set ref = null, version = version + 1'])
    await parts.ask({ kind: 'rollback', artifactId: '', toRef: ref })
    await expect(drain(parts.ports)).rejects.toMatchObject({ code: 'gitops_unreachable' })
    await eventually(async () => expect(await parts.follower.isMade()).toBe(true))
    await drain(parts.ports)
    expect(await parts.events.find('r-1')).toMatchObject({ status: 'processed' })
  })

  test('F12: is not kept from it by a file that is no release, however large', async () => {
    const { gitops } = await formerRepository()
    await gitops.checkOut()
    await writeFile(join(gitops.tree, 'production/api/release.json'), 'x'.repeat(5_000_000))
    await commit(gitops, 'large')
    await someonesGit(gitops.tree, 'push', 'origin', 'HEAD:main')
    const { database, releases } = await newServer(gitops)
    expect(await reindexed(database, gitops)).toMatchObject({ running: 2, changedByHand: 1 })
    expect((await releases.running({})).map(({ app }) => app)).toEqual(['api', 'web'])
  })
})
