import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseArtifact } from '../../src/domain/artifact.ts'
import { isRefusal } from '../../src/domain/fault.ts'
import { posted, sha } from '../support/builders.ts'

const refusal = (body: unknown): string => {
  const parsed = parseArtifact(body)
  return isRefusal(parsed) ? parsed.message : 'taken'
}
const line = fc.stringMatching(/^[A-Za-z0-9 /._-]{0,30}$/)
const key = fc.stringMatching(/^x[a-z]{1,10}$/)

describe('the design draft’s form', () => {
  test('is the same artifact as GimletD’s', () => {
    const any = fc.record({
      branch: line,
      source: line,
      message: fc.string(),
      pr: fc.option(fc.boolean(), { nil: undefined }),
      items: fc.array(fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }))),
    })
    fc.assert(
      fc.property(any, ({ branch, source, message, pr, items }) => {
        fc.pre(!JSON.stringify([message, items]).includes('\\u0000'))
        fc.pre(!/__proto__|constructor|prototype/.test(JSON.stringify(items)))
        const shared = { sha, branch, message }
        const draft = {
          version: { name: 'owner/web', source_branch: source, ...shared, ...(pr === undefined ? {} : { pr }) },
          artifacts: items,
        } // biome-ignore format: two forms side by side
        const gimletd = {
          version: { repositoryName: 'owner/web', sourceBranch: source, ...shared, event: pr ? 'pr' : 'push', ...(pr ? { targetBranch: branch } : {}) },
          items,
        } // biome-ignore format: two forms side by side
        expect(parseArtifact(draft)).toEqual(parseArtifact(gimletd))
        expect(isRefusal(parseArtifact(draft))).toBe(false)
      }),
    )
  })

  test('beside GimletD’s is refused, as nothing says which one is meant', () => {
    expect(refusal({ ...posted(), artifacts: [] })).toContain('artifact.artifacts')
    expect(refusal(posted({ version: { pr: 'yes' } }))).toContain('artifact.version.pr')
  })
})

test('unknown keys are kept, wherever they stand', () => {
  fc.assert(
    fc.property(key, fc.jsonValue({ maxDepth: 4 }), (name, value) => {
      fc.pre(!/\\u0000|__proto__|constructor|prototype/.test(JSON.stringify(value)))
      const extra = { [name]: value }
      const body = posted({ ...extra, version: extra, environments: [{ app: 'a', env: 'b', ...extra }], items: [extra] }) // biome-ignore format: one value
      expect(parseArtifact(body)).toMatchObject({ ...extra, version: extra, environments: [extra], items: [extra] }) // biome-ignore format: one claim
    }),
  )
})

test('whatever is posted is an artifact or a refusal that names a field', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue(), (body, version) => {
      for (const one of [
        body,
        { version: body },
        posted({ version }),
        posted({ environments: body }),
      ])
        expect(refusal(one)).toMatch(/^taken$|^artifact/)
    }),
    { numRuns: 500 },
  )
})

test('A4: an artifact that says it is a refusal is none', () => {
  const forged = { kind: 'refusal', code: 'overloaded', message: 'forged' }
  expect(refusal(forged)).toBe('artifact.version: must be an object')
  expect(refusal({ ...posted(), ...forged })).toBe('taken')
})

describe('A19: hostile keys', () => {
  const places = ['{"K": 1, V}', '{"context": {"K": "x"}, V}', '{"items": [{"a": {"K": 1}}], V}', '{"environments": [{"K": {}}], V}', '{"version": {"K": {"x": 1}}}'] // biome-ignore format: one list
  const version = `"version": ${JSON.stringify(posted().version)}`
  test.each(['__proto__', 'constructor', 'prototype'])(
    '%s is refused wherever it stands',
    (name) => {
      for (const place of places) {
        const body: unknown = JSON.parse(place.replace('K', name).replace('V}', `${version}}`))
        expect(refusal(body), place).toContain(name)
      }
      expect(Object.keys(Object.prototype)).toEqual([])
    },
  )
})

test.each([
  { name: 'an object', body: null, want: 'artifact' },
  { name: 'a version', body: {}, want: 'artifact.version' },
  { name: 'a repository', body: posted({ version: { repositoryName: '../x' } }), want: 'artifact.version.repositoryName' }, // biome-ignore format: one row
  { name: 'a commit', body: posted({ version: { sha: '--all' } }), want: 'artifact.version.sha' },
  { name: 'a known event', body: posted({ version: { event: 'merge' } }), want: 'push, tag or pr' },
  { name: 'one line as branch', body: posted({ version: { branch: 'a\nb' } }), want: 'artifact.version.branch' }, // biome-ignore format: one row
  { name: 'an id without dots', body: posted({ id: 'a/../b' }), want: 'artifact.id' },
  { name: 'a label as app', body: posted({ environments: [{ app: 'A', env: 'x' }] }), want: 'artifact.environments.0.app' }, // biome-ignore format: one row
  { name: 'text in the context', body: posted({ context: { a: 1 } }), want: 'artifact.context.a' },
  { name: 'no NUL', body: posted({ context: { a: '\u0000' } }), want: 'NUL' },
])('F33: a refusal names the field that needs $name', ({ body, want }) => {
  expect(refusal(body)).toContain(want)
})
