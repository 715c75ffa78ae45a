import { chmod, readdir, readFile, rename, rm, stat, symlink, truncate } from 'node:fs/promises'
import { createServer } from 'node:http'
import { delimiter, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { FolderChange, PlannedCommit } from '../../src/domain/change.ts'
import { openClone } from '../../src/gitops/clone.ts'
import { LocalWriter } from '../../src/gitops/local.ts'
import {
  newWriter,
  putFiles,
  putScript,
  someonesGit,
  type TempGitops,
  tempFolder,
  tempGitops,
} from '../support/temp.ts'

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
async function commit(gitops: TempGitops, ...commits: readonly PlannedCommit[]) {
  return gitops.writer.commit(await gitops.writer.tip(), commits, nothing)
}

async function landedRefs(gitops: TempGitops, ...commits: readonly PlannedCommit[]) {
  const result = await commit(gitops, ...commits)
  if (result.kind !== 'landed') throw new Error(result.kind)
  return result.refs
}

const touched = async ({ remote }: TempGitops, ref: string) =>
  (await someonesGit(remote, 'show', '--format=', '--name-only', ref)).split('\n').filter(Boolean)

describe('a commit', () => {
  test('replaces the whole folder: no stale file stays', async () => {
    const gitops = await tempGitops()
    await commit(gitops, put({ 'old.yaml': 'old', 'same.yaml': 'one' }))
    await commit(gitops, put({ 'same.yaml': 'two', 'new.yaml': 'new' }))
    expect(await gitops.files()).toEqual({
      'production/web/same.yaml': 'two',
      'production/web/new.yaml': 'new',
    })
  })

  test('removes the folder and leaves no empty one', async () => {
    const gitops = await tempGitops()
    await commit(gitops, put({ 'a.yaml': 'a' }))
    await commit(gitops, change({ kind: 'remove', folder }))
    expect(await gitops.files()).toEqual({})
    expect(await someonesGit(gitops.remote, 'ls-tree', 'main')).toBe('')
  })

  test('restores the folder byte for byte, whatever someone put there', async () => {
    const gitops = await tempGitops()
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
    const gitops = await tempGitops()
    const from = await gitops.writer.tip()
    const restore = change({ kind: 'restore', folder, from, files: new Map() })
    await expect(commit(gitops, restore)).rejects.toMatchObject({ code: 'gitops_broken' })
    expect(await gitops.tipOfRemote()).toBe(from)
  })

  test('I5: touches only its own folder', async () => {
    const gitops = await tempGitops()
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
      const gitops = await tempGitops()
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
    const gitops = await tempGitops()
    const before = await gitops.writer.tip()
    const no = () => Promise.resolve(false)
    expect(await gitops.writer.commit(before, [put({ a: '1' })], no)).toEqual({ kind: 'moved' })
    expect(await gitops.tipOfRemote()).toBe(before)
  })

  test('lands with others in one push, in order', async () => {
    const gitops = await tempGitops()
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
    const gitops = await tempGitops()
    expect(await commit(gitops)).toEqual({ kind: 'landed', refs: [] })
  })

  test('F5: is not pushed when it cannot be kept beforehand', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    const full = () => Promise.reject(new Error('disk full'))
    await expect(gitops.writer.commit(tip, [put({ a: '1' })], full)).rejects.toThrow('disk full')
    expect(await gitops.tipOfRemote()).toBe(tip)
    expect((await commit(gitops, put({ a: '2' }))).kind).toBe('landed')
    expect(await gitops.log()).toHaveLength(2)
  })

  test('previews what it would change and pushes nothing', async () => {
    const gitops = await tempGitops()
    await commit(gitops, put({ 'a.yaml': 'old\n' }))
    const tip = await gitops.writer.tip()
    const diff = await gitops.writer.preview(tip, put({ 'a.yaml': 'new\n' }))
    expect(diff).toContain('--- a/production/web/a.yaml')
    expect(diff).toContain('-old\n+new')
    expect(await gitops.tipOfRemote()).toBe(tip)
  })

  test('carries the time it was asked for and nobody’s name but the server’s', async () => {
    const gitops = await tempGitops()
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
    const gitops = await tempGitops()
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
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    await gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    expect(await gitops.writer.commit(tip, [put({ a: '1' })], nothing)).toEqual({ kind: 'moved' })
    expect(await gitops.log()).toEqual(['theirs', 'The GitOps repository begins'])
    expect(await gitops.writer.tip()).toBe(await gitops.tipOfRemote())
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    expect(await gitops.files()).toEqual({ 'README.md': 'hello', 'production/web/a': '1' })
  })

  test('F8: who comes first between the check and the push is told as moved', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    const late = () => gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs').then(() => true)
    expect(await gitops.writer.commit(tip, [put({ a: '1' })], late)).toEqual({ kind: 'moved' })
    expect(await gitops.log()).toEqual(['theirs', 'The GitOps repository begins'])
  })

  test('F8: two servers that write at once lose nothing', async () => {
    const gitops = await tempGitops()
    const { remote } = gitops
    const other = await openClone(join(gitops.folder, 'other.git'), { url: remote, branch: 'main' }, process.env) // biome-ignore format: one call
    const write = async (writer: LocalWriter, name: string) => {
      for (let at = 0; at < 4; at++) {
        const own = `${name}/app-${at}`
        const planned = change({ kind: 'replace', folder: own, files: new Map([['a', own]]) })
        for (;;)
          if ((await writer.commit(await writer.tip(), [planned], nothing)).kind === 'landed') break
      }
    }
    await Promise.all([
      write(gitops.writer, 'one'),
      write(newWriter(other, remote, join(gitops.folder, 'other.git')), 'two'),
    ])
    expect(Object.keys(await gitops.files())).toHaveLength(8)
    expect(await gitops.log()).toHaveLength(9)
    expect(await gitops.log('--merges')).toEqual([])
  })

  test.each([
    { name: 'rewound', rewrite: ['update-ref', 'refs/heads/main', 'main~1'] },
    { name: 'rewritten', rewrite: null },
  ])('F27: who has the branch $name stops the server, and nothing is pushed', async (given) => {
    const gitops = await tempGitops()
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
    const gitops = await tempGitops()
    await commit(gitops, put({ a: 'good' }))
    await commit(gitops, put({ a: 'bad' }))
    await someonesGit(gitops.remote, 'update-ref', 'refs/heads/main', 'main~1')
    const restarted = newWriter(gitops.git, gitops.remote, gitops.cloneFolder)
    await expect(restarted.tip()).rejects.toMatchObject({ code: 'gitops_rewound' })
  })

  test('F27: who moves on while the clone cannot be written has rewound nothing', async () => {
    const gitops = await tempGitops()
    await commit(gitops, put({ a: '1' }))
    await gitops.someoneCommits({ b: '2' })
    await putFiles(gitops.cloneFolder, { 'refs/gimlet/remote.lock': '' })
    await expect(gitops.writer.refresh()).rejects.toMatchObject({ code: 'gitops_unreachable' })
    await rm(join(gitops.cloneFolder, 'refs/gimlet/remote.lock'))
    await expect(gitops.writer.refresh()).resolves.toBe(await gitops.tipOfRemote())
  })

  test('F27: who puts the branch back lets the server go on', async () => {
    const gitops = await tempGitops()
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
    const gitops = await tempGitops()
    const hook = '#!/bin/sh\nkill -9 $PPID\n'
    await putScript(gitops.remote, 'hooks/post-update', hook)
    await putScript(gitops.remote, 'hooks/post-receive', hook)
    const result = await commit(gitops, put({ a: '1' }))
    expect(result.kind).toBe('landed')
    expect(await gitops.tipOfRemote()).toBe(await gitops.writer.tip())
  })

  test('F7: whose connection died before it landed is not landed', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    await putScript(gitops.remote, 'hooks/pre-receive', '#!/bin/sh\nkill -9 $PPID\n')
    await expect(commit(gitops, put({ a: '1' }))).rejects.toMatchObject({ name: 'Fault' })
    expect(await gitops.tipOfRemote()).toBe(tip)
    await rm(join(gitops.remote, 'hooks/pre-receive'))
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    expect(await gitops.log()).toHaveLength(2)
  })

  test('F8/F7: that landed with another one on top of it is landed', async () => {
    const gitops = await tempGitops()
    await gitops.checkOut()
    // The answer is lost, and before the server looks somebody has committed on top.
    await putScript(
      gitops.remote,
      'hooks/post-receive',
      `#!/bin/sh
rm hooks/post-receive
tree=$(git rev-parse main^{tree})
git update-ref refs/heads/main $(GIT_AUTHOR_NAME=S GIT_AUTHOR_EMAIL=s@s GIT_COMMITTER_NAME=S GIT_COMMITTER_EMAIL=s@s git commit-tree -p main -m theirs $tree)
kill -9 $PPID
`,
    )
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    await expect.poll(async () => (await gitops.log())[0]).toBe('theirs')
  })

  test('F28: that a hook refuses is told with the hook’s words', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    const script = '#!/bin/sh\necho "GH013: branch is protected" >&2\nexit 1\n'
    await putScript(gitops.remote, 'hooks/pre-receive', script)
    expect(await commit(gitops, put({ a: '1' }))).toEqual({
      kind: 'refused',
      reason: expect.stringContaining('GH013: branch is protected'),
    })
    expect(await gitops.tipOfRemote()).toBe(tip)
  })

  test('F10: to a repository that is gone is a fault, and works when it is back', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    await rename(gitops.remote, `${gitops.remote}.away`)
    const gone = { code: 'gitops_unreachable' }
    await expect(gitops.writer.commit(tip, [put({ a: '1' })], nothing)).rejects.toMatchObject(gone)
    await expect(gitops.writer.refresh()).rejects.toMatchObject(gone)
    await expect(gitops.writer.check()).rejects.toMatchObject(gone)
    await rename(`${gitops.remote}.away`, gitops.remote)
    await gitops.writer.refresh()
    await expect(gitops.writer.check()).resolves.toBeUndefined()
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
  })

  test('F12: goes on after a git that was killed left its locks', async () => {
    const gitops = await tempGitops()
    await commit(gitops, put({ a: '1' }))
    const tip = await gitops.writer.tip()
    await putFiles(gitops.cloneFolder, {
      'refs/gimlet/build.lock': '',
      'refs/gimlet/seen.lock': '',
      'refs/gimlet/remote.lock': '',
    })
    const clone = { url: gitops.remote, branch: 'main' }
    const git = await openClone(gitops.cloneFolder, clone, process.env)
    const writer = newWriter(git, gitops.remote, gitops.cloneFolder)
    expect((await writer.commit(tip, [put({ a: '2' })], nothing)).kind).toBe('landed')
  })

  test.each([
    { name: 'an object', broken: /^objects\/[0-9a-f]{2}\/|\.pack$/ },
    { name: 'the tip that was seen', broken: /^refs\/gimlet\/remote$/ },
    { name: 'the tip of a build', broken: /^refs\/gimlet\/build$/ },
    { name: 'HEAD', broken: /^HEAD$/ },
  ])('F12: goes on after a power cut emptied $name of the clone', async ({ broken }) => {
    const gitops = await tempGitops()
    await commit(gitops, put({ a: '1' }))
    const paths = (await readdir(gitops.cloneFolder, { recursive: true })).filter((path) =>
      broken.test(path),
    )
    expect(paths).not.toEqual([])
    for (const path of paths) {
      await chmod(join(gitops.cloneFolder, path), 0o600)
      await truncate(join(gitops.cloneFolder, path))
    }
    const clone = { url: gitops.remote, branch: 'main' }
    const git = await openClone(gitops.cloneFolder, clone, process.env)
    const writer = newWriter(git, gitops.remote, gitops.cloneFolder)
    const result = await writer.commit(await writer.tip(), [put({ a: '2' })], nothing)
    expect(result.kind).toBe('landed')
  })

  test('F12: keeps a clone that is sound, with the tip that was seen', async () => {
    const gitops = await tempGitops()
    await commit(gitops, put({ a: '1' }))
    await someonesGit(gitops.remote, 'update-ref', 'refs/heads/main', 'main~1')
    const clone = { url: gitops.remote, branch: 'main' }
    const git = await openClone(gitops.cloneFolder, clone, process.env)
    const writer = newWriter(git, gitops.remote, gitops.cloneFolder)
    await expect(writer.refresh()).rejects.toMatchObject({ code: 'gitops_rewound' })
  })
})

