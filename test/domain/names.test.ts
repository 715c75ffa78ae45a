import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAddressOf, isArtifactId, isLabel, isRepository, isSha, isShaPrefix, lastPart } from '../../src/domain/names.ts' // biome-ignore format: one import

const any = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.string({ unit: fc.constantFrom(...'ab9-./_@:+%\\\n\u0000 A*'), maxLength: 70 }),
)

describe('A12/A17: a name that is taken', () => {
  const runs = { numRuns: 5_000 }
  test('as a label is one path part, no option and no pattern', () => {
    fc.assert(
      fc.property(any, (name) => {
        expect(isLabel(name)).toBe(
          name.length <= 63 && /^[a-z0-9-]+$/.test(name) && !/^-|-$/.test(name) && !/\n/.test(name),
        )
      }),
      runs,
    )
  })
  test.each([
    { name: 'an artifact id', accepts: isArtifactId, most: 250 },
    { name: 'a repository', accepts: isRepository, most: 200 },
  ])('as $name never leaves its folder, is no option and holds nothing unseen', (given) => {
    fc.assert(
      fc.property(any, (name) => {
        if (!given.accepts(name)) return
        expect(name.length).toBeLessThanOrEqual(given.most)
        expect(name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._@:+/-]*$/)
        expect(name.split('/')).not.toContain('')
        expect(name).not.toContain('..')
      }),
      runs,
    )
  })
})

test.each(['a', 'web', 'web-2', '0', 'a'.repeat(63), 'constructor'])('%j is a label', (name) => {
  expect(isLabel(name)).toBe(true)
})

test.each(['', '-a', 'a-', 'A', 'a_b', 'a.b', 'a/b', '..', '.git', 'a'.repeat(64), 'a\n', 'a\u0000', 'ａ', 'é', ' a', '--force', '*'])('%j is no label', (name) => {
  expect(isLabel(name)).toBe(false)
}) // biome-ignore format: one list

test('a commit id is 40 characters and may be abbreviated to 7', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), maxLength: 45 }),
      (id) => {
        expect(isSha(id)).toBe(id.length === 40)
        expect(isShaPrefix(id)).toBe(id.length >= 7 && id.length <= 40)
      },
    ),
  )
  for (const id of ['ABCDEF0', 'HEAD', '--all00', 'abcdef0\n']) expect(isShaPrefix(id)).toBe(false)
})

test('the last part of a repository’s name is what follows its last slash', () => {
  expect(['owner/web', 'web', 'a/b/web'].map(lastPart)).toEqual(['web', 'web', 'web'])
})

describe('a git address', () => {
  test.each([
    'https://github.com/acme/gitops',
    'https://github.com/Acme/GitOps.git/',
    'git@github.com:acme/gitops.git',
    'ssh://git@github.com:22/acme/gitops.git',
    '/srv/git/acme/gitops.git',
  ])('%s is that of acme/gitops', (address) => {
    expect(isAddressOf(address, 'acme/gitops')).toBe(true)
  })
  test.each(['https://github.com/acme/gitops-2', 'https://github.com/gitops', 'acme', ''])(
    '%s is not',
    (address) => {
      expect(isAddressOf(address, 'acme/gitops')).toBe(false)
    },
  )
})
