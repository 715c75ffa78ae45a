import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Anchor, AuditRecord } from '../../src/domain/audit.ts'
import { ArtifactStore } from '../../src/store/artifacts.ts'
import { AuditStore, actingAs } from '../../src/store/audit.ts'
import { checkAudit } from '../../src/store/audit-check.ts'
import { type Database, openDatabase } from '../../src/store/client.ts'
import { ControlStore } from '../../src/store/controls.ts'
import { EventStore } from '../../src/store/events.ts'
import { artifact, event } from '../support/builders.ts'
import { isRemote, tempDatabase } from '../support/temp.ts'

/** Over HTTP each run takes ten times as long. */
const share = isRemote ? 10 : 1
const note = (subject: string) => ({ actor: 'alice', action: 'lock.made', subject, detail: '{}' })

/** Records of several kinds, sealed five times, and what the commits after each seal would say. */
async function sealed(database: Database) {
  const audit = new AuditStore(database)
  const events = new EventStore(database)
  const anchors: Anchor[] = []
  for (let at = 1; at <= 5; at++) {
    await events.add(event({ id: `r-${at}`, reason: `the ${at}th, with ünïcode and “quotes”` }))
    const [asked] = await events.claimTargeted(1, 1)
    if (asked) await events.close(asked, { status: 'processed', statusDesc: 'done' })
    await audit.note(note(`l-${at}`))
    const head = await audit.seal()
    if (head) anchors.push({ ...head, commit: `${at}`.repeat(40), unix: at })
  }
  return { audit, anchors }
}

test('what is changed is recorded with it, in the order of the database', async () => {
  const { database } = await tempDatabase()
  const events = new EventStore(database)
  await events.add(event())
  const [asked] = await events.claimTargeted(1, 1)
  if (asked) await events.close(asked, { status: 'held', statusDesc: 'not now' })
  await new ControlStore(database).approve({ eventId: 'r-1', login: 'bob', createdUnix: 0 })
  await new ControlStore(database).reject('r-1', 'rejected by carol', 'carol')
  const records = await new AuditStore(database).list({ limit: 10, offset: 0 })
  expect(records.map(({ seq, actor, action }) => [seq, actor, action])).toEqual([
    [4, 'carol', 'request.denied'],
    [3, 'bob', 'request.approved'],
    [2, '(server)', 'request.held'],
    [1, 'alice', 'request.accepted'],
  ])
  expect(records.at(-1)).toMatchObject({ env: 'production', app: 'web', subject: 'r-1' })
})

