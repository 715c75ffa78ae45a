import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ArtifactFilter, ArtifactStore } from '../../src/store/artifacts.ts'
import { EventStore } from '../../src/store/events.ts'
import { artifact, sha } from '../support/builders.ts'
import { tempDatabase } from '../support/temp.ts'

async function store() {
  const { database } = await tempDatabase()
  const artifacts = new ArtifactStore(database)
  let events = 0
  return {
    database,
    artifacts,
    events: new EventStore(database),
    accept: (body: Record<string, unknown> = {}, nowMs = 1_000_000) =>
      artifacts.accept({
        artifact: artifact(body),
        eventId: `e-${++events}`,
        actor: JSON.stringify({ login: 'ci' }),
        nowMs,
      }),
    count: async (table: 'artifacts' | 'events') =>
      Number((await database.read(`select count(*) as n from ${table}`))[0]?.n),
    ids: async (filter: Partial<ArtifactFilter>) =>
      (await artifacts.list({ limit: 50, offset: 0, ...filter })).map(({ id }) => id),
  }
}

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, reversed(entry)]),
  )
}

describe('F14: an artifact that CI posts twice', () => {
  test('is stored once, with one event', async () => {
    const { accept, count } = await store()
    const first = await accept()
    const second = await accept({}, 9_000_000)
    expect([first.kind, second.kind]).toEqual(['stored', 'same'])
    expect(second.artifact).toEqual(first.artifact)
    expect([await count('artifacts'), await count('events')]).toEqual([1, 1])
  })

  test('with other content is told apart, and the first stays', async () => {
    const { accept, artifacts } = await store()
    const first = await accept()
    const other = await accept({ context: { CI: 'other' } })
    expect(other).toEqual({ kind: 'different', artifact: first.artifact })
    expect(await artifacts.find('web-1')).toEqual(first.artifact)
  })

  test('with another time of its version is told apart; without one it is the same', async () => {
    const { accept } = await store()
    const posted = artifact().version
    await accept({ version: { ...posted, created: 7 } })
    expect((await accept({ version: { ...posted, created: 8 } })).kind).toBe('different')
    expect((await accept({ version: posted }, 9_000_000)).kind).toBe('same')
  })

  test('is the same whatever the order of its keys', async () => {
    const { artifacts } = await store()
    const posted = artifact({ context: { a: '1', b: '2' }, more: { x: 1, y: [{ p: 1, q: 2 }] } })
    const arrival = { actor: '{}', nowMs: 0 }
    await artifacts.accept({ ...arrival, artifact: posted, eventId: 'e-1' })
    const turned = reversed(posted) as typeof posted
    expect(Object.keys(turned)).not.toEqual(Object.keys(posted))
    const again = await artifacts.accept({ ...arrival, artifact: turned, eventId: 'e-2' })
    expect(again.kind).toBe('same')
  })

  test('without an id is named by its content', async () => {
    const { accept } = await store()
    const first = await accept({ id: undefined })
    const again = await accept({ id: undefined })
    const other = await accept({ id: undefined, context: { a: 'b' } })
    expect(first.artifact.id).toMatch(/^owner\/web-[0-9a-f]{40}$/)
    expect(again).toEqual({ kind: 'same', artifact: first.artifact })
    expect(other.kind).toBe('stored')
    expect(other.artifact.id).not.toBe(first.artifact.id)
  })

  test('fifty times at once is stored once', async () => {
    const { accept, count } = await store()
    const results = await Promise.all(Array.from({ length: 50 }, () => accept()))
    expect(results.filter(({ kind }) => kind === 'stored')).toHaveLength(1)
    expect(results.filter(({ kind }) => kind === 'same')).toHaveLength(49)
    expect(new Set(results.map((result) => JSON.stringify(result.artifact))).size).toBe(1)
    expect([await count('artifacts'), await count('events')]).toEqual([1, 1])
  })

  test('among others of one flush: the first of an id wins, the rest hear what they are', async () => {
    const { accept, count } = await store()
    const results = await Promise.all([
      accept({ id: 'a' }),
      accept({ id: 'b' }),
      accept({ id: 'a' }),
      accept({ id: 'a', context: { CI: 'other' } }),
      accept({ id: 'b' }),
    ])
    expect(results.map(({ kind }) => kind)).toEqual([
      'stored',
      'stored',
      'same',
      'different',
      'same',
    ])
    expect([await count('artifacts'), await count('events')]).toEqual([2, 2])
  })
})

test('an artifact’s event is stored with it, due at once', async () => {
  const { accept, events } = await store()
  await accept({}, 5_000)
  expect(await events.ofArtifact('web-1')).toMatchObject({
    id: 'e-1',
    kind: 'artifact',
    status: 'new',
    artifactId: 'web-1',
    env: null,
    app: null,
    actor: { login: 'ci' },
    createdMs: 5_000,
  })
})

