import { expect, test } from 'vitest'
import { githubSources } from '../../src/gitops/github-sources.ts'
import { KeptSourcesStore } from '../../src/store/kept-sources.ts'
import { gitopsOfGithub } from '../support/github-gitops.ts'
import { readerPlace } from '../support/github-reader.ts'
import { someonesGit, tempDatabase } from '../support/temp.ts'

test('policies that come back are the newest again, for whoever only reads what was kept', async () => {
  const { remote, commit } = await gitopsOfGithub({ 'policies/a.json': '1' })
  const { reader } = await readerPlace(remote)
  const { database } = await tempDatabase()
  const kept = new KeptSourcesStore(database, 'policies')
  const read = githubSources(reader(), 'policies', kept)
  const tip = async () => (await someonesGit(remote, 'rev-parse', 'main')).trim()
  const newestAt = async (ref: string) => {
    await read(ref)
    return kept.newest()
  }
  const first = await newestAt(await tip())
  const second = await newestAt(await commit({ 'policies/a.json': '2' }))
  const third = await newestAt(await commit({ 'policies/a.json': '1' }))
  expect(second).not.toBe(first)
  expect(third).toBe(first)
})
