import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { History } from '../../src/gitops/history.ts'
import { manifest } from '../support/builders.ts'
import { indexIn, reindexed } from '../support/index.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'
import { historyByApi } from '../support/readings.ts'
import { putFiles, someonesGit, tempDatabase } from '../support/temp.ts'

const places = ['web', 'api'].flatMap((app) =>
  ['staging', 'production'].map((env) => ({ app, env })),
)
const manifests = Object.fromEntries(
  places.map((place) => [`${place.app}-${place.env}.yaml`, manifest(place)]),
)

type Op = {
  readonly kind: (typeof kinds)[number]
  readonly place: number
  /** Which of several: an older release, a file. */
  readonly pick: number
}
const kinds = [
  ...['release', 'release', 'release', 'rollback', 'delete', 'edit', 'edit'],
  ...['undo', 'remove', 'elsewhere', 'merge', 'look'],
] as const

const ops = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    place: fc.nat(places.length - 1),
    pick: fc.nat(5),
  }),
  { minLength: 4, maxLength: 14 },
)

/** Plays one step of a history as the server and the people beside it make it. */
async function play(parts: TestParts, { kind, place: at, pick }: Op, step: number): Promise<void> {
  const { gitops, releases, follower } = parts
  const place = places[at] ?? { app: 'web', env: 'staging' }
  const folder = `${place.env}/${place.app}`
  parts.clock.moveMs(60_000)
  const id = `r-${step}`
  switch (kind) {
    case 'release':
      await parts.push({
        id: `${place.app}-${step}`,
        version: { repositoryName: `owner/${place.app}`, message: `step ${step}` },
      })
      await parts.ask({ id, ...place, artifactId: `${place.app}-${step}` })
      await drain(parts.ports)
      return
    case 'rollback': {
      const history = await releases.history({ ...place, limit: 10 })
      const to = history[pick % Math.max(1, history.length)]
      if (!to) return
      await parts.ask({ id, kind: 'rollback', ...place, toRef: to.gitopsRef, artifactId: to.artifactId }) // biome-ignore format: one call
      await drain(parts.ports)
      return
    }
    case 'delete':
      await parts.ask({ id, kind: 'delete', ...place, artifactId: null })
      await drain(parts.ports)
      return
    case 'edit':
      return void (await gitops.someoneCommits({ [`${folder}/by-hand-${pick}.yaml`]: `${step}` }))
    case 'elsewhere':
      return void (await gitops.someoneCommits({ [`docs/${pick}.md`]: `${step}` }))
    case 'undo':
      await gitops.checkOut()
      // What cannot be taken back without a conflict, a person leaves.
      await someonesGit(gitops.tree, 'revert', '--no-edit', 'HEAD').catch(() => undefined)
      await someonesGit(gitops.tree, 'push', 'origin', 'HEAD:main')
      return
    case 'remove':
      return void (await gitops.someoneCommits({ [folder]: null }))
    case 'merge':
      return mergeBeside(parts, `${folder}/merged-${pick}.yaml`, step)
    case 'look':
      return void (await follower.upTo(await gitops.writer.refresh()))
  }
}

/** A person commits, a release lands meanwhile, and the person merges it, as `git pull` does. */
async function mergeBeside(parts: TestParts, path: string, step: number): Promise<void> {
  const { gitops } = parts
  await gitops.checkOut()
  await putFiles(gitops.tree, { [path]: `${step}` })
  await someonesGit(gitops.tree, 'add', '--all')
  await someonesGit(gitops.tree, 'commit', '-m', `beside ${step}`)
  await play(parts, { kind: 'release', place: step % places.length, pick: 0 }, step)
  await someonesGit(gitops.tree, 'fetch', 'origin')
  await someonesGit(gitops.tree, 'merge', '--no-edit', '-X', 'theirs', 'origin/main')
  await someonesGit(gitops.tree, 'push', 'origin', 'HEAD:main')
}

/** A person merges what they committed beside the first release of that very app. */
const mergedBesideTheFirst = (['release', 'release', 'merge'] as const).map(
  (kind, at): Op => ({
    ...{ kind, pick: 0 },
    place: at === 2 ? 2 : 0,
  }),
)

describe('an index that is made anew', () => {
  test('is the one that the server kept while it all happened', async () => {
    await fc.assert(
      fc.asyncProperty(ops, async (history) => {
        const parts = await testParts({ manifests })
        const { gitops, database, follower, clock } = parts
        const began = clock.nowMs() / 1000
        for (const [step, op] of history.entries()) await play(parts, op, step)
        await follower.upTo(await gitops.writer.refresh())
        const moments = history.map((_, step) => began + step * 60 + 90)
        const kept = await indexIn(database, moments)
        for (const history of [
          new History(gitops.git, gitops.stream),
          await historyByApi(gitops),
        ]) {
          const { database: empty } = await tempDatabase()
          const made = await reindexed(empty, gitops, history)
          expect(made).toMatchObject({ different: [], since: null })
          expect(await indexIn(empty, moments)).toEqual(kept)
        }
        await reindexed(database, gitops)
        expect(await indexIn(database, moments)).toEqual(kept)
      }),
      {
        numRuns: Number(process.env.RUNS ?? 5),
        seed: Number(process.env.SEED ?? 7),
        examples: [[mergedBesideTheFirst]],
      },
    )
  })
})
