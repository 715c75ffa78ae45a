import { describe, expect, test } from 'vitest'
import { put } from '../support/direct.ts'
import { type OnGithub, onGithub } from '../support/on-github.ts'
import { someonesGit } from '../support/temp.ts'

const nothing = () => Promise.resolve(true)

describe('F32: what GitHub does not let the app do', () => {
  test.each<{ name: string; spoil: (place: OnGithub) => void; words: string }>([
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
      words: 'set contents to write',
    },
    {
      name: 'a repository that it does not see',
      spoil: ({ repository }) => {
        repository.installationId = 43
      },
      words: 'install it there',
    },
  ])('$name is forbidden, with what to do', async ({ spoil, words }) => {
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
