import { mkdir, rename, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderSources } from '../../src/gitops/sources.ts'
import { readings } from '../support/readings.ts'
import { putFiles, putLink, someonesGit, tempFolder, tempGitops } from '../support/temp.ts'

const noTip = '0'.repeat(40)
const chart = {
  'charts/web/Chart.yaml': 'name: web',
  'charts/web/a.yaml': 'a',
  'charts/web/files/app.conf': 'x',
  'charts/web/templates/_helpers.tpl': 't',
}

describe('a folder', () => {
  test('is read with all that counts below it', async () => {
    const folder = await tempFolder()
    await putFiles(folder, {
      'a.json': '{}',
      'deep/b.yaml': 'b',
      'deep/c.yml': 'c',
      'notes.md': 'x',
    })
    const { files } = await folderSources(folder)(noTip)
    expect(Object.fromEntries(files)).toEqual({ 'a.json': '{}', 'deep/b.yaml': 'b', 'deep/c.yml': 'c' }) // biome-ignore format: one value
  })

  test('of a Helm chart in it all files count', async () => {
    const folder = await tempFolder()
    await putFiles(folder, chart)
    expect(Object.fromEntries((await folderSources(folder)(noTip)).files)).toEqual(chart)
    await putFiles(folder, { 'charts/web/Chart.yaml': null })
    expect([...(await folderSources(folder)(noTip)).files.keys()]).toEqual(['charts/web/a.yaml'])
  })

  test('is the same version and value while nothing changed', async () => {
    const folder = await tempFolder()
    await putFiles(folder, { 'a.json': '1' })
    const read = folderSources(folder)
    expect(await read(noTip)).toBe(await read(noTip))
    expect((await folderSources(folder)(noTip)).version).toBe((await read(noTip)).version)
  })

  test.each([
    { name: 'another content', change: { 'a.json': '22' } },
    { name: 'a new file', change: { 'b.json': '1' } },
    { name: 'a file less', change: { 'a.json': null } },
  ])('F25: is read again after a change: $name', async ({ change }) => {
    const folder = await tempFolder()
    await putFiles(folder, { 'a.json': '1', 'z.json': '1' })
    const read = folderSources(folder)
    const before = await read(noTip)
    await putFiles(folder, change)
    const after = await read(noTip)
    expect(after.version).not.toBe(before.version)
    expect(after.files.get('b.json')).toBe('b.json' in change ? '1' : undefined)
    if ('a.json' in change) expect(after.files.get('a.json')).toBe(change['a.json'] ?? undefined)
  })

  test('is read again after a change that kept size and time of a file', async () => {
    const folder = await tempFolder()
    const time = new Date('2026-01-01T00:00:00Z')
    const file = join(folder, 'a.json')
    await putFiles(folder, { 'a.json': 'false' })
    await utimes(file, time, time)
    const read = folderSources(folder)
    await read(noTip)
    // Such as `git checkout` and `rsync --times` leave it: another file of the same size and time.
    await putFiles(folder, { 'b.tmp': 'true ' })
    await rename(join(folder, 'b.tmp'), file)
    await utimes(file, time, time)
    expect((await read(noTip)).files.get('a.json')).toBe('true ')
  })

  test('A12: with a link that leads out of it is a fault, and a linked folder is not read', async () => {
    const folder = await tempFolder()
    const outside = await tempFolder()
    await putFiles(outside, { 'secret.json': 'secret', 'more/secret.yaml': 'secret' })
    await putFiles(folder, { 'a.json': '1' })
    await putLink(folder, 'linked', outside)
    expect([...(await folderSources(folder)(noTip)).files.keys()]).toEqual(['a.json'])
    await putLink(folder, 'link.json', join(outside, 'secret.json'))
    await expect(folderSources(folder)(noTip)).rejects.toMatchObject({ code: 'sources_unreadable' })
  })

  test('I7: that Kubernetes mounts from a ConfigMap is read through its links', async () => {
    const folder = await tempFolder()
    await putFiles(folder, { '..2026_11_23/gate.json': '{}' })
    await putLink(folder, '..data', '..2026_11_23')
    await putLink(folder, 'gate.json', '..data/gate.json')
    const { files } = await folderSources(folder)(noTip)
    expect(Object.fromEntries(files)).toEqual({ 'gate.json': '{}' })
  })

  test('I7: that Kubernetes exchanges for a new one is read again', async () => {
    const folder = await tempFolder()
    await putFiles(folder, { '..one/gate.json': '1', '..two/gate.json': '2' })
    await putLink(folder, '..data', '..one')
    await putLink(folder, 'gate.json', '..data/gate.json')
    const read = folderSources(folder)
    expect((await read(noTip)).files.get('gate.json')).toBe('1')
    await putLink(folder, '..data_tmp', '..two')
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    expect((await read(noTip)).files.get('gate.json')).toBe('2')
  })

  test.each([
    { name: 'nowhere', target: 'none.json' },
    { name: 'to itself', target: 'gate.json' },
    { name: 'out of it', target: '/etc/passwd' },
    { name: 'to a folder', target: 'deep' },
  ])('I7: with a link that leads $name is a fault that names it', async ({ target }) => {
    const folder = await tempFolder()
    await putFiles(folder, { 'a.json': '1', 'deep/b.json': '2' })
    await putLink(folder, 'gate.json', target)
    await expect(folderSources(folder)(noTip)).rejects.toMatchObject({
      code: 'sources_unreadable',
      message: expect.stringContaining('gate.json'),
    })
  })

  test('F25: that is not there is a fault, not an empty set', async () => {
    const folder = join(await tempFolder(), 'none')
    const read = folderSources(folder)
    await expect(read(noTip)).rejects.toMatchObject({ code: 'sources_unreadable' })
    await mkdir(folder)
    expect((await read(noTip)).files.size).toBe(0)
  })
})

