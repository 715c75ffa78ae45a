import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GithubHistory } from '../../src/gitops/github-history.ts'
import { githubSources, readGithubFolder } from '../../src/gitops/github-sources.ts'
import { History } from '../../src/gitops/history.ts'
import { KeptSourcesStore } from '../../src/store/kept-sources.ts'
import { type ReaderPlace, readerPlace } from '../support/github-reader.ts'
import { putFiles, someonesGit, tempDatabase, tempGitops } from '../support/temp.ts'

async function onGithub() {
  const gitops = await tempGitops()
  return { ...gitops, ...(await readerPlace(gitops.remote)) }
}

const policies = (count: number, text = '{}') =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`policies/${at}.json`, `${text}${at}`]),
  )

describe('a folder that is read by GitHub’s API', () => {
  test('is not read again while its tree is the same, and of another only what changed', async () => {
    const place = await onGithub()
    const first = await place.someoneCommits({ ...policies(30), 'other.txt': '' })
    const read = githubSources(place.reader(), 'policies')
    expect((await read(first)).files.size).toBe(30)
    // The id of its tree, the list of it, and all of its files at once.
    expect(place.calls()).toBe(3)
    await read(first)
    expect(place.calls()).toBe(0)
    const elsewhere = await place.someoneCommits({ 'other.txt': 'more' })
    expect((await read(elsewhere)).version).toBe(first)
    expect(place.calls()).toBe(1)
    const changed = await place.someoneCommits({ 'policies/3.json': 'changed' })
    place.github.calls.length = 0
    expect((await read(changed)).files.get('3.json')).toBe('changed')
    const asked = place.github.calls.map(({ body }) => String(body.query))
    expect(asked.join().match(/object\(oid/g)).toHaveLength(1)
  })

  test('is known to a process that has just started from what another one kept', async () => {
    const place = await onGithub()
    const { database } = await tempDatabase()
    const read = () =>
      githubSources(place.reader(), 'policies', new KeptSourcesStore(database, 'policies'))
    const first = await place.someoneCommits(policies(3))
    const known = await read()(first)
    const tip = await place.someoneCommits({ 'other.txt': '' })
    place.calls()
    expect(await read()(tip)).toEqual(known)
    expect(place.calls()).toBe(1)
  })

  test.each([
    { name: 'not of UTF-8', bytes: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) },
    { name: 'of a byte 0', bytes: Buffer.from('{"a":"\0"}') },
    { name: 'that begins with a mark of its order', bytes: Buffer.from('\ufeff{}') },
    { name: 'longer than GraphQL tells', bytes: Buffer.alloc(600_000, 'x') },
    { name: 'of ends of lines that are odd', bytes: Buffer.from('a\r\nb\rc') },
  ])('I7: holds a file $name as the clone does', async ({ bytes }) => {
    const place = await onGithub()
    await place.checkOut()
    await putFiles(place.tree, { 'policies/a.json': '1' })
    await writeFile(join(place.tree, 'policies/odd.json'), bytes)
    await someonesGit(place.tree, 'add', '--all')
    await someonesGit(place.tree, 'commit', '-m', 'odd')
    await someonesGit(place.tree, 'push', 'origin', 'HEAD:main')
    const { files } = await githubSources(place.reader(), 'policies')(await place.tipOfRemote())
    expect(files.get('odd.json')).toBe(bytes.toString('utf8'))
    expect(files.get('a.json')).toBe('1')
  })

  test('I7: whose list GitHub cuts short is read level by level, and whole', async () => {
    const place = await onGithub()
    const tip = await place.someoneCommits({
      ...policies(4),
      'policies/deep/er/a.json': 'a',
      'policies/deep/b.yaml': 'b',
      'production/web/release.json': '{}',
      'staging/web/sub/a.yaml': 'a',
    })
    await place.writer.refresh()
    place.repository.listedMax = 2
    const { files } = await githubSources(place.reader(), 'policies')(tip)
    expect([...files.keys()].sort()).toEqual([
      '0.json',
      '1.json',
      '2.json',
      '3.json',
      'deep/b.yaml',
      'deep/er/a.json',
    ])
    const clone = new History(place.git, place.stream)
    expect(await new GithubHistory(place.reader()).folders(tip)).toEqual(await clone.folders(tip))
  })

  test('is none where there is none, and not where nobody lets us look', async () => {
    const place = await onGithub()
    const tip = await place.someoneCommits({
      'production/web/a.yaml': 'a',
      'production/web/b.md': 'b',
    })
    const read = readGithubFolder(place.reader())
    expect(Object.fromEntries(await read(tip, 'production/web'))).toEqual({
      'a.yaml': 'a',
      'b.md': 'b',
    })
    expect([...(await read(tip, 'production/web', /\.md$/)).keys()]).toEqual(['b.md'])
    expect((await read(tip, 'production/api')).size).toBe(0)
    place.repository.installationId = 43
    await expect(read(tip, 'production/none')).rejects.toMatchObject({ code: 'gitops_forbidden' })
  })
})

