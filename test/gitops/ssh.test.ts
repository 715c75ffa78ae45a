import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openClone } from '../../src/gitops/clone.ts'
import { gitIn } from '../../src/gitops/git.ts'
import { directPush } from '../../src/gitops/receive-pack.ts'
import { visitsTo } from '../../src/gitops/visit.ts'
import { posted } from '../support/builders.ts'
import { put, writerBy } from '../support/direct.ts'
import { eventually } from '../support/eventually.ts'
import { makeKey } from '../support/keys.ts'
import { programsOf } from '../support/processes.ts'
import { testServer } from '../support/server.ts'
import { isWithoutSshd, silent, sshHost } from '../support/ssh-host.ts'
import { newWriter, putFiles, putScript, someonesGit, tempGitops } from '../support/temp.ts'

const yes = () => Promise.resolve(true)

/** A repository behind a real sshd, and the address and the key for it. */
async function overSsh() {
  const gitops = await tempGitops()
  const host = await sshHost(gitops.folder)
  const remote = { url: host.url(gitops.remote), branch: 'main', sshKeyFile: host.keyFile }
  /** Of a server that starts: with its data folder, where it is told of, of one that ran before. */
  const start = async (
    given: Partial<typeof remote> | { sshKeyFile: undefined } = {},
    data = 'data',
  ) => {
    const dataDir = join(gitops.folder, data)
    const clone = join(dataDir, 'clone.git')
    const git = await openClone(clone, { ...remote, ...given }, environment)
    return { git, dataDir, clone, writer: newWriter(git, remote.url) }
  }
  return { gitops, host, remote, start }
}

/** Without the agent of whoever runs the tests. */
const { SSH_AUTH_SOCK: _, ...environment } = process.env

/** What an error tells anybody, with its cause. */
const told = (error: unknown) => {
  const { cause } = error as Error & { cause?: Error & { stderr?: string } }
  return [String(error), String(cause), cause?.stderr ?? ''].join('\n')
}

describe.skipIf(isWithoutSshd)('over a real sshd', () => {
  test('commits land by git push', async () => {
    const { gitops, host, start } = await overSsh()
    const { writer, dataDir } = await start()
    for (const text of ['one', 'two'])
      expect((await writer.commit(await writer.tip(), [put(text)], yes)).kind).toBe('landed')
    expect(await gitops.files()).toMatchObject({ 'production/web/a.yaml': 'two' })
    expect(await gitops.log()).toHaveLength(3)
    expect(String(await host.asked())).toMatch(
      /git-upload-pack.*git-receive-pack.*git-receive-pack/,
    )
    expect(await readFile(join(dataDir, 'known_hosts'), 'utf8')).toContain('ssh-ed25519')
  })

  test('commits land straight at receive-pack', async () => {
    const { gitops, remote } = await overSsh()
    const { direct, commit } = await writerBy(gitops, { remote, environment })
    await commit(put('one'))
    await commit(...Array.from({ length: 30 }, (_, at) => put(`${at}`, `app-${at}`)))
    await commit(put('x'.repeat(3_000_000)))
    expect(direct.kinds).toEqual(['landed', 'landed', 'landed'])
    expect(await gitops.log()).toHaveLength(33)
  })

  test('F8/F28: what moved first is seen, and a hook’s no comes in its words', async () => {
    const { gitops, remote } = await overSsh()
    const { direct, commit, writer } = await writerBy(gitops, { remote, environment })
    await writer.tip()
    await gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    expect(await commit(put('one'))).toEqual({ kind: 'moved' })
    const hook = '#!/bin/sh\necho "GH013: branch is protected" >&2\nexit 1\n'
    await putScript(gitops.remote, 'hooks/pre-receive', hook)
    const reason = expect.stringContaining('GH013: branch is protected')
    expect(await commit(put('one'))).toMatchObject({ kind: 'refused', reason })
    expect(direct.kinds).toEqual(['moved', 'refused'])
  })

  test('F10: a host that went away is unreachable, and works when it is back', async () => {
    const { host, start } = await overSsh()
    const { writer } = await start()
    const tip = await writer.tip()
    await host.stop()
    await expect(writer.refresh()).rejects.toMatchObject({ code: 'gitops_unreachable' })
    const away = writer.commit(tip, [put('one')], yes)
    await expect(away).rejects.toMatchObject({ code: 'gitops_unreachable' })
    await host.startAgain('same key')
    expect((await writer.commit(await writer.refresh(), [put('one')], yes)).kind).toBe('landed')
  })
})

