import { describe, expect, test } from 'vitest'
import { readings } from '../support/readings.ts'
import { putFiles, putLink, someonesGit, type TempGitops, tempGitops } from '../support/temp.ts'

/** A repository whose branch has one policy, and what a pull request makes of it. */
async function proposedOn(
  of: (typeof readings)[number]['of'],
  change: (gitops: TempGitops) => Promise<unknown>,
) {
  const gitops = await tempGitops()
  await gitops.someoneCommits({ 'policies/a.json': '1', 'other.txt': '' })
  await gitops.writer.refresh()
  await change(gitops)
  await someonesGit(gitops.tree, 'add', '--all')
  await someonesGit(gitops.tree, 'commit', '--quiet', '--allow-empty', '-m', 'proposed')
  await someonesGit(gitops.tree, 'push', '--quiet', 'origin', 'HEAD:refs/pull/7/head')
  const headSha = (await someonesGit(gitops.tree, 'rev-parse', 'HEAD')).trim()
  const reading = await of(gitops)
  reading.pull(7, headSha)
  const read = reading.proposed('policies')
  const look = (sha = headSha) => read({ number: 7, headSha: sha })
  return { ...gitops, ...reading, headSha, look }
}
const write =
  (files: Record<string, string | null>) =>
  ({ tree }: TempGitops) =>
    putFiles(tree, files)

describe.each(readings)('the policies of a pull request, read by $name,', ({ of }) => {
  const proposed = (change: (gitops: TempGitops) => Promise<unknown>) => proposedOn(of, change)

  test('are read at its head, and the tip that is decided on stays', async () => {
    const { look, headSha, writer } = await proposed(write({ 'policies/b.json': '2' }))
    const before = await writer.lastTip()
    const found = await look()
    expect(found).toMatchObject({ kind: 'changed', sources: { version: headSha } })
    expect(found.kind === 'changed' && [...found.sources.files.keys()]).toEqual([
      'a.json',
      'b.json',
    ])
    expect(await writer.refresh()).toBe(before)
  })

  test('are the same when only others change, also while the branch goes on', async () => {
    const { look, someoneCommits, writer } = await proposed(write({ 'other.txt': 'more' }))
    await someoneCommits({ 'policies/a.json': 'on the branch' })
    await writer.refresh()
    expect(await look()).toEqual({ kind: 'same' })
  })

  test('that are gone are a change', async () => {
    const { look } = await proposed(write({ policies: null }))
    expect(await look()).toMatchObject({ kind: 'changed', sources: { files: new Map() } })
  })

  test('of another head are not taken for those of this one', async () => {
    const { look } = await proposed(write({ 'policies/a.json': '2' }))
    expect(await look('1'.repeat(40))).toEqual({ kind: 'moved' })
  })

  test('that are too much are not read', async () => {
    const big = await proposed(write({ 'policies/big.json': 'x'.repeat(513 * 1024) }))
    expect(await big.look()).toEqual({ kind: 'too-much' })
    const names = Array.from({ length: 501 }, (_, at) => [`policies/f${at}.json`, ''])
    const many = await proposed(write(Object.fromEntries(names)))
    expect(await many.look()).toEqual({ kind: 'too-much' })
  })

  test('A12: that are a link are an error', async () => {
    const { look } = await proposed(({ tree }) => putLink(tree, 'policies/b.json', '/etc/passwd'))
    await expect(look()).rejects.toMatchObject({ code: 'sources_unreadable' })
  })

  test('of a repository that does not answer are an error, and the next look is a new one', async () => {
    const { look, goesAway, comesBack } = await proposed(write({ 'policies/b.json': '2' }))
    await goesAway()
    await expect(look()).rejects.toMatchObject({ code: 'gitops_unreachable' })
    await comesBack()
    expect(await look()).toMatchObject({ kind: 'changed' })
  })
})
