import { expect, test } from 'vitest'
import { KeptSourcesStore } from '../../src/store/kept-sources.ts'
import { tempDatabase } from '../support/temp.ts'

const tree = (at: number) => String(at).repeat(40)
const sources = (at: number) => ({
  version: tree(at),
  files: new Map([
    [`${at}.json`, 'ünï\0𝕏\n'],
    ['deep/empty.yaml', ''],
  ]),
})

test('sources that were kept are what they were, also for a process that starts', async () => {
  const { database } = await tempDatabase()
  await new KeptSourcesStore(database, 'policies').keep(tree(1), sources(1))
  const store = new KeptSourcesStore(database, 'policies')
  expect(await store.find(tree(1))).toEqual(sources(1))
  expect(await store.find(tree(2))).toBeUndefined()
})

test('of each folder the newest few trees are kept, whichever comes back', async () => {
  const { database } = await tempDatabase()
  const [policies, manifests] = ['policies', 'manifests'].map(
    (folder) => new KeptSourcesStore(database, folder),
  )
  await manifests?.keep(tree(9), sources(9))
  for (const at of [1, 2, 3, 1, 4]) await policies?.keep(tree(at), sources(at))
  const found = await Promise.all([1, 2, 3, 4].map((at) => policies?.find(tree(at))))
  expect(found).toEqual([sources(1), undefined, sources(3), sources(4)])
  expect(await manifests?.find(tree(9))).toEqual(sources(9))
  expect(await policies?.find(tree(9))).toBeUndefined()
})

test('F33: sources that are huge are not kept, and harm nothing', async () => {
  const { database } = await tempDatabase()
  const store = new KeptSourcesStore(database, 'policies')
  await store.keep(tree(1), sources(1))
  await store.keep(tree(2), {
    version: tree(2),
    files: new Map([['a.json', 'x'.repeat(5_000_000)]]),
  })
  expect(await store.find(tree(2))).toBeUndefined()
  expect(await store.find(tree(1))).toEqual(sources(1))
})
