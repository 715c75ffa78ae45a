import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { PlannedCommit } from '../../src/domain/change.ts'
import { createRepository, openClone } from '../../src/gitops/clone.ts'
import { readFolder } from '../../src/gitops/sources.ts'
import { newWriter, someonesGit, type TempGitops, tempFolder, tempGitops } from '../support/temp.ts'

const put = (content: string): PlannedCommit => ({
  change: { kind: 'replace', folder: 'production/web', files: new Map([['a.yaml', content]]) },
  message: 'a release\n',
  unix: 1_700_000_000,
})
const yes = () => Promise.resolve(true)

/** What the loop waits for without counting it against the event. */
const passing = ['clone_broken', 'gitops_unreachable', 'gitops_rewound']

/** Releases as the loop does: what passes is tried again, anything else would set the event aside. */
async function release({ writer }: TempGitops, content: string): Promise<number> {
  for (let attempt = 1; attempt <= 4; attempt++)
    try {
      const result = await writer.commit(await writer.tip(), [put(content)], yes)
      if (result.kind === 'landed') return attempt
    } catch (error) {
      const { code } = error as { code: string }
      if (!passing.includes(code)) throw error
    }
  throw new Error('it does not land')
}

async function filesOf(folder: string, fits: RegExp): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true })
  return all
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .filter((path) => fits.test(path))
}

async function flip(path: string) {
  const bytes = await readFile(path)
  for (let at = 12; at < bytes.length; at += 7) bytes[at] = (bytes[at] ?? 0) ^ 0xff
  if (bytes.length <= 12) bytes.fill(0x41)
  await chmod(path, 0o600)
  await writeFile(path, bytes)
}

/** A server that has released twice, with neighbours in the repository. */
async function running(given: { packed?: boolean } = {}) {
  const gitops = await tempGitops()
  await gitops.someoneCommits({
    'production/other/a.yaml': 'other',
    'production/web/a.yaml': 'first',
    'policies/a.json': '{"a": 1}',
  })
  await gitops.writer.refresh()
  await release(gitops, 'one')
  await release(gitops, 'two')
  if (given.packed) await someonesGit(gitops.cloneFolder, 'repack', '-a', '-d', '--quiet')
  else await unpack(gitops.cloneFolder)
  return gitops
}

/** Lays each object of the packs as a file of its own. */
async function unpack(clone: string) {
  for (const pack of await filesOf(clone, /\.pack$/)) {
    const moved = join(clone, 'moved.pack')
    await rename(pack, moved)
    await rm(pack.replace(/pack$/, 'idx'))
    execFileSync('git', ['unpack-objects', '-q'], { cwd: clone, input: readFileSync(moved) })
    await rm(moved)
  }
}

