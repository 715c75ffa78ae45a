import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { directPushFrom } from '../../src/gitops/direct-push.ts'
import { builtBy, httpWay, put, type Way, withProgram, writerBy } from '../support/direct.ts'
import { putScript, someonesGit, type TempGitops, tempGitops } from '../support/temp.ts'

/** An ssh that notes how it was called and runs the command on this machine. */
const sshScript = (record: string) => `printf '%s\\n' "$@" >${record}
for last in "$@"; do :; done
exec sh -c "$last"
`

const ways = {
  path: async (_: TempGitops): Promise<Way> => ({}),
  file: async ({ remote }: TempGitops): Promise<Way> => ({ remote: { url: `file://${remote}` } }),
  http: async (gitops: TempGitops): Promise<Way> => ({ remote: (await httpWay(gitops)).remote }),
  ssh: async (gitops: TempGitops): Promise<Way> => ({
    remote: { url: `ssh://git@host.test:22${gitops.remote}` },
    environment: await withProgram(gitops, 'ssh', sshScript(join(gitops.folder, 'record'))),
  }),
}
const eachWay = Object.entries(ways).map(([name, way]) => ({ name, way }))

describe.each(eachWay)('straight to receive-pack by $name', ({ way }) => {
  test('commits land, one by one and many at once', async () => {
    const gitops = await tempGitops()
    const { writer, direct, commit, git } = await writerBy(gitops, await way(gitops))
    await commit(put('one'))
    await commit(...Array.from({ length: 60 }, (_, at) => put(`${at}`, `app-${at}`)))
    await commit(put('x'.repeat(3_000_000)), put('y'.repeat(50)))
    expect(direct.kinds).toEqual(['landed', 'landed', 'landed'])
    expect(await gitops.log()).toHaveLength(64)
    expect((await gitops.files())['production/web/a.yaml']).toBe('y'.repeat(50))
    const tip = await gitops.tipOfRemote()
    expect(await writer.tip()).toBe(tip)
    expect((await git(['rev-parse', 'refs/gimlet/remote'])).trim()).toBe(tip)
  })

  test('F2: what others push is whole here, also where a build that came to nothing held the same files', async () => {
    const gitops = await tempGitops()
    const { writer, folder } = await writerBy(gitops, await way(gitops))
    const before = await writer.tip()
    const no = () => Promise.resolve(false)
    await writer.commit(before, [put('one')], no)
    // Another server builds the same, say, and pushes it.
    const theirs = await gitops.someoneCommits({ 'production/web/a.yaml': 'one', note: 'x' })
    await writer.refresh()
    // A build takes away first what the one before left behind.
    const files = new Map([['a.yaml', 'other']])
    const elsewhere = { kind: 'replace', folder: 'staging/web', files } as const
    await writer.commit(theirs, [{ ...put('other'), change: elsewhere }], no)
    // Not by the writer's git, which would make a broken clone anew.
    const listed = await someonesGit(folder, 'ls-tree', '-r', '--name-only', theirs)
    expect(listed).toContain('production/web/a.yaml')
  })

  test('F8: a branch that has moved is seen before anything is sent', async () => {
    const gitops = await tempGitops()
    const { direct, commit, writer } = await writerBy(gitops, await way(gitops))
    await writer.tip()
    await gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    expect(await commit(put('one'))).toEqual({ kind: 'moved' })
    expect(direct.kinds).toEqual(['moved'])
    expect((await commit(put('one'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['moved', 'landed'])
    expect(await gitops.log()).toHaveLength(3)
  })

  test('F28: what a hook refuses is told in its words, and the branch stays', async () => {
    const gitops = await tempGitops()
    const hook = '#!/bin/sh\necho "GH013: branch is protected" >&2\nexit 1\n'
    await putScript(gitops.remote, 'hooks/pre-receive', hook)
    const { direct, commit, writer } = await writerBy(gitops, await way(gitops))
    const tip = await writer.tip()
    const refused = {
      kind: 'refused',
      reason: expect.stringContaining('GH013: branch is protected'),
    }
    expect(await commit(put('one'))).toMatchObject(refused)
    expect(direct.results).toMatchObject([refused])
    expect(await gitops.tipOfRemote()).toBe(tip)
    await rm(join(gitops.remote, 'hooks/pre-receive'))
    expect((await commit(put('one'))).kind).toBe('landed')
  })
})

describe('what a build leaves behind', () => {
  test('of a preview is written anew by the release, so that its pack is whole', async () => {
    const gitops = await tempGitops()
    const { direct, commit, writer } = await writerBy(gitops)
    await writer.preview(await writer.tip(), put('one'))
    await writer.preview(await writer.tip(), put('two'))
    expect((await commit(put('one'))).kind).toBe('landed')
    expect((await commit(put('two'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['landed', 'landed'])
  })

  test('F6: is kept when the push had landed after all', async () => {
    const gitops = await tempGitops()
    const { direct, commit, writer, folder } = await writerBy(gitops)
    const [ref = ''] = await builtBy(writer, put('one'))
    // An earlier push of the same commit arrives late: an orphan's.
    await someonesGit(folder, 'push', '--quiet', 'origin', `${ref}:refs/heads/main`)
    expect(await writer.landed([ref])).toEqual(new Set([ref]))
    expect((await commit(put('two'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['landed'])
  })

  test('is no part of what lands when the clone holds what the remote lacks', async () => {
    const gitops = await tempGitops()
    const { direct, commit, writer, folder } = await writerBy(gitops)
    await builtBy(writer, put('one'))
    await rm(join(folder, 'gimlet-packs'))
    // The pack has no file any more: only git can make a whole one.
    expect((await commit(put('one'), put('two'))).kind).toBe('landed')
    expect(direct.kinds).toEqual(['refused'])
    expect(await gitops.log()).toHaveLength(3)
  })
})

describe('ssh', () => {
  test('A15: is called with the key and one quoted path, and never with an option of the address', async () => {
    const gitops = await tempGitops()
    const record = join(gitops.folder, 'record')
    const environment = await withProgram(gitops, 'ssh', sshScript(record))
    const remote = { url: `git@host.test:${gitops.remote}`, sshKeyFile: '/keys/a key' }
    const { commit } = await writerBy(gitops, { remote, environment })
    expect((await commit(put('one'))).kind).toBe('landed')
    const args = (await readFile(record, 'utf8')).split('\n')
    expect(args.slice(0, 2)).toEqual(['-i', '/keys/a key'])
    expect(args.slice(-4)).toEqual([
      '--',
      'git@host.test',
      `git-receive-pack '${gitops.remote}'`,
      '',
    ])
  })

  test.each([
    'ssh://-oProxyCommand=x/y',
    '-oProxyCommand=x:y',
    'ext::sh -c touch% /tmp/x',
    'relative/path.git',
  ])('A15: %s is no direct way', (url) => {
    const from = { folder: '/nowhere', environment: {} }
    expect(directPushFrom({ url, branch: 'main' }, from)).toBeUndefined()
  })
})