describe.skipIf(isWithoutSshd)('who is who, over ssh', () => {
  test('F32/A28: a key that the host does not know is named, and stands in no error', async () => {
    const { gitops, host, start } = await overSsh()
    const sshKeyFile = await makeKey(gitops.folder, 'stranger')
    const { writer } = await start({ sshKeyFile })
    const error: unknown = await writer.refresh().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'gitops_forbidden' })
    expect(String(error)).toContain('the key of GITOPS_SSH_KEY_FILE')
    for (const line of await keyLines(sshKeyFile)) expect(told(error)).not.toContain(line)
    expect(await host.asked()).toEqual([])
  })

  test('a host that is new is taken with our key, and not without one', async () => {
    const { host, start } = await overSsh()
    const known = join(homedir(), '.ssh', 'known_hosts')
    const before = existsSync(known) && (await readFile(known, 'utf8'))
    const { writer, dataDir } = await start({ sshKeyFile: undefined })
    const refused = writer.refresh()
    await expect(refused).rejects.toMatchObject({ code: 'gitops_forbidden' })
    await expect(refused).rejects.toThrow('key is not known')
    expect(existsSync(join(dataDir, 'known_hosts'))).toBe(false)
    expect(await host.asked()).toEqual([])
    await (await start({}, 'a% "b\\')).writer.refresh()
    expect(existsSync(known) && (await readFile(known, 'utf8'))).toBe(before)
  })

  test('a host that shows another key than before is never spoken to, also after a new start', async () => {
    const { gitops, host, remote, start } = await overSsh()
    const { writer, dataDir } = await start()
    const tip = await writer.refresh()
    const visited = await host.asked()
    await host.startAgain('other key')
    const changed = { code: 'gitops_forbidden', message: expect.stringContaining('known_hosts') }
    await expect(writer.refresh()).rejects.toMatchObject(changed)
    await expect(writer.commit(tip, [put('one')], yes)).rejects.toMatchObject(changed)
    const again = await start()
    await expect(again.writer.refresh()).rejects.toMatchObject(changed)
    const { git, clone: folder } = again
    const visit = visitsTo(remote, { folder, environment, ssh: git.ssh })
    if (!visit) throw new Error('there is no direct way')
    const move = { branch: 'main', tip, newTip: tip, pack: Buffer.from('') }
    expect((await directPush(visit, move)).kind).toBe('unknown')
    expect(await host.asked()).toEqual(visited)
    expect(await gitops.tipOfRemote()).toBe(tip)
    // What a person does who knows that it was changed on purpose.
    await putFiles(dataDir, { known_hosts: null })
    expect(await (await start()).writer.refresh()).toBe(tip)
  })
})

/** Takes connections, and never says a word. */
async function mutePort() {
  const server = createServer(() => undefined)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' ? address?.port : 0
}

/** Longer than a host that does not hang takes for its next word on a slow machine. */
const silenceMs = 3_000
const keyLines = async (file: string) => (await readFile(file, 'utf8')).split('\n').slice(1, 5)