describe('A16: what lies in the clone', () => {
  test('is never run', async () => {
    const gitops = await tempGitops()
    const canary = join(gitops.folder, 'canary')
    const script = `#!/bin/sh\ntouch ${canary}\n`
    const hooks = ['pre-push', 'reference-transaction', 'post-checkout', 'fsmonitor-watchman', 'update', 'pre-receive', 'post-update', 'pre-auto-gc'] // biome-ignore format: one list
    for (const hook of hooks) await putScript(gitops.cloneFolder, `hooks/${hook}`, script)
    await gitops.someoneCommits({
      '.gitattributes': '* filter=evil diff=evil\n',
      '.gitmodules': '[submodule "x"]\n  path = x\n  url = ext::sh -c touch% /tmp/canary\n',
      'hooks/pre-push': script,
    })
    await gitops.writer.refresh()
    await gitops.writer.preview(await gitops.writer.tip(), put({ a: '1' }))
    expect((await commit(gitops, put({ a: '1' }))).kind).toBe('landed')
    await expect(readFile(canary)).rejects.toThrow()
  })
})

describe('A15/A28: the token', () => {
  /** A git that writes down how it was called, and a host that lets nobody in. */
  async function recorded(token: string) {
    const folder = await tempFolder()
    const record = join(folder, 'record')
    const real = (await someonesGit(folder, '--exec-path')).trim()
    await putScript(
      folder,
      'bin/git',
      `#!/bin/sh\nprintf '%s\\n' "$@" >>${record}\nenv >>${record}\nPATH="$(echo "$PATH" | cut -d: -f2-)" exec ${real}/git "$@"\n`,
    )
    const asked: string[] = []
    const host = createServer((request, response) => {
      asked.push(request.headers.authorization ?? '')
      response.writeHead(403).end('no')
    })
    await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
    onTestFinished(() => void host.close())
    const address = host.address()
    const port = typeof address === 'object' ? address?.port : 0
    const remote = { url: `http://127.0.0.1:${port}/gitops.git`, branch: 'main', token }
    const environment = {
      ...process.env,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
      GITOPS_TOKEN: token,
      WEBHOOK_SECRET: 'canary-of-the-environment',
    }
    const git = await openClone(join(folder, 'clone.git'), remote, environment)
    return { git, record, asked, writer: new LocalWriter(git, remote), folder, remote }
  }

  test('reaches the host, and stands in no argument, environment or error', async () => {
    const token = 'canary-token-0123456789'
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
    const { record, asked, writer } = await recorded(token)
    const error: unknown = await writer.refresh().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'gitops_forbidden' })
    expect(asked).toContain(`Basic ${basic}`)
    const cause = (error as Error).cause as Error & { stderr: string }
    const told = [await readFile(record, 'utf8'), String(error), String(cause), cause.stderr]
    expect(told[0]).toContain('fetch')
    for (const text of told)
      for (const secret of [token, basic, 'canary-of-the-environment'])
        expect(text).not.toContain(secret)
  })

  test('lies in a file that only the server may read, also when the clone is older', async () => {
    const { folder, remote } = await recorded('canary-token-0123456789')
    const config = join(folder, 'clone.git', 'config')
    expect((await stat(config)).mode & 0o777).toBe(0o600)
    await chmod(config, 0o644)
    await openClone(join(folder, 'clone.git'), remote, process.env)
    expect((await stat(config)).mode & 0o777).toBe(0o600)
  })
})