test('any content comes back as it was accepted', async () => {
  const { artifacts } = await store()
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  const safe = fc.string({ unit: 'grapheme', maxLength: 20 })
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.dictionary(text, safe), text, async (context, message) => {
      const id = `a-${++count}`
      const fresh = artifact({ id })
      const posted = { ...fresh, context, version: { ...fresh.version, message } }
      const arrival = { artifact: posted, eventId: `e-${id}`, actor: '{}', nowMs: 0 }
      const { artifact: stored } = await artifacts.accept(arrival)
      expect(await artifacts.find(id)).toEqual(JSON.parse(JSON.stringify(stored)))
      expect((await artifacts.accept({ ...arrival, eventId: `f-${id}` })).kind).toBe('same')
    }),
    { numRuns: 60 },
  )
})

describe('a list of artifacts', () => {
  const other = '1'.repeat(40)
  const rows = async () => {
    const made = await store()
    await made.accept({ id: 'a', version: { branch: 'main' } }, 1_000_000)
    await made.accept(
      { id: 'b', version: { event: 'pr', sourceBranch: 'fix', branch: 'main' } },
      2_000_000,
    )
    await made.accept(
      { id: 'c', version: { repositoryName: 'owner/api', sha: other, branch: 'dev' } },
      3_000_000,
    )
    await made.accept(
      {
        id: 'd',
        version: { repositoryName: 'owner/mono', event: 'tag', tag: 'v1', branch: '' },
        environments: [
          { app: 'web', env: 'production' },
          { app: 'web', env: 'staging' },
        ],
      },
      4_000_000,
    )
    return made
  }
  test.each<{ name: string; given: Partial<ArtifactFilter>; want: string[] }>([
    { name: 'is newest first', given: {}, want: ['d', 'c', 'b', 'a'] },
    { name: 'of a repository', given: { repository: 'owner/web' }, want: ['b', 'a'] },
    { name: 'of no known repository', given: { repository: 'owner/none' }, want: [] },
    { name: 'of a branch', given: { branch: 'main' }, want: ['b', 'a'] },
    { name: 'of a source branch', given: { sourceBranch: 'fix' }, want: ['b'] },
    { name: 'of an event', given: { event: 'tag' }, want: ['d'] },
    { name: 'of one commit', given: { shas: [other] }, want: ['c'] },
    { name: 'of several commits', given: { shas: [other, sha] }, want: ['d', 'c', 'b', 'a'] },
    { name: 'of the same commit twice', given: { shas: [other, other] }, want: ['c'] },
    { name: 'of an unknown commit', given: { shas: ['2'.repeat(40)] }, want: [] },
    { name: 'since a time', given: { sinceUnix: 3_000 }, want: ['d', 'c'] },
    { name: 'until a time', given: { untilUnix: 2_000 }, want: ['b', 'a'] },
    { name: 'in a page', given: { limit: 2, offset: 1 }, want: ['c', 'b'] },
    {
      name: 'of an app by its name or by those that bring it',
      given: { app: { name: 'web', repository: null } },
      want: ['d', 'b', 'a'],
    },
    {
      name: 'of an app that is bound to another repository',
      given: { app: { name: 'web', repository: 'owner/api' } },
      want: ['d', 'c'],
    },
    {
      name: 'of several conditions',
      given: { app: { name: 'web', repository: null }, event: 'push' },
      want: ['a'],
    },
  ])('$name', async ({ given, want }) => {
    const { ids } = await rows()
    expect(await ids(given)).toEqual(want)
  })

  test('an app’s name is compared as it is written', async () => {
    const { accept, ids } = await store()
    await accept({ id: 'upper', version: { repositoryName: 'owner/WEB' } })
    expect(await ids({ app: { name: 'web', repository: null } })).toEqual([])
  })

  test('of a commit finds those before and after the index was brought up to date', async () => {
    const { database, accept, ids } = await store()
    const shas = ['a', 'b', 'c'].map((letter) => letter.repeat(40))
    for (const [at, one] of shas.entries()) await accept({ id: `i-${at}`, version: { sha: one } })
    const [indexed] = await database.read('select count(*) as n from artifact_shas')
    expect(indexed?.n).toBe(1)
    expect(await ids({ shas })).toEqual(['i-2', 'i-1', 'i-0'])
    for (const [at, one] of shas.entries()) expect(await ids({ shas: [one] })).toEqual([`i-${at}`])
  })

  const payloads = [
    `' or 1=1 --`,
    `'; drop table artifacts; --`,
    '%',
    '_%',
    'owner/%',
    '"',
    '\\',
    'null',
    '["a"]',
    '\u0000',
    '𝕏 union select id from users',
  ]
  test.each(payloads)('A36: %j finds nothing and breaks nothing in any filter', async (payload) => {
    const { ids, count } = await rows()
    for (const filter of ['repository', 'branch', 'sourceBranch', 'event'])
      expect(await ids({ [filter]: payload }), filter).toEqual([])
    expect(await ids({ shas: [payload] })).toEqual([])
    expect(await ids({ app: { name: 'none', repository: payload } })).toEqual([])
    expect(await count('artifacts')).toBe(4)
  })
})