describe('F13: while the server runs, the next release lands and nobody is asked, after', () => {
  test.each([
    { name: 'bytes were flipped in every object', packed: false, fits: /objects\/[0-9a-f]{2}\// },
    { name: 'bytes were flipped in every pack', packed: true, fits: /\.pack$/ },
    { name: 'bytes were flipped in the index of every pack', packed: true, fits: /\.idx$/ },
    { name: 'bytes were flipped in the tip that was seen', packed: false, fits: /gimlet\/remote$/ },
    { name: 'bytes were flipped in HEAD', packed: false, fits: /HEAD$/ },
  ])('$name', async ({ packed, fits }) => {
    const gitops = await running({ packed })
    const paths = await filesOf(gitops.cloneFolder, fits)
    expect(paths).not.toEqual([])
    for (const path of paths) await flip(path)
    await release(gitops, 'three')
    expect(await gitops.log()).toHaveLength(5)
    expect((await gitops.files())['production/web/a.yaml']).toBe('three')
    expect((await gitops.files())['production/other/a.yaml']).toBe('other')
  })

  test('packed-refs became garbage', async () => {
    const gitops = await running()
    await someonesGit(gitops.cloneFolder, 'pack-refs', '--all')
    await writeFile(join(gitops.cloneFolder, 'packed-refs'), 'garbage \u0000 of a disk\n'.repeat(9))
    await release(gitops, 'three')
    expect(await gitops.log()).toHaveLength(5)
  })

  test.each(['its folder was deleted', 'its objects were deleted'])('%s', async (what) => {
    const gitops = await running()
    const gone = what === 'its folder was deleted' ? '.' : 'objects'
    await rm(join(gitops.cloneFolder, gone), { recursive: true })
    await release(gitops, 'three')
    expect(await gitops.log()).toHaveLength(5)
  })

  test('it broke between the build and the push', async () => {
    const gitops = await running()
    const breaking = async () => {
      await rm(gitops.cloneFolder, { recursive: true })
      return true
    }
    const lost = gitops.writer.commit(await gitops.writer.tip(), [put('three')], breaking)
    await expect(lost).rejects.toMatchObject({ code: 'clone_broken' })
    await release(gitops, 'three')
    expect(await gitops.log()).toHaveLength(5)
  })

  test('one file of the policies broke, which only those who read it notice', async () => {
    const gitops = await running()
    const tip = await gitops.writer.tip()
    const id = (await someonesGit(gitops.remote, 'rev-parse', 'main:policies/a.json')).trim()
    await flip(join(gitops.cloneFolder, 'objects', id.slice(0, 2), id.slice(2)))
    const files = await readFolder(gitops.git)(tip, 'policies', /json$/)
    expect([...files]).toEqual([['a.json', '{"a": 1}']])
  })

  test('several at once found it broken: it is made anew once', async () => {
    const gitops = await running()
    const tip = await gitops.writer.tip()
    await rm(gitops.cloneFolder, { recursive: true })
    const looks = ['policies', 'production/web', 'production/other'].map((folder) =>
      readFolder(gitops.git)(tip, folder, /./),
    )
    expect((await Promise.all(looks)).map(({ size }) => size)).toEqual([1, 1, 1])
    expect(readdirSync(gitops.folder).filter((name) => /new$|broken$/.test(name))).toEqual([])
  })

  test('the git host was away as well: it waits for the host, and goes on', async () => {
    const gitops = await running()
    await rm(gitops.cloneFolder, { recursive: true })
    await rename(gitops.remote, `${gitops.remote}.away`)
    const tip = await gitops.writer.tip()
    const waits = { code: 'clone_broken' }
    await expect(gitops.writer.commit(tip, [put('x')], yes)).rejects.toMatchObject(waits)
    await expect(gitops.writer.refresh()).rejects.toMatchObject(waits)
    await rename(`${gitops.remote}.away`, gitops.remote)
    await release(gitops, 'three')
    expect(await gitops.log()).toHaveLength(5)
  })
})

describe('F13: a clone that stays sound', () => {
  test.each([
    { name: 'is asked for what is not there', args: ['rev-parse', '--verify', 'refs/heads/none'] },
    { name: 'is asked for a commit that nobody has', args: ['rev-list', '1'.repeat(40)] },
    { name: 'cannot be fetched to', args: ['fetch', 'origin', 'refs/heads/none'] },
  ])('is kept when it $name', async ({ args }) => {
    const gitops = await running()
    const { ino } = await stat(gitops.cloneFolder)
    for (let time = 0; time < 3; time++) await expect(gitops.git(args)).rejects.toThrow()
    expect((await stat(gitops.cloneFolder)).ino).toBe(ino)
  })
})

describe('F13/F27: what was seen outlives the clone, so a rewind', () => {
  /** The branch goes back by one while the clone is broken. */
  async function rewound() {
    const gitops = await running()
    const seen = await gitops.tipOfRemote()
    await gitops.git.memory?.kept()
    await someonesGit(gitops.remote, 'update-ref', 'refs/heads/main', 'main~1')
    await someonesGit(gitops.remote, 'reflog', 'expire', '--expire=now', '--all')
    await someonesGit(gitops.remote, 'gc', '--prune=now', '--quiet')
    await rm(gitops.cloneFolder, { recursive: true })
    return { ...gitops, seen, found: await gitops.tipOfRemote() }
  }
  const halted = { code: 'gitops_rewound' }

  test('while the server runs is noticed, and nothing is pushed', async () => {
    const gitops = await rewound()
    for (let time = 0; time < 3; time++) {
      const commit = gitops.writer.tip().then((tip) => gitops.writer.commit(tip, [put('x')], yes))
      await expect(commit).rejects.toMatchObject(halted)
    }
    const { halt } = await gitops.writer.state()
    expect(halt).toMatchObject({ seenTip: gitops.seen, foundTip: gitops.found })
    expect(await gitops.tipOfRemote()).toBe(gitops.found)
  })

  test('while the server was stopped is noticed by the next start', async () => {
    const gitops = await rewound()
    const remote = { url: gitops.remote, branch: 'main' }
    const git = await openClone(gitops.cloneFolder, remote, process.env)
    const writer = newWriter(git, gitops.remote)
    await expect(writer.refresh()).rejects.toMatchObject(halted)
    await expect(writer.refresh()).rejects.toMatchObject(halted)
    await expect(writer.lastTip()).rejects.toMatchObject(halted)
    expect((await writer.state()).halt).toMatchObject({ seenTip: gitops.seen })
  })

  test('of another repository that is configured now is none', async () => {
    const gitops = await running()
    const other = await tempGitops()
    const remote = { url: other.remote, branch: 'main' }
    const git = await openClone(gitops.cloneFolder, remote, process.env)
    const writer = newWriter(git, other.remote)
    expect(await writer.refresh()).toBe(await other.tipOfRemote())
  })
})

describe('F12: a clone that was', () => {
  test.each([
    { name: 'killed before its first fetch ended', files: { 'objects/pack/tmp_pack_x': 'half' } },
    { name: 'left while it was made anew', files: { '../clone.git.new/objects/x': 'half' } },
  ])('$name is made anew at the next start', async ({ files }) => {
    const folder = await tempFolder()
    const { remote } = await tempGitops()
    const place = join(folder, 'clone.git')
    const first = await openClone(place, { url: remote, branch: 'main' }, process.env)
    await first(['rev-parse', '--is-bare-repository'])
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(place, path, '..'), { recursive: true })
      await writeFile(join(place, path), text)
    }
    const git = await openClone(place, { url: remote, branch: 'main' }, process.env)
    const writer = newWriter(git, remote)
    expect((await writer.commit(await writer.tip(), [put('x')], yes)).kind).toBe('landed')
    expect(await filesOf(folder, /tmp_|clone\.git\.new/)).toEqual([])
  })

  test('left with the .keep files and reports of dead builds is swept', async () => {
    const gitops = await running({ packed: true })
    const [pack = ''] = await filesOf(gitops.cloneFolder, /\.pack$/)
    await writeFile(pack.replace(/pack$/, 'keep'), 'fast-import 1')
    await writeFile(join(gitops.cloneFolder, 'fast_import_crash_1'), 'a report')
    await openClone(gitops.cloneFolder, { url: gitops.remote, branch: 'main' }, process.env)
    expect(await filesOf(gitops.cloneFolder, /\.keep$|crash/)).toEqual([])
  })
})

