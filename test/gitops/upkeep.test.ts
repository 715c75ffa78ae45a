import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PlannedCommit } from '../../src/domain/change.ts'
import { openClone } from '../../src/gitops/clone.ts'
import { gitIn } from '../../src/gitops/git.ts'
import { newWriter, someonesGit, tempGitops } from '../support/temp.ts'

const put = (number: number): PlannedCommit => ({
  change: {
    kind: 'replace',
    folder: `production/web-${number % 5}`,
    files: new Map([['a.yaml', `${number}`]]),
  },
  message: `release ${number}\n`,
  unix: 1_700_000_000 + number,
})
const yes = () => Promise.resolve(true)

async function looked(folder: string) {
  const loose = await readdir(join(folder, 'objects'))
  const packs = await readdir(join(folder, 'objects/pack'))
  return {
    looseFolders: loose.filter((name) => name.length === 2).length,
    packs: packs.filter((name) => name.endsWith('.pack')).length,
  }
}

/** A server that tidies after every few releases. */
async function tidying(given: { every: number; isOurs?: boolean }) {
  const gitops = await tempGitops()
  const { every: tidyEvery, isOurs = false } = given
  const remote = { url: gitops.remote, branch: 'main', tidyEvery, isOurs }
  const git = await openClone(join(gitops.folder, 'other.git'), remote, process.env)
  const writer = newWriter(git, gitops.remote)
  const release = async (number: number) => {
    const result = await writer.commit(await writer.tip(), [put(number)], yes)
    expect(result.kind).toBe('landed')
  }
  return { ...gitops, git, writer, release, cloneFolder: join(gitops.folder, 'other.git') }
}

test('after so many releases the clone has few packs and no loose objects', async () => {
  const { release, git, cloneFolder, remote } = await tidying({ every: 10 })
  for (let number = 0; number < 9; number++) await release(number)
  await git.rest?.()
  // What the first fetch brought is one as well.
  expect((await looked(cloneFolder)).packs).toBe(10)
  await release(9)
  await git.rest?.()
  expect(await looked(cloneFolder)).toEqual({ looseFolders: 0, packs: 1 })
  // The repository of somebody else is theirs.
  expect((await looked(remote)).packs).toBe(10)
  await someonesGit(cloneFolder, 'fsck', '--full')
})

test('the local repository is tidied as well: nobody else does', async () => {
  const { release, git, remote } = await tidying({ every: 10, isOurs: true })
  for (let number = 0; number < 10; number++) await release(number)
  await git.rest?.()
  expect(await looked(remote)).toEqual({ looseFolders: 0, packs: 1 })
  await someonesGit(remote, 'fsck', '--full')
})

test('what another process left is tidied at the start, if it is much', async () => {
  const gitops = await tempGitops()
  const remote = { url: gitops.remote, branch: 'main' }
  for (let number = 0; number < 22; number++) {
    const tip = await gitops.writer.tip()
    await gitops.writer.commit(tip, [put(number)], yes)
    await gitIn(gitops.cloneFolder, process.env)(['repack', '-d'])
  }
  expect((await looked(gitops.cloneFolder)).packs).toBeGreaterThan(20)
  const git = await openClone(gitops.cloneFolder, remote, process.env)
  await git.rest?.()
  expect((await looked(gitops.cloneFolder)).packs).toBeLessThan(5)
  expect((await newWriter(git, gitops.remote).refresh()).length).toBe(40)
})

test('beside releases, previews and reads it breaks none of them, however often it runs', async () => {
  const { release, writer, git, cloneFolder, log } = await tidying({ every: 1, isOurs: true })
  const tidy = gitIn(cloneFolder, process.env)
  let isOver = false
  const tidyAlways = async () => {
    while (!isOver) await tidy(['repack', '--geometric=2', '-d', '-q'])
  }
  const readAlways = async () => {
    while (!isOver) await git(['rev-list', '--objects', '--count', await writer.lastTip()])
  }
  const beside = [tidyAlways(), readAlways()]
  for (let number = 0; number < 12; number++) {
    await release(number)
    const diff = await writer.preview(await writer.tip(), put(number + 1))
    expect(diff).toContain(`+${number + 1}`)
  }
  isOver = true
  await Promise.all(beside)
  await git.rest?.()
  expect(await log()).toHaveLength(13)
  await someonesGit(cloneFolder, 'fsck', '--full')
})

test('a push that was answered is on the disk of the local repository', async () => {
  const { remote } = await tempGitops()
  const config = async (key: string) => (await someonesGit(remote, 'config', key)).trim()
  expect(await config('core.fsync')).toBe('committed')
  expect(await config('receive.autoGc')).toBe('false')
})
