import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openClone, type Remote } from '../../src/gitops/clone.ts'
import { put } from '../support/direct.ts'
import { makeKey } from '../support/keys.ts'
import {
  newWriter,
  putFiles,
  putScript,
  someonesGit,
  tempFolder,
  tempGitops,
} from '../support/temp.ts'

/** A repository, and a writer that signs with a new key. */
async function signing(given: Partial<Remote> = {}, ...keyArgs: readonly string[]) {
  const gitops = await tempGitops()
  const signingKeyFile = await makeKey(gitops.folder, 'signing', ...keyArgs)
  const open = async (name: string) => {
    const remote = { url: gitops.remote, branch: 'main', signingKeyFile, ...given }
    const git = await openClone(join(gitops.folder, name), remote, process.env)
    return newWriter(git, gitops.remote)
  }
  const allow = async (email: string, key = signingKeyFile) =>
    putFiles(gitops.folder, { allowed: `${email} ${await readFile(`${key}.pub`, 'utf8')}` })
  const verify = (...refs: readonly string[]) => {
    const file = `gpg.ssh.allowedSignersFile=${join(gitops.folder, 'allowed')}`
    return someonesGit(gitops.remote, '-c', file, 'verify-commit', ...refs)
  }
  return { gitops, signingKeyFile, open, allow, verify }
}

const yes = () => Promise.resolve(true)

describe('with GITOPS_SIGNING_KEY_FILE', () => {
  test.each([{ type: 'ed25519' }, { type: 'rsa' }])(
    'every commit of a push is signed by a key of type $type, and git verify-commit passes',
    async ({ type }) => {
      const { gitops, open, allow, verify } = await signing({}, '-t', type, '-N', '')
      const writer = await open('clone')
      await allow('gimlet@localhost')
      const result = await writer.commit(await writer.tip(), [put('one'), put('two', 'api')], yes)
      if (result.kind !== 'landed') throw new Error(result.kind)
      expect(result.refs).toHaveLength(2)
      await verify(...result.refs)
      expect(await gitops.tipOfRemote()).toBe(result.refs[1])
      await someonesGit(gitops.remote, 'fsck', '--strict')
      await allow('gimlet@localhost', await makeKey(gitops.folder, 'another'))
      await expect(verify(...result.refs)).rejects.toThrow()
    },
  )

  test('F6: the same commit on the same tip has the same id, whoever makes it again', async () => {
    const { open } = await signing()
    const built: (readonly string[])[] = []
    const note = (refs: readonly string[]) => Promise.resolve(built.push(refs) < 0)
    for (const clone of ['one', 'two']) {
      const writer = await open(clone)
      await writer.commit(await writer.tip(), [put('a'), put('b')], note)
      await writer.commit(await writer.tip(), [put('a'), put('b')], note)
    }
    expect(new Set(built.map(String)).size).toBe(1)
  })

  test('commits are by GITOPS_AUTHOR, and are its key’s', async () => {
    const { gitops, open, allow, verify } = await signing({
      author: 'Gîmlet [bot] <gimlet@example.com>',
    })
    const writer = await open('clone')
    await writer.commit(await writer.tip(), [put('one')], yes)
    await allow('gimlet@example.com')
    await verify('main')
    const who = await someonesGit(
      gitops.remote,
      'log',
      '-1',
      '--format=%an <%ae> %at, %cn <%ce> %ct',
    )
    const once = 'Gîmlet [bot] <gimlet@example.com> 1700000000'
    expect(who.trim()).toBe(`${once}, ${once}`)
  })

  test('what is only looked at is not signed, and the next push is whole', async () => {
    const { gitops, open } = await signing()
    const writer = await open('clone')
    expect(await writer.preview(await writer.tip(), put('one'))).toContain('+one')
    expect((await writer.commit(await writer.tip(), [put('one')], yes)).kind).toBe('landed')
    await someonesGit(gitops.remote, 'fsck', '--strict')
  })

  test('A28: the key stands in no file of the clone', async () => {
    const { gitops, signingKeyFile, open } = await signing()
    const [, key = ''] = (await readFile(signingKeyFile, 'utf8')).split('\n')
    const writer = await open('clone')
    await writer.commit(await writer.tip(), [put('one')], yes)
    const clone = join(gitops.folder, 'clone')
    const listed = await readdir(clone, { recursive: true, withFileTypes: true })
    const files = listed.filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(5)
    for (const { parentPath, name } of files)
      expect(await readFile(join(parentPath, name), 'latin1')).not.toContain(key)
  })

  test('F32: a key that goes away is named and waited for, and nothing is pushed unsigned', async () => {
    const { gitops, signingKeyFile, open } = await signing()
    const writer = await open('clone')
    const tip = await writer.tip()
    await rename(signingKeyFile, `${signingKeyFile}.away`)
    const gone = writer.commit(tip, [put('one')], yes)
    await expect(gone).rejects.toMatchObject({ code: 'gitops_forbidden' })
    await expect(gone).rejects.toThrow('GITOPS_SIGNING_KEY_FILE')
    expect(await gitops.tipOfRemote()).toBe(tip)
    await rename(`${signingKeyFile}.away`, signingKeyFile)
    expect((await writer.commit(await writer.tip(), [put('one')], yes)).kind).toBe('landed')
  })

  test('F12: a clone that goes away in between is no fault of the key', async () => {
    const { gitops, open } = await signing()
    const writer = await open('clone')
    await writer.commit(await writer.tip(), [put('one')], yes)
    await rm(join(gitops.folder, 'clone'), { recursive: true })
    const again = async () => (await writer.commit(await writer.tip(), [put('two')], yes)).kind
    expect(await again().catch(again)).toBe('landed')
  })
})