test.each(['clone', 'local repository'])(
  'F12: a lock that a killed git left in the %s while the server ran, or before, is taken away',
  async (where) => {
    const gitops = await running()
    const isClone = where === 'clone'
    const lock = join(
      isClone ? gitops.cloneFolder : gitops.remote,
      isClone ? 'refs/gimlet/remote.lock' : 'refs/heads/main.lock',
    )
    await writeFile(lock, '')
    const hourAgo = Date.now() / 1000 - 3_600
    await utimes(lock, hourAgo, hourAgo)
    if (isClone) await gitops.someoneCommits({ b: '1' })
    else await createRepository(gitops.remote, 'main', process.env)
    await gitops.writer.refresh()
    await release(gitops, 'three')
    await expect(stat(lock)).rejects.toThrow()
  },
)

const canMount = process.getuid?.() === 0 && readFileSync('/proc/filesystems', 'utf8').includes('tmpfs') // biome-ignore format: one line

test.skipIf(!canMount)('F13: a disk that is full while it builds is waited for', async () => {
  const gitops = await running()
  const disk = await tempFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', disk])
  onTestFinished(() => void execFileSync('umount', ['-l', disk]))
  const remote = { url: gitops.remote, branch: 'main' }
  const git = await openClone(join(disk, 'clone.git'), remote, process.env)
  const server = { ...gitops, writer: newWriter(git, gitops.remote) }
  await release(server, 'three')
  await writeFile(join(disk, 'filler'), Buffer.alloc(4 << 20)).catch(() => undefined)
  const full = server.writer.commit(await server.writer.tip(), [put('x'.repeat(99_999))], yes)
  await expect(full).rejects.toMatchObject({ code: 'clone_broken' })
  await expect(full).rejects.toThrow('make room')
  await rm(join(disk, 'filler'))
  await release(server, 'four')
  expect(await gitops.log()).toHaveLength(6)
})
