import { chmod, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { createServer } from 'node:http'
import { delimiter, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openClone } from '../../src/gitops/clone.ts'
import { LocalWriter } from '../../src/gitops/local.ts'
import { put } from '../support/direct.ts'
import {
  newWriter,
  putFiles,
  putScript,
  someonesGit,
  type TempGitops,
  tempFolder,
  tempGitops,
} from '../support/temp.ts'

// What is so because commits are built in a clone on this machine.

const nothing = () => Promise.resolve(true)
const commit = async ({ writer }: TempGitops, text: string) =>
  writer.commit(await writer.tip(), [put(text)], nothing)

describe('a clone', () => {
  test('F27: who moves on while the clone cannot be written has rewound nothing', async () => {
    const gitops = await tempGitops()
    await commit(gitops, '1')
    await gitops.someoneCommits({ b: '2' })
    await putFiles(gitops.cloneFolder, { 'refs/gimlet/remote.lock': '' })
    await expect(gitops.writer.refresh()).rejects.toMatchObject({ code: 'gitops_unreachable' })
    await rm(join(gitops.cloneFolder, 'refs/gimlet/remote.lock'))
    await expect(gitops.writer.refresh()).resolves.toBe(await gitops.tipOfRemote())
  })

  test('F12: goes on after a git that was killed left its locks', async () => {
    const gitops = await tempGitops()
    await commit(gitops, '1')
    const tip = await gitops.writer.tip()
    await putFiles(gitops.cloneFolder, {
      'refs/gimlet/build.lock': '',
      'refs/gimlet/seen.lock': '',
      'refs/gimlet/remote.lock': '',
    })
    const clone = { url: gitops.remote, branch: 'main' }
    const git = await openClone(gitops.cloneFolder, clone, process.env)
    const writer = newWriter(git, gitops.remote, gitops.cloneFolder)
    expect((await writer.commit(tip, [put('2')], nothing)).kind).toBe('landed')
  })

  test.each([
    { name: 'an object', broken: /^objects\/[0-9a-f]{2}\/|\.pack$/ },
    { name: 'the tip that was seen', broken: /^refs\/gimlet\/remote$/ },
    { name: 'the tip of a build', broken: /^refs\/gimlet\/build$/ },
    { name: 'HEAD', broken: /^HEAD$/ },
  ])('F12: goes on after a power cut emptied $name of the clone', async ({ broken }) => {
    const gitops = await tempGitops()
    await commit(gitops, '1')
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
    const result = await writer.commit(await writer.tip(), [put('2')], nothing)
    expect(result.kind).toBe('landed')
  })

  test('F12: keeps a clone that is sound, with the tip that was seen', async () => {
    const gitops = await tempGitops()
    await commit(gitops, '1')
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
    await gitops.writer.preview(await gitops.writer.tip(), put('1'))
    expect((await commit(gitops, '1')).kind).toBe('landed')
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
      response.writeHead(403, { 'content-type': 'text/plain' })
      response.end(`${request.headers.authorization} is not let in: ${token}\n`)
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
    expect(cause.stderr).toContain('Basic [redacted] is not let in: [redacted]')
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
