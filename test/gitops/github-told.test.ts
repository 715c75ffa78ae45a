import { expect, test } from 'vitest'
import { bytesIn, commitsIn, listingIn } from '../../src/gitops/github-told.ts'

test('F24: what has a field toString where a text is expected is no text', () => {
  const sha = 'a'.repeat(40)
  const odd = { toString: 1, valueOf: 1 }
  const person = { name: odd, email: odd, date: '2026-11-23T09:30:00Z' }
  const commit = { message: odd, tree: { sha }, author: person, committer: person }
  expect(commitsIn([{ sha, parents: [], commit }], 'x')[0]?.message).toBe('')
  const tree = [{ sha, path: odd, mode: odd, type: odd, size: odd }]
  expect(listingIn({ sha, tree }, 'x').entries[0]).toMatchObject({ path: '', bytes: 0 })
})

test('F24: a file that GitHub does not tell in base64 is a fault, which passes', () => {
  for (const content of ['!!!!', 'aGVsbG8', 'a=Vs', '\u00ad'])
    expect(() => bytesIn({ encoding: 'base64', content }, 'reading a file')).toThrow(
      expect.objectContaining({ code: 'gitops_unreachable' }),
    )
  const bytes = bytesIn({ encoding: 'base64', content: 'aGVs\nbG8=\n' }, 'reading a file')
  expect(new TextDecoder().decode(bytes)).toBe('hello')
})
