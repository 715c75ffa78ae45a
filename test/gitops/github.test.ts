import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FolderChange, PlannedCommit } from '../../src/domain/change.ts'
import { BranchMemory } from '../../src/gitops/memory.ts'
import type { GitopsWriter } from '../../src/gitops/writer.ts'
import { put } from '../support/direct.ts'
import type { GithubFault } from '../support/github.ts'
import { someonesGit, tempGitops } from '../support/temp.ts'
import { hubOf } from '../support/writer-host.ts'

const nothing = () => Promise.resolve(true)
const moving = /\/git\/refs\//

/** A repository on GitHub, with a writer by its API and one by a clone. */
async function onGithub() {
  const gitops = await tempGitops()
  const hub = await hubOf(gitops.remote)
  const at = { url: gitops.remote, branch: 'main' }
  const memory = new BranchMemory({ file: join(gitops.folder, 'seen'), ...at })
  const writer = hub.writer(memory)
  const { github } = hub
  return {
    ...{ ...gitops, ...hub, writer, local: gitops.writer, memory },
    commit: async (...commits: readonly PlannedCommit[]) =>
      writer.commit(await writer.tip(), commits, nothing),
    moves: () => github.callsOf('PATCH', moving),
    /** What was asked of GitHub since, as `METHOD path`, without the tokens of the app. */
    async asked(work: () => Promise<unknown>) {
      const before = github.calls.length
      await work()
      const calls = github.calls.slice(before).filter(({ token }) => token === 'installation')
      return calls.map(
        ({ method, path }) => `${method} ${path.replace('/repos/example/gitops/', '')}`,
      )
    },
  }
}

type Place = Awaited<ReturnType<typeof onGithub>>

describe('the move of the branch', () => {
  test('F8: is no step forward when somebody comes first after the last look', async () => {
    const place = await onGithub()
    place.repository.beforeMove = async () => {
      place.repository.beforeMove = undefined
      await place.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    }
    expect(await place.commit(put('1'))).toEqual({ kind: 'moved' })
    expect(place.moves().map(({ status }) => status)).toEqual([422])
    expect(await place.log()).toEqual(['theirs', 'The GitOps repository begins'])
    expect((await place.commit(put('1'))).kind).toBe('landed')
    expect(await place.files()).toMatchObject({ 'README.md': 'hello' })
  })

  test('F27: is not begun when the branch was rewound while the commits were built', async () => {
    const place = await onGithub()
    await place.commit(put('bad'))
    const tip = await place.writer.tip()
    const before = place.moves().length
    const rewinds = async () => {
      await someonesGit(place.remote, 'update-ref', 'refs/heads/main', 'main~1')
      return true
    }
    const result = place.writer.commit(tip, [put('2')], rewinds)
    await expect(result).rejects.toMatchObject({ code: 'gitops_rewound' })
    expect(place.moves()).toHaveLength(before)
    expect(await place.writer.state()).toMatchObject({
      halt: { seenTip: tip, foundTip: await place.tipOfRemote() },
    })
  })

  test.each<{ name: string; fault: GithubFault; want: string }>([
    { name: 'a cut answer to what was done', fault: { lost: true }, want: 'landed' },
    { name: 'a cut answer to what was not', fault: { close: true }, want: 'gitops_unreachable' },
    { name: '500', fault: { status: 500 }, want: 'gitops_unreachable' },
    { name: '503', fault: { status: 503 }, want: 'gitops_unreachable' },
    { name: 'a page that is not GitHub’s', fault: { html: true }, want: 'gitops_unreachable' },
    { name: 'a conflict', fault: { status: 409 }, want: 'gitops_broken' },
    { name: 'one 422 that passes', fault: { status: 422 }, want: 'landed' },
  ])('F7/F10: with $name is $want, by where the branch is', async ({ fault, want }) => {
    const place = await onGithub()
    place.github.fail('PATCH', moving, fault)
    expect(await endOf(place.commit(put('1')))).toBe(want)
    expect(await place.log()).toHaveLength(want === 'landed' ? 2 : 1)
    expect((await place.commit(put('2'))).kind).toBe('landed')
    expect(await place.files()).toEqual({ 'production/web/a.yaml': '2' })
  })

  test('F7: whose answer and whose look are lost is found again by its commit', async () => {
    const place = await onGithub()
    const tip = await place.writer.tip()
    let refs: readonly string[] = []
    place.github.fail('PATCH', moving, { lost: true })
    const result = place.writer.commit(tip, [put('1')], async (built) => {
      refs = built
      place.repository.afterMove = async () => place.github.down()
      return true
    })
    expect(await endOf(result)).toBe('gitops_unreachable')
    place.github.up()
    expect(await place.writer.landed(refs)).toEqual(new Set(refs))
  })

  test('F28: that a rule forbids is refused with GitHub’s words, after it was asked twice', async () => {
    const place = await onGithub()
    const words = 'Repository rule violations found: Changes must be made through a pull request.'
    await place.host.refuses(words)
    const reason = expect.stringContaining(words)
    expect(await place.commit(put('1'))).toEqual({ kind: 'refused', reason })
    expect(place.moves()).toHaveLength(2)
    expect(await place.log()).toHaveLength(1)
  })
})