describe('a start is refused in words that say what to do', () => {
  const bad = [
    { name: 'without the file', spoil: (file: string) => rm(file), want: 'no such file' },
    {
      name: 'when others may read it',
      spoil: (file: string) => chmod(file, 0o640),
      want: 'chmod 600',
    },
    { name: 'when it is a folder', spoil: folderAt, want: 'cannot be read' },
    { name: 'when it is the public key', spoil: publicAt, want: 'no OpenSSH private key' },
    {
      name: 'when it is empty',
      spoil: (file: string) => writeFile(file, ''),
      want: 'no OpenSSH private key',
    },
    {
      name: 'when it has a passphrase',
      keyArgs: ['-t', 'ed25519', '-N', 'canary'],
      want: 'passphrase',
    },
    {
      name: 'when its signatures differ each time',
      keyArgs: ['-t', 'ecdsa', '-N', ''],
      want: 'ed25519',
    },
    { name: 'when it is cut off', spoil: cutAt, want: 'git could not sign with it' },
  ]
  test.each(bad)('$name', async ({ spoil = () => Promise.resolve(), keyArgs = [], want }) => {
    const { signingKeyFile, open } = await signing({}, ...keyArgs)
    await spoil(signingKeyFile)
    const opened = open('clone')
    await expect(opened).rejects.toMatchObject({ code: 'setting_wrong' })
    await expect(opened).rejects.toThrow(signingKeyFile)
    await expect(opened).rejects.toThrow(want)
  })

  test('without ssh-keygen', async () => {
    const folder = await tempFolder()
    const signingKeyFile = await makeKey(folder, 'signing')
    const real = (await someonesGit(folder, '--exec-path')).trim()
    await putScript(folder, 'bin/git', `#!/bin/sh\nexec ${real}/git "$@"\n`)
    const remote = { url: join(folder, 'gitops.git'), branch: 'main', signingKeyFile }
    const opened = openClone(join(folder, 'clone'), remote, { PATH: join(folder, 'bin') })
    await expect(opened).rejects.toMatchObject({ code: 'setting_wrong' })
    await expect(opened).rejects.toThrow('openssh-client')
  })
})

async function folderAt(file: string) {
  await rm(file)
  await putFiles(file, { 'a/b': '' })
  await chmod(file, 0o700)
}

async function publicAt(file: string) {
  await writeFile(file, await readFile(`${file}.pub`))
}

async function cutAt(file: string) {
  const lines = (await readFile(file, 'utf8')).split('\n')
  await writeFile(file, [...lines.slice(0, 3), ...lines.slice(-2)].join('\n'))
}
