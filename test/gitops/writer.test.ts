import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FolderChange, PlannedCommit } from '../../src/domain/change.ts'
import type { GitopsWriter } from '../../src/gitops/writer.ts'
import { putFiles, someonesGit } from '../support/temp.ts'
import { type WriterPlace, writerPlace } from '../support/writer-place.ts'

// What every writer of the GitOps repository does, whichever way it goes.

const folder = 'production/web'
const put = (files: Record<string, string>, given: Partial<PlannedCommit> = {}): PlannedCommit => ({
  change: { kind: 'replace', folder, files: new Map(Object.entries(files)) },
  message: 'a release\n',
  unix: 1_700_000_000,
  ...given,
})
const change = (made: FolderChange): PlannedCommit => put({}, { change: made })
const nothing = () => Promise.resolve(true)

/** Commits on the tip that the writer knows. */
async function commit(gitops: WriterPlace, ...commits: readonly PlannedCommit[]) {
  return gitops.writer.commit(await gitops.writer.tip(), commits, nothing)
}

async function landedRefs(gitops: WriterPlace, ...commits: readonly PlannedCommit[]) {
  const result = await commit(gitops, ...commits)
  if (result.kind !== 'landed') throw new Error(result.kind)
  return result.refs
}

const touched = async ({ remote }: WriterPlace, ref: string) =>
  (await someonesGit(remote, 'show', '--format=', '--name-only', ref)).split('\n').filter(Boolean)

