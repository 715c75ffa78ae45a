import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HistoryPort, LoggedCommit } from '../../src/domain/history.ts'
import { GithubHistory } from '../../src/gitops/github-history.ts'
import { History } from '../../src/gitops/history.ts'
import { readerPlace } from '../support/github-reader.ts'
import { importHistory, shapes } from '../support/histories.ts'
import { tempGitops } from '../support/temp.ts'

async function all(history: HistoryPort, range: Parameters<HistoryPort['commits']>[0]) {
  const commits: LoggedCommit[] = []
  for await (const commit of history.commits(range)) commits.push(commit)
  return commits
}

const scopes = [
  undefined,
  { environments: { names: ['a'], isAllBut: false }, root: null },
  { environments: { names: ['b'], isAllBut: true }, root: null },
  { environments: { names: ['production'], isAllBut: false }, root: 'production' },
]

describe('the history that GitHub’s API tells', () => {
  test('is that of the clone, for histories at random', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), fc.constantFrom(...scopes), async (shape, pick, scope) => {
        const gitops = await tempGitops()
        const refs = await importHistory(gitops.remote, shape)
        await gitops.writer.refresh()
        const clone = new History(gitops.git, gitops.stream, scope)
        const place = await readerPlace(gitops.remote)
        const github = new GithubHistory(place.reader(), scope)
        const to = refs.at(-1) ?? ''
        const from = refs[pick % refs.length] ?? ''
        for (const range of [
          { from: null, to },
          { from, to },
        ]) {
          expect(await all(github, range)).toEqual(await all(clone, range))
          expect(await github.distance(range)).toEqual(await clone.distance(range))
        }
        for (const ref of [from, to]) {
          const folders = await clone.folders(ref)
          expect(await github.folders(ref)).toEqual(folders)
          const paths = [...folders.keys(), 'a/none', 'none/b']
          expect(await github.foldersOf(ref, paths)).toEqual(await clone.foldersOf(ref, paths))
        }
      }),
      {
        numRuns: Number(process.env.RUNS ?? 30),
        seed: Number(process.env.SEED ?? 7),
        endOnFailure: true,
      },
    )
  })

  test('begins later where environments are large, and with the first commit where there are few', async () => {
    const gitops = await tempGitops()
    const apps = Array.from({ length: 10_000 }, (_, at) => `production/app-${at}/a.yaml`)
    const commit = (paths: readonly string[], content: string) => ({
      ...{ parents: [0], subject: content },
      changes: paths.map((path) => ({ path, content })),
    })
    const later = Array.from({ length: 30 }, (_, at) =>
      commit(['production/app-1/a.yaml'], `${at}`),
    )
    const refs = await importHistory(gitops.remote, [commit(apps, 'all'), ...later])
    const history = new GithubHistory((await readerPlace(gitops.remote)).reader())
    const [to, early] = [refs.at(-1) ?? '', refs[10] ?? '']
    expect(await history.knownFrom(to)).toMatchObject({ ref: refs.at(-20) })
    expect(await history.distance({ from: null, to })).toEqual({ ahead: 19, behind: 0 })
    expect(await history.knownFrom(early)).toBeNull()
    expect(await history.distance({ from: null, to: early })).toEqual({ ahead: 11, behind: 0 })
  })
})