test('I7: a commit that GitHub does not know yet is waited for: nothing of it is taken for gone', async () => {
  const place = await onGithub()
  const unknown = '1'.repeat(40)
  const history = new GithubHistory(place.reader())
  const waits = { code: 'gitops_unreachable', message: expect.stringContaining('not know it') }
  const from = await place.tipOfRemote()
  await expect(history.folders(unknown)).rejects.toMatchObject(waits)
  await expect(history.foldersOf(unknown, ['production/web'])).rejects.toMatchObject(waits)
  await expect(history.distance({ from, to: unknown })).rejects.toMatchObject(waits)
  const files = readGithubFolder(place.reader())
  await expect(files(unknown, 'production/web')).rejects.toMatchObject(waits)
  await expect(githubSources(place.reader(), 'policies')(unknown)).rejects.toMatchObject(waits)
})

describe('F24/F32: what GitHub does not answer', () => {
  const reads: readonly {
    name: string
    read: (place: ReaderPlace, tip: string) => Promise<unknown>
  }[] = [
    { name: 'policies', read: ({ reader }, tip) => githubSources(reader(), 'policies')(tip) },
    { name: 'the past', read: ({ reader }, tip) => new GithubHistory(reader()).folders(tip) },
    {
      name: 'how far it is',
      read: ({ reader }, to) => new GithubHistory(reader()).distance({ from: '1'.repeat(40), to }),
    },
  ]
  test.each(reads)('is a fault that says who has to do something: $name', async ({ read }) => {
    const place = await onGithub()
    const tip = await place.someoneCommits(policies(3))
    place.github.fail('GET', /compare|trees/, { status: 429, retryAfter: 30 })
    place.github.fail('POST', /graphql/, { status: 429, retryAfter: 30 })
    await expect(read(place, tip)).rejects.toMatchObject({
      code: 'gitops_unreachable',
      message: expect.stringContaining('asks to wait 30 s'),
    })
    place.github.fail('GET', /compare|trees/, { html: true })
    place.github.fail('POST', /graphql/, { html: true })
    await expect(read(place, tip)).rejects.toMatchObject({ code: 'gitops_unreachable' })
    place.repository.installationId = 43
    await expect(read(place, tip)).rejects.toMatchObject({ code: 'gitops_forbidden' })
    place.github.down()
    await expect(read(place, tip)).rejects.toMatchObject({ code: 'gitops_unreachable' })
  })

  test('of a commit that is not there is far from everything', async () => {
    const place = await onGithub()
    const to = await place.someoneCommits(policies(3))
    const far = await new GithubHistory(place.reader()).distance({ from: '1'.repeat(40), to })
    expect(far).toEqual({ ahead: Number.POSITIVE_INFINITY, behind: Number.POSITIVE_INFINITY })
  })

  test('I7: in part is not taken for all of it', async () => {
    const place = await onGithub()
    const tip = await place.someoneCommits(policies(3))
    const answer = {
      data: { repository: { o0: null } },
      errors: [{ message: 'Something went wrong' }],
    }
    place.github.graphqlAnswers.push({ query: /object\(expression/, answer })
    await expect(githubSources(place.reader(), 'policies')(tip)).rejects.toMatchObject({
      code: 'gitops_unreachable',
      message: expect.stringContaining('Something went wrong'),
    })
  })
})