test.each(['/srv/gitops.git', 'ssh://git@host/gitops.git', 'git@host:gitops.git'])(
  'a token is for hosts that are reached over HTTP, and harms no clone of %s',
  async (url) => {
    const given = { url, branch: 'main', token: 'canary-token-0123456789' }
    const git = await openClone(join(await tempFolder(), 'clone.git'), given, process.env)
    expect(await git(['config', '--list'])).not.toMatch(/extraheader/i)
  },
)

test('a new local repository holds its branch with one empty commit, and nothing else', async () => {
  const gitops = await tempGitops()
  const format = '--format=%(refname)'
  expect((await someonesGit(gitops.remote, 'for-each-ref', format)).trim()).toBe('refs/heads/main')
  expect(await gitops.log()).toHaveLength(1)
  expect(await gitops.files()).toEqual({})
})

test('A15: an address with line ends and quotes adds nothing to git’s configuration', async () => {
  const folder = join(await tempFolder(), 'clone.git')
  const url = 'https://example.com/"]\n[core]\n\tpager = evil'
  const git = await openClone(folder, { url, branch: 'main' }, process.env)
  expect((await git(['config', '--get', 'remote.origin.url'])).trimEnd()).toBe(url)
  expect(await git(['config', '--list'])).not.toContain('core.pager')
})