describe.each(readings)('a folder of the GitOps repository, read by $name,', ({ of }) => {
  test('is read as it stood at the tip', async () => {
    const gitops = await tempGitops()
    const first = await gitops.someoneCommits({ 'policies/a.json': 'one', 'other/b.json': 'b' })
    const second = await gitops.someoneCommits({ 'policies/a.json': 'two' })
    await gitops.writer.refresh()
    const read = (await of(gitops)).sources('policies')
    for (const [tip, want] of [[first, 'one'], [second, 'two'], [first, 'one']] as const) // biome-ignore format: rows
      expect(Object.fromEntries((await read(tip)).files), tip).toEqual({ 'a.json': want })
  })

  test('of a Helm chart in it all files count', async () => {
    const gitops = await tempGitops()
    const below = Object.entries(chart).map(([path, text]) => [`manifests/${path}`, text])
    const tip = await gitops.someoneCommits({
      ...Object.fromEntries(below),
      'manifests/notes.md': 'x',
    })
    await gitops.writer.refresh()
    const { files } = await (await of(gitops)).sources('manifests')(tip)
    expect(Object.fromEntries(files)).toEqual(chart)
  })

  test('has as version the commit that it was read at', async () => {
    const gitops = await tempGitops()
    const first = await gitops.someoneCommits({ 'policies/a.json': 'one' })
    const elsewhere = await gitops.someoneCommits({ 'other/b.json': 'b' })
    await gitops.writer.refresh()
    const read = (await of(gitops)).sources('policies')
    expect((await read(first)).version).toBe(first)
    expect(await read(elsewhere)).toBe(await read(first))
  })

  test('keeps odd names and content', async () => {
    const gitops = await tempGitops()
    const files = {
      'policies/with space.json': 'ünï𝕏\n\n',
      'policies/new\nline.yaml': 'n',
      'policies/empty.yml': '',
    }
    const tip = await gitops.someoneCommits(files)
    await gitops.writer.refresh()
    const read = await (await of(gitops)).sources('policies')(tip)
    expect(
      Object.fromEntries([...read.files].map(([path, text]) => [`policies/${path}`, text])),
    ).toEqual(files)
  })

  test('I7: drops no file for its name, so that no gate goes missing', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.someoneCommits({ 'policies/tab\there.json': 't' })
    await gitops.writer.refresh()
    const { files } = await (await of(gitops)).sources('policies')(tip)
    expect([...files.keys()]).toEqual(['tab\there.json'])
  })

  test('A12: with a link among its files is a fault: a gate must not go missing', async () => {
    const gitops = await tempGitops()
    await gitops.checkOut()
    await putFiles(gitops.tree, { 'policies/a.json': '1' })
    await putLink(gitops.tree, 'policies/link.json', '/etc/passwd')
    await someonesGit(gitops.tree, 'add', '--all')
    await someonesGit(gitops.tree, 'commit', '-m', 'link')
    await someonesGit(gitops.tree, 'push', 'origin', 'HEAD:main')
    const tip = await gitops.writer.refresh()
    const read = (await of(gitops)).sources('policies')
    await expect(read(tip)).rejects.toMatchObject({ code: 'sources_unreadable' })
  })

  test('F25: that is not there is a fault, not an empty set', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    const read = (await of(gitops)).sources('policies')
    await expect(read(tip)).rejects.toMatchObject({ code: 'sources_unreadable' })
  })
})