describe('a commit', () => {
  test('replaces the whole folder: no stale file stays', async () => {
    const gitops = await writerPlace()
    await commit(gitops, put({ 'old.yaml': 'old', 'same.yaml': 'one' }))
    await commit(gitops, put({ 'same.yaml': 'two', 'new.yaml': 'new' }))
    expect(await gitops.files()).toEqual({
      'production/web/same.yaml': 'two',
      'production/web/new.yaml': 'new',
    })
  })

  test('lies at the top of a repository that is of its environment, and beside what else is there', async () => {
    const gitops = await writerPlace()
    await gitops.someoneCommits({ 'README.md': 'of people', 'production/web/a.yaml': 'of people' })
    const writer = gitops.rooted('production')
    const land = async (made: PlannedCommit) => {
      const result = await writer.commit(await writer.refresh(), [made], nothing)
      if (result.kind !== 'landed') throw new Error(result.kind)
      return String(result.refs[0])
    }
    const from = await land(put({ 'a.yaml': 'one\n' }))
    const shown = await writer.preview(await writer.tip(), put({ 'a.yaml': 'two\n' }))
    expect(shown).toContain('+++ b/web/a.yaml')
    await land(put({ 'a.yaml': 'two\n' }))
    const people = { 'README.md': 'of people', 'production/web/a.yaml': 'of people' }
    expect(await gitops.files()).toEqual({ ...people, 'web/a.yaml': 'two\n' })
    await land(change({ kind: 'restore', folder, from, files: new Map() }))
    expect(await gitops.files()).toEqual({ ...people, 'web/a.yaml': 'one\n' })
    await land(change({ kind: 'remove', folder }))
    expect(await gitops.files()).toEqual(people)
  })

  test('removes the folder and leaves no empty one', async () => {
    const gitops = await writerPlace()
    await commit(gitops, put({ 'a.yaml': 'a' }))
    await commit(gitops, change({ kind: 'remove', folder }))
    expect(await gitops.files()).toEqual({})
    expect(await someonesGit(gitops.remote, 'ls-tree', 'main')).toBe('')
  })

  test('restores the folder byte for byte, whatever someone put there', async () => {
    const gitops = await writerPlace()
    const odd = {
      [`${folder}/binary`]: Uint8Array.from({ length: 256 }, (_, at) => at),
      [`${folder}/latin1.yaml`]: Uint8Array.from([0xe9, 0x0d, 0x0a, 0xff, 0xfe]),
      [`${folder}/no end of line`]: 'text',
      [`${folder}/empty`]: '',
      [`${folder}/deep/"quoted" ünïcode\n.yaml`]: 'data 5\ndone\n',
    }
    const from = await gitops.someoneCommits(odd)
    const treeOf = async (ref: string) =>
      someonesGit(gitops.remote, 'ls-tree', '-r', '-z', `${ref}:${folder}`)
    await gitops.writer.refresh()
    await commit(gitops, put({ 'later.yaml': 'later' }))
    const files = new Map([['release.json', '{}']])
    const [ref = ''] = await landedRefs(gitops, change({ kind: 'restore', folder, from, files }))
    const restored = (await treeOf(ref))
      .split('\0')
      .filter((line) => !line.includes('release.json'))
    expect(restored).toEqual((await treeOf(from)).split('\0'))
    expect((await gitops.files())[`${folder}/release.json`]).toBe('{}')
  })

  test('restores from a commit that never held the folder is a fault', async () => {
    const gitops = await writerPlace()
    const from = await gitops.writer.tip()
    const restore = change({ kind: 'restore', folder, from, files: new Map() })
    await expect(commit(gitops, restore)).rejects.toMatchObject({ code: 'gitops_broken' })
    expect(await gitops.tipOfRemote()).toBe(from)
  })

  test('I5: touches only its own folder', async () => {
    const gitops = await writerPlace()
    const foreign = {
      'README.md': 'hello',
      'production/web.yaml': 'beside',
      'production/web-2/a.yaml': 'a neighbour',
      'staging/web/a.yaml': 'another environment',
      'production/webb/x': 'longer',
    }
    await gitops.someoneCommits(foreign)
    await gitops.writer.refresh()
    const refs = await landedRefs(
      gitops,
      put({ 'a.yaml': 'a', 'b.yaml': 'b' }),
      put({ 'c.yaml': 'c' }),
      change({ kind: 'remove', folder }),
    )
    for (const ref of refs)
      for (const path of await touched(gitops, ref)) expect(path).toMatch(/^production\/web\//)
    expect(await gitops.files()).toEqual(foreign)
  })

  test.each(['file', 'link'])(
    'I5/A12: does not take away a %s that stands where its environment’s folder should',
    async (kind) => {
      const gitops = await writerPlace()
      await gitops.checkOut()
      if (kind === 'file') await putFiles(gitops.tree, { production: 'someone’s notes' })
      else await someonesGit(gitops.tree, 'config', 'core.symlinks', 'true')
      if (kind === 'link') {
        await symlink('elsewhere', join(gitops.tree, 'production'))
      }
      await someonesGit(gitops.tree, 'add', '--all')
      await someonesGit(gitops.tree, 'commit', '-m', 'by hand')
      await someonesGit(gitops.tree, 'push', 'origin', 'HEAD:main')
      await gitops.writer.refresh()
      const before = await gitops.tipOfRemote()
      const ours = {
        ...put({ 'a.yaml': 'a' }),
        change: { ...put({ 'a.yaml': 'a' }).change, folder: 'staging/web' },
      }
      const tip = await gitops.writer.tip()
      const result = await gitops.writer.commit(tip, [ours, put({ 'a.yaml': 'a' })], nothing)
      expect(result).toMatchObject({
        kind: 'blocked',
        at: 1,
        reason: expect.stringContaining('below production'),
      })
      expect(await gitops.tipOfRemote()).toBe(before)
    },
  )

  test('F30: is not pushed when what it was decided on has changed', async () => {
    const gitops = await writerPlace()
    const before = await gitops.writer.tip()
    const no = () => Promise.resolve(false)
    expect(await gitops.writer.commit(before, [put({ a: '1' })], no)).toEqual({ kind: 'moved' })
    expect(await gitops.tipOfRemote()).toBe(before)
  })

  test('lands with others in one push, in order', async () => {
    const gitops = await writerPlace()
    const told: string[][] = []
    const tip = await gitops.writer.tip()
    const result = await gitops.writer.commit(
      tip,
      [put({ a: '1' }, { message: 'one\n' }), put({ a: '2' }, { message: 'two\n' })],
      async (refs) => {
        told.push([...refs])
        expect(await gitops.tipOfRemote()).toBe(tip)
        return true
      },
    )
    expect(await gitops.log('--reverse')).toEqual(['The GitOps repository begins', 'one', 'two'])
    expect(result).toEqual({ kind: 'landed', refs: told[0] })
    expect(told).toHaveLength(1)
    expect(await gitops.writer.tip()).toBe(told[0]?.[1])
  })

  test('of nothing lands nowhere', async () => {
    const gitops = await writerPlace()
    expect(await commit(gitops)).toEqual({ kind: 'landed', refs: [] })
  })

  test('F5: is not pushed when it cannot be kept beforehand', async () => {
    const gitops = await writerPlace()
    const tip = await gitops.writer.tip()
    const full = () => Promise.reject(new Error('disk full'))
    await expect(gitops.writer.commit(tip, [put({ a: '1' })], full)).rejects.toThrow('disk full')
    expect(await gitops.tipOfRemote()).toBe(tip)
    expect((await commit(gitops, put({ a: '2' }))).kind).toBe('landed')
    expect(await gitops.log()).toHaveLength(2)
  })

  test('previews what it would change and pushes nothing', async () => {
    const gitops = await writerPlace()
    await commit(gitops, put({ 'a.yaml': 'old\n' }))
    const tip = await gitops.writer.tip()
    const diff = await gitops.writer.preview(tip, put({ 'a.yaml': 'new\n' }))
    expect(diff).toContain('--- a/production/web/a.yaml')
    expect(diff).toContain('-old\n+new')
    expect(await gitops.tipOfRemote()).toBe(tip)
  })

  test('carries the time it was asked for and nobody’s name but the server’s', async () => {
    const gitops = await writerPlace()
    const [ref = ''] = await landedRefs(gitops, put({ a: '1' }))
    const format = '--format=%an <%ae> %at / %cn <%ce> %ct'
    const who = 'Gimlet <gimlet@localhost> 1700000000'
    expect((await someonesGit(gitops.remote, 'log', '-1', format, ref)).trim()).toBe(
      `${who} / ${who}`,
    )
  })
})

describe('A18: a message stays a message', () => {
  test.each([
    { name: 'with commands of fast-import', message: 'x\n\ndata 5\nhello\nD README.md\ndone\n' },
    { name: 'with a delimiter', message: 'data <<EOT\nEOT\nreset refs/heads/main\n' },
    { name: 'with more bytes than characters', message: 'ünï 𝕏 — “quoted”\n' },
    { name: 'with half a character', message: 'half \ud800 of it\n' },
    { name: 'without an end of line', message: 'short' },
    { name: 'that is empty', message: '' },
    { name: 'that is long', message: `${'long '.repeat(20_000)}\n` },
  ])('$name', async ({ message }) => {
    const gitops = await writerPlace()
    await gitops.someoneCommits({ 'README.md': 'hello' })
    await gitops.writer.refresh()
    const refs = () => someonesGit(gitops.remote, 'for-each-ref', '--format=%(refname)')
    const before = await refs()
    const hostile = { 'data 5': message, 'done.yaml': 'done\ndone\n' }
    const [ref = ''] = await landedRefs(gitops, put(hostile, { message }))
    const stored = await someonesGit(gitops.remote, 'cat-file', 'commit', ref)
    const wellFormed = Buffer.from(message).toString('utf8')
    expect(stored.slice(stored.indexOf('\n\n') + 2)).toBe(wellFormed)
    expect(await gitops.files()).toEqual({
      'README.md': 'hello',
      [`${folder}/data 5`]: wellFormed,
      [`${folder}/done.yaml`]: 'done\ndone\n',
    })
    expect(await refs()).toBe(before)
  })
})

describe('somebody else', () => {
  test('F8: who commits in between is told as moved, and never lost', async () => {
    const gitops = await writerPlace()
    const tip = await gitops.writer.tip()
    await gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    expect(await gitops.writer.commit(tip, [put({ a: '1' })], nothing)).toEqual({ kind: 'moved' })
    expect(await gitops.log()).toEqual(['theirs', 'The GitOps repository begins'])
    expect(await gitops.writer.tip()).toBe(await gitops.tipOfRemote())
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    expect(await gitops.files()).toEqual({ 'README.md': 'hello', 'production/web/a': '1' })
  })

  test('F8: who comes first between the check and the push is told as moved', async () => {
    const gitops = await writerPlace()
    const tip = await gitops.writer.tip()
    const late = () => gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs').then(() => true)
    expect(await gitops.writer.commit(tip, [put({ a: '1' })], late)).toEqual({ kind: 'moved' })
    expect(await gitops.log()).toEqual(['theirs', 'The GitOps repository begins'])
  })

  test('F8: two servers that write at once lose nothing', async () => {
    const gitops = await writerPlace()
    const write = async (writer: GitopsWriter, name: string) => {
      for (let at = 0; at < 4; at++) {
        const own = `${name}/app-${at}`
        const planned = change({ kind: 'replace', folder: own, files: new Map([['a', own]]) })
        for (;;)
          if ((await writer.commit(await writer.tip(), [planned], nothing)).kind === 'landed') break
      }
    }
    await Promise.all([write(gitops.writer, 'one'), write(await gitops.another(), 'two')])
    expect(Object.keys(await gitops.files())).toHaveLength(8)
    expect(await gitops.log()).toHaveLength(9)
    expect(await gitops.log('--merges')).toEqual([])
  })

  test.each([
    { name: 'rewound', rewrite: ['update-ref', 'refs/heads/main', 'main~1'] },
    { name: 'rewritten', rewrite: null },
  ])('F27: who has the branch $name stops the server, and nothing is pushed', async (given) => {
    const gitops = await writerPlace()
    await commit(gitops, put({ a: 'bad' }))
    const tip = await gitops.writer.tip()
    if (given.rewrite) await someonesGit(gitops.remote, ...given.rewrite)
    else {
      await gitops.checkOut()
      await someonesGit(gitops.tree, 'commit', '--amend', '-m', 'rewritten')
      await someonesGit(gitops.tree, 'push', '--force', 'origin', 'HEAD:main')
    }
    const rewound = await gitops.tipOfRemote()
    const result = gitops.writer.commit(tip, [put({ a: '2' })], nothing)
    await expect(result).rejects.toMatchObject({ code: 'gitops_rewound' })
    await expect(gitops.writer.refresh()).rejects.toMatchObject({ code: 'gitops_rewound' })
    await expect(gitops.writer.check()).rejects.toMatchObject({ code: 'gitops_rewound' })
    expect(await gitops.tipOfRemote()).toBe(rewound)
  })

  test('F27: who rewinds what the server pushed last is noticed by the next start, too', async () => {
    const gitops = await writerPlace()
    await commit(gitops, put({ a: 'good' }))
    await commit(gitops, put({ a: 'bad' }))
    await someonesGit(gitops.remote, 'update-ref', 'refs/heads/main', 'main~1')
    await expect(gitops.restarted().tip()).rejects.toMatchObject({ code: 'gitops_rewound' })
  })

  test('F27: who puts the branch back lets the server go on', async () => {
    const gitops = await writerPlace()
    await commit(gitops, put({ a: '1' }))
    const tip = await gitops.writer.tip()
    await someonesGit(gitops.remote, 'update-ref', 'refs/heads/main', 'main~1')
    await expect(gitops.writer.refresh()).rejects.toThrow()
    await someonesGit(gitops.remote, 'update-ref', 'refs/heads/main', tip)
    await expect(gitops.writer.refresh()).resolves.toBe(tip)
    await expect(gitops.writer.check()).resolves.toBeUndefined()
  })
})

describe('a push', () => {
  test('F7: that landed but whose answer was lost is landed', async () => {
    const gitops = await writerPlace()
    await gitops.host.losesAnswer()
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    expect(await gitops.tipOfRemote()).toBe(await gitops.writer.tip())
  })

  test('F7: whose connection died before it landed is not landed', async () => {
    const gitops = await writerPlace()
    const tip = await gitops.writer.tip()
    const heal = await gitops.host.dies()
    await expect(commit(gitops, put({ a: '1' }))).rejects.toMatchObject({ name: 'Fault' })
    expect(await gitops.tipOfRemote()).toBe(tip)
    await heal()
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    expect(await gitops.log()).toHaveLength(2)
  })

  test('F8/F7: that landed with another one on top of it is landed', async () => {
    const gitops = await writerPlace()
    await gitops.host.losesAnswerBehindAnother()
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    await expect.poll(async () => (await gitops.log())[0]).toBe('theirs')
  })

  test('F28: that a rule of the host refuses is told with the host’s words', async () => {
    const gitops = await writerPlace()
    const tip = await gitops.writer.tip()
    await gitops.host.refuses('GH013: branch is protected')
    expect(await commit(gitops, put({ a: '1' }))).toEqual({
      kind: 'refused',
      reason: expect.stringContaining('GH013: branch is protected'),
    })
    expect(await gitops.tipOfRemote()).toBe(tip)
  })

  test('F10: to a host that is gone is a fault, and works when it is back', async () => {
    const gitops = await writerPlace()
    const tip = await gitops.writer.tip()
    await gitops.host.goesAway()
    const gone = { code: 'gitops_unreachable' }
    await expect(gitops.writer.commit(tip, [put({ a: '1' })], nothing)).rejects.toMatchObject(gone)
    await expect(gitops.writer.refresh()).rejects.toMatchObject(gone)
    await expect(gitops.writer.check()).rejects.toMatchObject(gone)
    await gitops.host.comesBack()
    await gitops.writer.refresh()
    await expect(gitops.writer.check()).resolves.toBeUndefined()
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
  })
})

describe('what the branch holds', () => {
  test('F6: is told of commits that landed, that were lost and that never were', async () => {
    const gitops = await writerPlace()
    const refs = await landedRefs(gitops, put({ a: '1' }), put({ a: '2' }))
    let lost: readonly string[] = []
    await gitops.writer.commit(await gitops.writer.tip(), [put({ a: '3' })], async (built) => {
      lost = built
      return false
    })
    const never = 'f'.repeat(40)
    expect(await gitops.writer.landed([...refs, ...lost, never])).toEqual(new Set(refs))
    expect(await gitops.writer.landed(lost)).toEqual(new Set())
    const [first = '', second = ''] = refs
    expect(await gitops.writer.within(first, [first, second])).toEqual(new Set([first]))
    expect(await gitops.writer.within(second, refs)).toEqual(new Set(refs))
    expect(await gitops.writer.within(lost[0] ?? '', refs)).toEqual(new Set())
  })

  test('is where the server stands, also right after a start', async () => {
    const gitops = await writerPlace()
    const [ref = ''] = await landedRefs(gitops, put({ a: '1' }))
    expect(await gitops.restarted().lastTip()).toBe(ref)
    const { url, branch, tip, halt } = await gitops.restarted().state()
    expect({ url, branch, tip, halt }).toEqual({ url: gitops.remote, branch: 'main', tip: ref, halt: null }) // biome-ignore format: one value
  })

  test('is shown as what a commit changed, without what only the server writes', async () => {
    const gitops = await writerPlace()
    const [ref = ''] = await landedRefs(gitops, put({ 'a.yaml': 'a\n', 'release.json': '{}\n' }))
    const shown = await gitops.writer.changes(ref)
    expect(shown).toContain('+++ b/production/web/a.yaml')
    expect(shown).not.toContain('release.json')
    expect(await gitops.writer.changes('f'.repeat(40))).toBe('')
  })

  test('F27: is taken for right when a person has seen it, and only then', async () => {
    const gitops = await writerPlace()
    await commit(gitops, put({ a: '1' }))
    await someonesGit(gitops.remote, 'update-ref', 'refs/heads/main', 'main~1')
    await expect(gitops.writer.refresh()).rejects.toMatchObject({ code: 'gitops_rewound' })
    const [seenTip, foundTip] = [await gitops.writer.lastTip(), await gitops.tipOfRemote()]
    expect(await gitops.writer.state()).toMatchObject({ halt: { seenTip, foundTip } })
    const no = await gitops.writer.resume({ tip: seenTip, by: 'alice' })
    expect(no).toMatchObject({ kind: 'refusal', message: expect.stringContaining(foundTip) })
    expect(await gitops.writer.resume({ tip: foundTip, by: 'alice' })).toBe(foundTip)
    expect(await gitops.writer.state()).toMatchObject({ tip: foundTip, halt: null })
    expect((await commit(gitops, put({ a: '2' }))).kind).toBe('landed')
  })
})
