import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRepository } from '../../src/gitops/clone.ts'
import { putFiles, someonesGit, tempFolder } from '../support/temp.ts'

const log = async (folder: string) =>
  (await someonesGit(folder, 'log', '--format=%s', 'main')).split('\n').filter(Boolean)

describe('the local GitOps repository', () => {
  test.each<{ name: string; half: (folder: string) => Promise<unknown> }>([
    { name: 'nothing', half: () => Promise.resolve() },
    {
      name: 'F12: a repository without its branch',
      half: (folder) => someonesGit(folder, 'init', '--bare', '--initial-branch=main', 'a.git'),
    },
    {
      name: 'F12: a first commit without its branch, and a lock',
      async half(folder) {
        await someonesGit(folder, 'init', '--bare', '--initial-branch=main', 'a.git')
        const bare = join(folder, 'a.git')
        const empty = (
          await someonesGit(bare, 'hash-object', '-t', 'tree', '-w', '/dev/null')
        ).trim()
        const commit = await someonesGit(bare, 'commit-tree', empty, '-m', 'an earlier start')
        await someonesGit(bare, 'update-ref', 'refs/gimlet/build', commit.trim())
        await putFiles(bare, { 'refs/heads/main.lock': '' })
      },
    },
  ])('is made to its end from $name', async ({ half }) => {
    const folder = await tempFolder()
    await half(folder)
    await createRepository(join(folder, 'a.git'), 'main', process.env)
    expect(await log(join(folder, 'a.git'))).toEqual(['The GitOps repository begins'])
  })

  test.each(['loose', 'packed'])('stays as it is when it is there, its branch %s', async (how) => {
    const folder = join(await tempFolder(), 'a.git')
    await createRepository(folder, 'main', process.env)
    const tip = await someonesGit(folder, 'rev-parse', 'main')
    if (how === 'packed') await someonesGit(folder, 'pack-refs', '--all')
    await createRepository(folder, 'main', process.env)
    expect(await someonesGit(folder, 'rev-parse', 'main')).toBe(tip)
    expect(await log(folder)).toHaveLength(1)
  })
})
