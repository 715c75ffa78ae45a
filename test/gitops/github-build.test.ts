import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FolderChange, PlannedCommit } from '../../src/domain/change.ts'
import type { GitopsWriter } from '../../src/gitops/writer.ts'
import { put } from '../support/direct.ts'
import { endOf, type OnGithub, onGithub } from '../support/on-github.ts'
import { someonesGit } from '../support/temp.ts'

describe('I2: the commits are those that the clone builds, byte for byte', () => {
  const changed = (change: FolderChange): PlannedCommit => ({ ...put(''), change })
  const inOnGithub = (folder: string, files: Record<string, string>) =>
    changed({ kind: 'replace', folder, files: new Map(Object.entries(files)) })
  const removed = (folder: string) => changed({ kind: 'remove', folder })

  test('of a batch that replaces, restores and removes', async () => {
    const place = await onGithub()
    const from = await place.someoneCommits({
      'README.md': 'hello',
      'production/web/old.yaml': 'old',
      'production/web/deep/er/x': 'x',
      'production/web-2/a': 'a',
      'production/web.yaml': 'beside',
      'staging/web/a': 'a',
      'top/a': 'a',
      'file-and-folder/app': 'a file where the app’s folder should be',
    })
    await sameOn(place, [
      inOnGithub('production/web', {
        'a.yaml': 'ünï 𝕏 \ud800',
        'deep/a': '',
        'deep/er/b': '\r\n\0',
      }),
      inOnGithub('new/app', { a: '1' }),
      inOnGithub('file-and-folder/app', { a: '1' }),
      changed({ kind: 'restore', folder: 'production/web', from, files: new Map() }),
      changed({
        kind: 'restore',
        folder: 'production/web',
        from,
        files: new Map([
          ['release.json', '{}'],
          ['deep/er/x', 'y'],
        ]),
      }),
      removed('new/app'),
      removed('new/app'),
      removed('nowhere/app'),
      removed('.gimlet'),
      inOnGithub('at-the-top', { a: '1', 'b/c': '2' }),
      changed({ kind: 'restore', folder: 'top', from, files: new Map([['r', '1']]) }),
      inOnGithub('top', { b: '2' }),
      removed('at-the-top'),
      removed('production/nothing'),
      removed('staging/web'),
      inOnGithub('production/web-2', {}),
    ])
  })

  test('of any batch', async () => {
    const place = await onGithub()
    const from = await place.someoneCommits({
      'a/a/x': '1',
      'a/a/y/z': '2',
      'a/b/x': '3',
      'b/a/x': '4',
    })
    const name = fc.constantFrom('a', 'b', 'a-b')
    const inEnv = fc.tuple(name, name).map((parts) => parts.join('/'))
    const folder = fc.oneof({ arbitrary: inEnv, weight: 4 }, fc.constant('top'))
    const path = fc.constantFrom('x', 'y.yaml', 'd/x', 'd/e/x')
    const files = fc.dictionary(path, fc.string({ unit: 'binary', maxLength: 20 }), { maxKeys: 4 })
    const commit = fc.oneof(
      fc.tuple(folder, files).map(([at, given]) => inOnGithub(at, given)),
      folder.map(removed),
      fc
        .constantFrom('a/a', 'a/b', 'b/a')
        .map((at) => changed({ kind: 'restore', folder: at, from, files: new Map([['r', '1']]) })),
    )
    const batches = fc.array(commit, { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(batches, (batch) => sameOn(place, batch)),
      { numRuns: 8 },
    )
  })

  async function sameOn({ local, writer, remote }: OnGithub, batch: readonly PlannedCommit[]) {
    const [wanted, built] = [await builtBy(local, batch), await builtBy(writer, batch)]
    expect(wanted).toHaveLength(batch.length)
    expect(built).toEqual(wanted)
    await someonesGit(remote, 'fsck', '--strict')
  }

  async function builtBy(by: GitopsWriter, batch: readonly PlannedCommit[]) {
    let refs: readonly string[] = []
    const keep = async (built: readonly string[]) => {
      refs = built
      return false
    }
    expect(await by.commit(await by.refresh(), batch, keep)).toEqual({ kind: 'moved' })
    return refs
  }
})

describe('I5: nothing lands when GitHub makes another tree than git', () => {
  test('of a folder that takes the place of another, which is tried before the first release', async () => {
    const place = await onGithub()
    const tip = await place.someoneCommits({ 'production/web/old.yaml': 'old' })
    place.repository.mergesFolders = true
    await expect(place.commit(put('1'))).rejects.toMatchObject({
      code: 'gitops_broken',
      message: expect.stringContaining('set GITOPS_WRITER to git'),
    })
    expect(await place.tipOfRemote()).toBe(tip)
    place.repository.mergesFolders = false
    expect((await place.commit(put('1'))).kind).toBe('landed')
    expect(await place.files()).toEqual({ 'production/web/a.yaml': '1' })
  })

  test('of what lies beside the environment', async () => {
    const place = await onGithub()
    const tip = await place.someoneCommits({ 'README.md': 'hello' })
    expect((await place.commit(put('1'))).kind).toBe('landed')
    const sha = (await someonesGit(place.remote, 'rev-parse', `${tip}^{tree}`)).trim()
    const entry = { path: 'production', mode: '040000', type: 'tree', sha }
    place.github.fail('POST', /\/git\/trees$/, { status: 201, body: { sha, tree: [entry] } }, 2)
    const before = await place.tipOfRemote()
    expect(await endOf(place.commit(put('2')))).toBe('gitops_broken')
    expect(await place.tipOfRemote()).toBe(before)
  })
})

describe('commits without an author are GitHub’s', () => {
  const signed = async ({ remote }: OnGithub, ref: string) =>
    (await someonesGit(remote, 'cat-file', 'commit', ref)).includes('\ngpgsig ')

  test('which signs them as the app’s', async () => {
    const place = await onGithub({ author: null })
    expect(await place.commit(put('1'), put('2', 'other'))).toMatchObject({ kind: 'landed' })
    expect(await signed(place, 'main')).toBe(true)
    expect(await signed(place, 'main~1')).toBe(true)
    const by = await someonesGit(place.remote, 'log', '-1', '--format=%an / %cn', 'main')
    expect(by.trim()).toBe('gimlet[bot] / GitHub')
    await someonesGit(place.remote, 'fsck', '--strict')
  })

  test('and are not signed when they have one', async () => {
    const place = await onGithub({ author: 'Ours <ours@example.com>' })
    await place.commit(put('1'))
    expect(await signed(place, 'main')).toBe(false)
    const by = await someonesGit(place.remote, 'log', '-1', '--format=%an / %cn %at', 'main')
    expect(by.trim()).toBe('Ours / Ours 1700000000')
  })

  test('F5: and never the same twice: what a crash left before it was kept hangs on nothing', async () => {
    const place = await onGithub({ author: null })
    const tip = await place.writer.tip()
    let lost: readonly string[] = []
    const crash = (refs: readonly string[]) => {
      lost = refs
      return Promise.reject(new Error('killed'))
    }
    await expect(place.writer.commit(tip, [put('1')], crash)).rejects.toThrow('killed')
    const result = await place.newWriter().commit(tip, [put('1')], () => Promise.resolve(true))
    expect(result).toMatchObject({ kind: 'landed' })
    const [ref = ''] = result.kind === 'landed' ? result.refs : []
    expect(lost).not.toContain(ref)
    expect(await place.log()).toHaveLength(2)
    expect(await place.writer.landed([...lost, ref])).toEqual(new Set([ref]))
  })
})