test('artifacts that come together leave a record each, and repeats none', async () => {
  const { database } = await tempDatabase()
  const store = new ArtifactStore(database)
  const accept = (id: string) =>
    store.accept({
      ...{ artifact: artifact({ id }), eventId: `e-${id}` },
      ...{ actor: '{"login":"web-ci"}', nowMs: 0 },
    })
  await Promise.all(['web-1', 'web-2', 'web-3', 'web-1'].map(accept))
  const records = await new AuditStore(database).list({ limit: 10, offset: 0 })
  expect(records.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`)).toEqual(
    ['e-web-3', 'e-web-2', 'e-web-1'].map((id) => `web-ci artifact.accepted ${id}`),
  )
})

test('a change that comes to nothing leaves no record, nor a name for the next one', async () => {
  const { database } = await tempDatabase()
  const broken = ['insert into blocks values (1, 2, 3, null)']
  await expect(actingAs(database, 'mallory').write(broken)).rejects.toThrow()
  const controls = new ControlStore(database)
  await controls.addBlock({ artifactId: 'web-1', reason: 'bad', by: 'alice', createdUnix: 0 })
  await controls.removeBlock('web-1')
  const records = await new AuditStore(database).list({ limit: 10, offset: 0 })
  expect(records.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
    '(server) block.ended',
    'alice block.made',
  ])
})

test('A34: the record is only added to', async () => {
  const { database } = await tempDatabase()
  await sealed(database)
  for (const table of ['audit', 'audit_seals'])
    for (const sql of [`delete from ${table}`, `update ${table} set at_ms = 0`])
      await expect(database.write([sql])).rejects.toThrow('only added to')
})

describe('A chain', () => {
  test('holds what was recorded, and says what is not sealed yet', async () => {
    const { database } = await tempDatabase()
    const { audit, anchors } = await sealed(database)
    await audit.note(note('l-6'))
    expect(await checkAudit(database, anchors)).toMatchObject({
      ...{ records: 16, seals: 5, anchors: 5, unsealed: 1, findings: [] },
      head: anchors.at(-1) && { seq: 15, hash: anchors.at(-1)?.hash },
    })
  })

  test('is sealed in parts when there is much', async () => {
    const { database } = await tempDatabase()
    await database.write([
      `insert into audit (at_ms, actor, action, subject, detail)
       with recursive n (i) as (select 1 union all select i + 1 from n where i < 2500)
       select i, 'alice', 'lock.made', 'l-' || i, '{}' from n`,
    ])
    expect(await new AuditStore(database).seal()).toMatchObject({ seq: 2500 })
    expect(await checkAudit(database)).toMatchObject({ seals: 3, unsealed: 0, findings: [] })
  })

  test('F18: is one chain when two servers record and seal at once', async () => {
    const { database, url } = await tempDatabase()
    const other = await openDatabase(url)
    const places = [database, other]
    await Promise.all(
      places.map(async (place, at) => {
        const audit = new AuditStore(place)
        for (let round = 0; round < 20; round++)
          await Promise.all([audit.note(note(`l-${at}-${round}`)), audit.seal()])
        await audit.seal()
      }),
    )
    other.close()
    expect(await checkAudit(database)).toMatchObject({
      ...{ records: 40, unsealed: 0, findings: [] },
    })
  })

  test('goes on after a server that ended between a change and its seal', async () => {
    const { database, url } = await tempDatabase()
    const { audit, anchors } = await sealed(database)
    await audit.note(note('l-6'))
    const next = await openDatabase(url)
    expect(await new AuditStore(next).seal()).toMatchObject({ seq: 16 })
    next.close()
    expect(await checkAudit(database, anchors)).toMatchObject({ unsealed: 0, findings: [] })
  })
})

type Change = { readonly what: string; readonly sql: readonly string[]; readonly named: string }

const count = { audit: 15, audit_seals: 5 } as const
const keyOf = { audit: 'seq', audit_seals: 'number' } as const
const nameOf = { audit: 'record', audit_seals: 'seal' } as const
const texts = {
  audit: ['actor', 'action', 'env', 'app', 'subject', 'detail'],
  audit_seals: ['previous', 'digests', 'hash'],
} as const
const numbers = {
  audit: ['seq', 'at_ms'],
  audit_seals: ['number', 'first', 'last', 'at_ms'],
} as const

const tables = fc.constantFrom('audit' as const, 'audit_seals' as const)
const rowOf = (table: 'audit' | 'audit_seals') => fc.integer({ min: 1, max: count[table] })
const one = (table: 'audit' | 'audit_seals', row: number) => `where ${keyOf[table]} = ${row}`

/** A bit of a text, also one that leaves no text behind; of what is empty, that it is. */
const flipped = tables.chain((table) =>
  fc
    .tuple(rowOf(table), fc.constantFrom(...texts[table]), fc.nat(10_000), fc.nat(7))
    .map(([row, column, at, bit]) => ({ table, row, column, at, bit })),
)

const shifted = tables.chain((table) =>
  fc
    .tuple(rowOf(table), fc.constantFrom(...numbers[table]), fc.constantFrom(100, 9_999, 2 ** 60))
    .map(
      ([row, column, by]): Change => ({
        what: `${table} ${row}: ${column} + ${by}`,
        sql: [`update ${table} set ${column} = ${column} + ${by} ${one(table, row)}`],
        named: `${nameOf[table]} ${row}`,
      }),
    ),
)

const removed = tables.chain((table) =>
  rowOf(table).map(
    (row): Change => ({
      what: `${table} ${row} is deleted`,
      sql: [`delete from ${table} ${one(table, row)}`],
      // Of the last seal only the commits know.
      named:
        table === 'audit_seals' && row === 5
          ? `commit ${'5'.repeat(40)}`
          : `${nameOf[table]} ${row}`,
    }),
  ),
)

const swapped = tables.chain((table) =>
  fc
    .uniqueArray(rowOf(table), { minLength: 2, maxLength: 2 })
    .map(([one_ = 1, other = 2]): Change => {
      const key = keyOf[table]
      return {
        what: `${table} ${one_} and ${other} change places`,
        sql: [
          `update ${table} set ${key} = -1 ${one(table, one_)}`,
          `update ${table} set ${key} = ${one_} ${one(table, other)}`,
          `update ${table} set ${key} = ${other} where ${key} = -1`,
        ],
        named: `${nameOf[table]} ${Math.min(one_, other)}`,
      }
    }),
)

describe('A34: a single change', () => {
  const tampered = async () => {
    const { database } = await tempDatabase()
    const { anchors } = await sealed(database)
    for (const table of ['audit', 'audit_seals'] as const)
      await database.write([
        `drop trigger ${table}_no_update`,
        `drop trigger ${table}_no_delete`,
        `create table ${table}_copy as select * from ${table}`,
      ])
    const undo = (['audit', 'audit_seals'] as const).flatMap((table) => [
      `delete from ${table}`,
      `insert into ${table} select * from ${table}_copy`,
    ])
    /** The first finding of a look at the changed record, which is put back then. */
    const found = async (sql: readonly string[]) => {
      await database.write(sql)
      const [finding] = (await checkAudit(database, anchors)).findings
      await database.write(undo)
      return `${finding?.what} ${finding?.name}`
    }
    return { database, anchors, found }
  }

  test('of a number, a row or an order is found and named', async () => {
    const { found } = await tampered()
    const check = async ({ sql, named }: Change) => {
      expect(await found(sql)).toBe(named)
    }
    await fc.assert(fc.asyncProperty(fc.oneof(shifted, removed, swapped), check), {
      numRuns: 150 / share,
    })
  })

  test('of any bit of any text is found and named', async () => {
    const { database, found } = await tampered()
    await fc.assert(
      fc.asyncProperty(flipped, async ({ table, row, column, at, bit }) => {
        const [before] = await database.read(
          `select hex(${column}) as hex from ${table} ${one(table, row)}`,
        )
        const bytes = Buffer.from(String(before?.hex ?? ''), 'hex')
        const place = at % Math.max(bytes.length, 1)
        if (bytes.length > 0) bytes[place] = (bytes[place] ?? 0) ^ (1 << bit)
        // What is not there becomes an empty text.
        const value = `cast(x'${bytes.toString('hex')}' as text)`
        const sql = [`update ${table} set ${column} = ${value} ${one(table, row)}`]
        expect(await found(sql)).toBe(`${nameOf[table]} ${row}`)
      }),
      { numRuns: 300 / share },
    )
  })

  test('is found when the seals after it are made anew: the commits do not fit', async () => {
    const { database, anchors } = await tampered()
    await database.write([
      `update audit set actor = 'mallory' where seq = 8`,
      'delete from audit_seals where number >= 3',
    ])
    const head = await new AuditStore(database).seal()
    expect(head?.seq).toBe(15)
    const [finding] = (await checkAudit(database, anchors)).findings
    expect(finding).toMatchObject({ what: 'commit', name: '3'.repeat(40) })
    expect(finding?.message).toContain(`The last commit that fits is ${'2'.repeat(40)}`)
  })

  test('of what is before the first record, or was taken away unsealed, is found', async () => {
    const { database, found } = await tampered()
    const stray = `insert into audit values (-5, 0, 'mallory', 'lock.made', null, null, 'l', '{}')`
    expect(await found([stray])).toBe('record -5')
    await new AuditStore(database).note(note('l-6'))
    await new AuditStore(database).note(note('l-7'))
    const gone = await found(['delete from audit where seq = 16'])
    expect(gone).toBe('record 16')
  })

  test('is found when only a trigger was taken away', async () => {
    const { database } = await tempDatabase()
    const { anchors } = await sealed(database)
    await database.write(['drop trigger audit_user_added'])
    const { findings } = await checkAudit(database, anchors)
    expect(findings).toMatchObject([{ what: 'trigger', name: 'audit_user_added' }])
  })
})

test('records are found by who, what and when', async () => {
  const { database } = await tempDatabase()
  const audit = new AuditStore(database)
  const events = new EventStore(database)
  await events.add(event())
  await events.add(event({ id: 'r-2', app: 'api', actor: { ...event().actor, login: 'bob' } }))
  const ids = (records: readonly AuditRecord[]) => records.map(({ subject }) => subject)
  const page = { limit: 10, offset: 0 }
  expect(ids(await audit.list({ ...page, actor: 'bob' }))).toEqual(['r-2'])
  expect(ids(await audit.list({ ...page, app: 'web' }))).toEqual(['r-1'])
  expect(ids(await audit.list({ ...page, limit: 1, offset: 1 }))).toEqual(['r-1'])
  const nowUnix = Math.floor(Date.now() / 1000)
  expect(await audit.list({ ...page, sinceUnix: nowUnix + 60 })).toEqual([])
  expect(ids(await audit.list({ ...page, untilUnix: nowUnix + 60 }))).toEqual(['r-2', 'r-1'])
})
