import { describe, expect, test } from 'vitest'
import { put } from '../support/direct.ts'
import { onGithub } from '../support/on-github.ts'
import { someonesGit } from '../support/temp.ts'

describe('what a release asks of GitHub', () => {
  const looks = ['GET git/ref', 'GET git/commits', 'GET git/trees']
  const proves = ['POST git/trees', 'POST git/trees', 'POST git/trees']
  const builds = ['POST git/trees', 'POST git/trees', 'POST git/commits']
  const asksId = 'GET /repos'
  const swap = 'POST /graphql'

  test('is four calls on our own last commit, and eleven after a start', async () => {
    const place = await onGithub()
    await place.someoneCommits({ 'production/web/a.yaml': 'old', 'production/other/a.yaml': 'a' })
    const first = await place.asked(() => place.commit(put('1')))
    const second = await place.asked(() => place.commit(put('2')))
    expect(first.map(kindOf)).toEqual([...looks, ...proves, ...builds, asksId, swap])
    expect(second.map(kindOf)).toEqual([...builds, swap])
  })

  test('is eight calls on somebody else’s commit', async () => {
    const place = await onGithub()
    await place.commit(put('1'))
    await place.someoneCommits({ 'README.md': 'hello' })
    const asked = await place.asked(async () => {
      await place.writer.refresh()
      await place.commit(put('2'))
    })
    expect(asked.map(kindOf)).toEqual([
      ...['GET git/ref', `GET ${asked[1]?.slice(4)}`, 'GET git/commits', 'GET git/trees'],
      ...[...builds, swap],
    ])
    expect(asked[1]).toMatch(/^GET compare\/[^/]+$/)
  })

  test('is one call more where the host knows no compare-and-swap, which is told once', async () => {
    const place = await onGithub({ way: 'look' })
    await place.commit(put('1'))
    const asked = await place.asked(() => place.commit(put('2')))
    expect(asked.map(kindOf)).toEqual([...builds, 'GET git/ref', 'PATCH git/refs'])
    expect(place.told).toEqual([expect.stringContaining('GitHub does not know updateRefs')])
  })

  test('is five calls for a rollback and for a removal', async () => {
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
    expect(restored).toEqual(['GET contents/production%2Fweb', ...restored.slice(1)])
    expect(restored.slice(1).map(kindOf)).toEqual([...builds, swap])
    expect(removed.map(kindOf)).toEqual(['GET git/trees', ...builds, swap])
  })

  test('of a batch of 20 after a start is at most 68 calls, and one move', async () => {
    const place = await onGithub()
    await place.someoneCommits({ 'production/other/a.yaml': 'a' })
    const batch = Array.from({ length: 20 }, (_, at) => put('1', `app-${at}`))
    const asked = await place.asked(() => place.commit(...batch))
    expect(asked.length).toBeLessThanOrEqual(68)
    expect(place.moves()).toHaveLength(1)
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

const kindOf = (asked: string) => asked.split('/', 2).join('/')
