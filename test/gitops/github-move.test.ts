import { describe, expect, test } from 'vitest'
import { put } from '../support/direct.ts'
import type { GithubFault } from '../support/github.ts'
import { endOf, onGithub } from '../support/on-github.ts'
import { someonesGit } from '../support/temp.ts'

describe.each(['swap', 'look'] as const)('the move of the branch by %s', (way) => {
  test('F8: is no step forward when somebody comes first after the last look', async () => {
    const place = await onGithub({ way })
    place.repository.beforeMove = async () => {
      place.repository.beforeMove = undefined
      await place.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    }
    expect(await place.commit(put('1'))).toEqual({ kind: 'moved' })
    expect(await place.log()).toEqual(['theirs', 'The GitOps repository begins'])
    expect((await place.commit(put('1'))).kind).toBe('landed')
    expect(await place.files()).toMatchObject({ 'README.md': 'hello' })
  })

  test('F27: is none when the branch was rewound while the commits were built', async () => {
    const place = await onGithub({ way })
    await place.commit(put('bad'))
    const tip = await place.writer.tip()
    const rewinds = async () => {
      await someonesGit(place.remote, 'update-ref', 'refs/heads/main', 'main~1')
      return true
    }
    const result = place.writer.commit(tip, [put('2')], rewinds)
    await expect(result).rejects.toMatchObject({ code: 'gitops_rewound' })
    expect(await place.log()).toEqual(['The GitOps repository begins'])
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
    const place = await onGithub({ way })
    place.github.fail(place.move.method, place.move.path, fault)
    expect(await endOf(place.commit(put('1')))).toBe(want)
    expect(await place.log()).toHaveLength(want === 'landed' ? 2 : 1)
    expect((await place.commit(put('2'))).kind).toBe('landed')
    expect(await place.files()).toEqual({ 'production/web/a.yaml': '2' })
  })

  test('F7: whose answer and whose look are lost is found again by its commit', async () => {
    const place = await onGithub({ way })
    const tip = await place.writer.tip()
    let refs: readonly string[] = []
    place.github.fail(place.move.method, place.move.path, { lost: true })
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
    const place = await onGithub({ way })
    const words = 'Repository rule violations found: Changes must be made through a pull request.'
    await place.host.refuses(words)
    const reason = expect.stringContaining(words)
    expect(await place.commit(put('1'))).toEqual({ kind: 'refused', reason })
    expect(place.moves()).toHaveLength(2)
    expect(await place.log()).toHaveLength(1)
  })
})

test('F27: a branch that is rewound while it is moved stays where it is, by compare-and-swap', async () => {
  const place = await onGithub()
  await place.commit(put('bad'))
  const tip = await place.writer.tip()
  place.repository.beforeMove = async () => {
    place.repository.beforeMove = undefined
    await someonesGit(place.remote, 'update-ref', 'refs/heads/main', 'main~1')
  }
  expect(await endOf(place.commit(put('2')))).toBe('gitops_rewound')
  expect(await place.log()).toEqual(['The GitOps repository begins'])
  expect(await place.writer.state()).toMatchObject({ halt: { seenTip: tip } })
})

describe('what GraphQL says in its own way', () => {
  test.each([
    {
      name: 'trouble of its own',
      errors: [{ message: 'Something went wrong' }],
      want: 'gitops_unreachable',
    },
    {
      name: 'that there is no such repository',
      errors: [{ type: 'NOT_FOUND', message: 'gone' }],
      want: 'gitops_forbidden',
    },
    {
      name: 'that the app may not',
      errors: [{ type: 'FORBIDDEN', message: 'no' }],
      want: 'gitops_forbidden',
    },
    {
      name: 'a rule that stays',
      errors: [{ type: 'UNPROCESSABLE', message: 'no' }],
      want: 'refused',
    },
  ])('$name is $want, and nothing lands', async ({ errors, want }) => {
    const place = await onGithub()
    const query = /updateRefs/
    place.github.graphqlAnswers.push({ query, answer: { data: { updateRefs: null }, errors } })
    expect(await endOf(place.commit(put('1')))).toBe(want)
    expect(await place.log()).toHaveLength(1)
    place.github.graphqlAnswers.length = 0
    expect(
      (
        await place
          .newWriter()
          .commit(await place.tipOfRemote(), [put('1')], () => Promise.resolve(true))
      ).kind,
    ).toBe('landed')
  })
})

describe('a crash of the writer', () => {
  // After a start: three calls of the proof, two trees, the commit, the move.
  const cuts = ['before', 'after'].flatMap((when) =>
    [1, 2, 3, 4, 5, 6, 7].map((call) => ({ when, call })),
  )

  test.each(cuts)('F5/F6/F7: $when call $call lands the commit once, or not', async (cut) => {
    const place = await onGithub({ author: null })
    const tip = await place.writer.tip()
    const kept: string[] = []
    const keep = async (refs: readonly string[]) => kept.push(...refs) > 0
    const posts = place.github.callsOf('POST', madeBy).length
    const fault = cut.when === 'before' ? { close: true as const } : { lost: true as const }
    place.github.failNth('POST', madeBy, fault, cut.call)
    await place.writer.commit(tip, [put('1')], keep).catch(() => undefined)
    expect(place.github.callsOf('POST', madeBy).length).toBeGreaterThanOrEqual(posts + cut.call)
    const next = place.newWriter()
    if ((await next.landed(kept)).size === 0)
      expect((await next.commit(await next.refresh(), [put('1')], keep)).kind).toBe('landed')
    expect(await place.log()).toEqual(['web 1', 'The GitOps repository begins'])
    expect(kept).toContain(await place.tipOfRemote())
    expect(await place.files()).toEqual({ 'production/web/a.yaml': '1' })
  })
})

/** Trees, commits and the move. */
const madeBy = /\/git\/(?:trees|commits)$|^\/graphql$/