test('I5: nothing lands when GitHub makes another tree than it was asked for', async () => {
  const place = await onGithub()
  const tip = await place.someoneCommits({ 'production/web/a.yaml': 'a' })
  const sha = (await someonesGit(place.remote, 'rev-parse', 'main^{tree}')).trim()
  place.github.fail('POST', /\/git\/trees$/, { status: 201, body: { sha, tree: [] } }, 2)
  expect(await endOf(place.commit(put('1')))).toBe('gitops_broken')
  expect(await place.tipOfRemote()).toBe(tip)
})

describe('F24/F10: GitHub’s limits', () => {
  test.each<{ name: string; method: string; path: RegExp; fault: GithubFault }>([
    {
      name: 'all calls',
      method: 'PATCH',
      path: moving,
      fault: { status: 403, rateLimit: true, retryAfter: 30 },
    },
    {
      name: 'calls at once',
      method: 'PATCH',
      path: moving,
      fault: { status: 403, secondary: true, retryAfter: 30 },
    },
    {
      name: 'content',
      method: 'POST',
      path: /\/git\/trees$/,
      fault: { status: 429, retryAfter: 30 },
    },
    { name: 'a look', method: 'GET', path: /\/git\/ref\//, fault: { status: 429, retryAfter: 30 } },
  ])('on $name are a fault that says how long, and nothing is asked again', async (given) => {
    const place = await onGithub()
    const tip = await place.writer.tip()
    place.github.fail(given.method, given.path, given.fault, 9)
    const before = place.github.callsOf(given.method, given.path).length
    await expect(place.writer.commit(tip, [put('1')], nothing)).rejects.toMatchObject({
      code: 'gitops_unreachable',
      message: expect.stringMatching(/asks to wait (?:29|30) s/),
    })
    expect(place.github.callsOf(given.method, given.path)).toHaveLength(before + 1)
    expect(await place.tipOfRemote()).toBe(tip)
  })
})

describe('F32: what GitHub does not let the app do', () => {
  test.each<{ name: string; spoil: (place: Place) => void; words: string }>([
    {
      name: 'a suspended installation',
      spoil: ({ github }) =>
        github.installations.forEach((one) => {
          one.isSuspended = true
        }),
      words: 'suspended',
    },
    {
      name: 'an app that may only read',
      spoil: ({ github }) => {
        github.permissions = { metadata: 'read', contents: 'read' }
      },
      words: 'Resource not accessible by integration',
    },
    {
      name: 'a repository that it does not see',
      spoil: ({ repository }) => {
        repository.installationId = 43
      },
      words: 'GitHub answers 404',
    },
  ])('$name is forbidden, in GitHub’s words', async ({ spoil, words }) => {
    const place = await onGithub()
    const tip = await place.writer.tip()
    spoil(place)
    await expect(place.writer.commit(tip, [put('1')], nothing)).rejects.toMatchObject({
      code: 'gitops_forbidden',
      message: expect.stringContaining(words),
    })
    expect(await place.tipOfRemote()).toBe(tip)
  })

  test('F27: a repository that is seen no more was not rewound', async () => {
    const place = await onGithub()
    await place.commit(put('1'))
    await place.someoneCommits({ 'README.md': 'hello' })
    const gone = { status: 404, message: 'Not Found' }
    place.github.fail('GET', /\/compare\//, gone)
    place.github.fail('GET', /\/git\/commits\//, gone)
    await expect(place.writer.refresh()).rejects.toMatchObject({ code: 'gitops_forbidden' })
    expect(await place.writer.state()).toMatchObject({ halt: null })
    await expect(place.writer.refresh()).resolves.toBe(await place.tipOfRemote())
  })

  test('an empty repository is told as such', async () => {
    const place = await onGithub()
    await someonesGit(place.remote, 'update-ref', '-d', 'refs/heads/main')
    await expect(place.writer.refresh()).rejects.toMatchObject({
      message: expect.stringContaining('Git Repository is empty.'),
    })
  })
})

describe('I2: the commits are those that the clone builds, byte for byte', () => {
  const changed = (change: FolderChange): PlannedCommit => ({ ...put(''), change })
  const inPlace = (folder: string, files: Record<string, string>) =>
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
      inPlace('production/web', { 'a.yaml': 'ünï 𝕏 \ud800', 'deep/a': '', 'deep/er/b': '\r\n\0' }),
      inPlace('new/app', { a: '1' }),
      inPlace('file-and-folder/app', { a: '1' }),
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
      inPlace('at-the-top', { a: '1', 'b/c': '2' }),
      changed({ kind: 'restore', folder: 'top', from, files: new Map([['r', '1']]) }),
      inPlace('top', { b: '2' }),
      removed('at-the-top'),
      removed('production/nothing'),
      removed('staging/web'),
      inPlace('production/web-2', {}),
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
      fc.tuple(folder, files).map(([at, given]) => inPlace(at, given)),
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

  async function sameOn({ local, writer, remote }: Place, batch: readonly PlannedCommit[]) {
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

describe('what a release asks of GitHub', () => {
  const looks = ['GET git/ref', 'GET git/commits', 'GET git/trees']
  const builds = ['POST git/trees', 'POST git/trees', 'POST git/trees', 'POST git/commits']
  const moves = ['GET git/ref', 'PATCH git/refs']

  test('is six calls on our own last commit, nine after a start and ten on that of others', async () => {
    const place = await onGithub()
    await place.someoneCommits({ 'production/web/a.yaml': 'old', 'production/other/a.yaml': 'a' })
    const first = await place.asked(() => place.commit(put('1')))
    const second = await place.asked(() => place.commit(put('2')))
    await place.someoneCommits({ 'README.md': 'hello' })
    const afterOthers = await place.asked(async () => {
      await place.writer.refresh()
      await place.commit(put('3'))
    })
    expect(first.map(kindOf)).toEqual([...looks, ...builds, ...moves])
    expect(second.map(kindOf)).toEqual([...builds, ...moves])
    expect(afterOthers).toHaveLength(10)
    expect(afterOthers[1]).toMatch(/^GET compare\//)
  })

  test('is nine calls for a rollback and six for a removal', async () => {
    const place = await onGithub()
    await place.someoneCommits({ 'production/other/a.yaml': 'a' })
    await place.commit(put('1'))
    const from = await place.writer.tip()
    await place.commit(put('2'))
    const [folder, files] = ['production/web', new Map([['release.json', '{}']])]
    const back = { ...put(''), change: { kind: 'restore', folder, from, files } as const }
    const gone = { ...put(''), change: { kind: 'remove', folder } as const }
    const restored = await place.asked(() => place.commit(back))
    const removed = await place.asked(() => place.commit(gone))
    const reads = ['GET git/commits', 'GET git/trees', 'GET git/trees']
    expect(restored.map(kindOf)).toEqual([...reads, ...builds, ...moves])
    expect(removed.map(kindOf)).toEqual(['GET git/trees', ...builds.slice(1), ...moves])
  })

  test('of a batch of 20 is at most 85 calls, and one move', async () => {
    const place = await onGithub()
    await place.someoneCommits({ 'production/other/a.yaml': 'a' })
    const batch = Array.from({ length: 20 }, (_, at) => put('1', `app-${at}`))
    const asked = await place.asked(() => place.commit(...batch))
    expect(asked.length).toBeLessThanOrEqual(85)
    expect(asked.filter((one) => one.startsWith('PATCH'))).toHaveLength(1)
    expect(asked.filter((one) => one.startsWith('GET'))).toHaveLength(4)
    expect(await place.log()).toHaveLength(22)
  })

  test('reads no folder but the root, however much lies beside', async () => {
    const place = await onGithub()
    const beside = Array.from({ length: 60 }, (_, at) => [`production/app-${at}/a.yaml`, 'a'])
    await place.someoneCommits(Object.fromEntries(beside))
    const asked = await place.asked(() => place.commit(put('1')))
    const root = (await someonesGit(place.remote, 'rev-parse', 'main~1^{tree}')).trim()
    expect(asked.filter((one) => one.startsWith('GET git/trees'))).toEqual([
      `GET git/trees/${root}`,
    ])
    expect(Object.keys(await place.files())).toHaveLength(61)
  })
})

/** The kind of a result, or the code of the fault that it ended with. */
const endOf = (result: Promise<{ readonly kind: string }>): Promise<string> =>
  result.then(
    ({ kind }) => kind,
    (error: { code: string }) => error.code,
  )

const kindOf = (asked: string) => asked.split('/', 2).join('/')