describe.skipIf(isWithoutSshd || process.platform !== 'linux')('F11: a peer that hangs', () => {
  const peers = [
    {
      name: 'after it let us in',
      hang: async (host: Awaited<ReturnType<typeof sshHost>>) => host.answerBy(silent),
    },
    { name: 'before it says a word', mute: true },
  ]
  test.each(peers)(
    '$name, is left after the silence, and told as unreachable',
    async ({ hang, mute }) => {
      const { host, remote, start } = await overSsh()
      await hang?.(host)
      const url = mute ? remote.url.replace(/:\d+\//, `:${await mutePort()}/`) : remote.url
      const { git, clone: folder } = await start({ url })
      // The same clone, by a git with less patience.
      const writer = newWriter(gitIn(folder, environment, silenceMs), url)
      const fetching = writer.refresh()
      const leftAlone = expect(fetching).rejects.toMatchObject({ code: 'gitops_unreachable' })
      await eventually(() => expect(programsOf(folder).join()).toContain('ssh'))
      const running = programsOf(folder).join()
      for (const line of await keyLines(host.keyFile)) expect(running).not.toContain(line)
      await leftAlone
      const error: unknown = await fetching.catch((reason: unknown) => reason)
      expect(told(error)).toContain(`silent for ${silenceMs / 1000} seconds`)
      for (const line of await keyLines(host.keyFile)) expect(told(error)).not.toContain(line)

      const visit = visitsTo({ ...remote, url }, { folder, environment, ssh: git.ssh, silenceMs })
      if (!visit) throw new Error('there is no direct way')
      const [tip, newTip] = ['1'.repeat(40), '2'.repeat(40)]
      const move = { branch: 'main', tip, newTip, pack: Buffer.from('') }
      expect((await directPush(visit, move)).kind).toBe('unknown')
      // The kept connection, which is nobody's child, may stay.
      const left = () => programsOf(folder).filter((words) => !words.includes('[mux]'))
      await eventually(() => expect(left()).toEqual([]))
    },
  )

  test('in the middle of a push, is looked up when it is back', async () => {
    const { gitops, host, remote, start } = await overSsh()
    const { clone } = await start()
    const writer = newWriter(gitIn(clone, environment, silenceMs), remote.url)
    const tip = await writer.refresh()
    await host.answerBy(silent)
    let refs: readonly string[] = []
    const note = (built: readonly string[]) => {
      refs = built
      return Promise.resolve(true)
    }
    const pushing = writer.commit(tip, [put('one')], note)
    await expect(pushing).rejects.toMatchObject({ code: 'gitops_unreachable' })
    await host.startAgain('same key')
    await host.answerBy('exec sh -c "$SSH_ORIGINAL_COMMAND"')
    expect(await writer.landed(refs)).toEqual(new Set())
    expect((await writer.commit(tip, [put('one')], yes)).kind).toBe('landed')
    expect(await gitops.log()).toHaveLength(2)
  })
})

test.skipIf(isWithoutSshd)(
  'a whole server releases over ssh, signed, and keeps both keys to itself (A28)',
  async () => {
    const { gitops, host, remote } = await overSsh()
    const signingKeyFile = await makeKey(gitops.folder, 'signing')
    const settings = {
      GITOPS_REPO: remote.url,
      GITOPS_SSH_KEY_FILE: host.keyFile,
      GITOPS_SIGNING_KEY_FILE: signingKeyFile,
      GITOPS_AUTHOR: 'Gimlet <gimlet@example.com>',
    }
    const server = await testServer({ environment: settings }, onTestFinished)
    expect((await server.post('/api/artifact', posted())).status).toBe(201)
    const asked = { env: 'production', app: 'web', artifactId: posted().id }
    const { status, body } = await server.post('/api/releases', asked)
    expect(status).toBe(201)
    expect(await server.ended((body as { id: string }).id)).toMatchObject({ status: 'processed' })
    expect(Object.keys(await gitops.files())).toContain('production/web/release.json')
    const key = await readFile(`${signingKeyFile}.pub`, 'utf8')
    await putFiles(gitops.folder, { allowed: `gimlet@example.com ${key}` })
    const allowed = `gpg.ssh.allowedSignersFile=${join(gitops.folder, 'allowed')}`
    await someonesGit(gitops.remote, '-c', allowed, 'verify-commit', 'main')
    const said = JSON.stringify([server.lines, (await server.call('/readyz')).body])
    for (const file of [signingKeyFile, host.keyFile])
      for (const line of await keyLines(file)) expect(said).not.toContain(line)
  },
)
