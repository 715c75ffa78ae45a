import type { Message, NewMessage, Sent, Subject } from '../domain/message.ts'
import type { Database, InStatement, ResultSet } from './client.ts'

/** The outbox: messages that are to be sent, or kept up to date. */
export class MessageStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Keeps messages; those that are there already are to be looked at again. */
  async put(messages: readonly NewMessage[], nowMs: number): Promise<void> {
    if (messages.length > 0)
      await this.#database.write(messages.map((message) => putStatement(message, nowMs)))
  }

  /**
   * The changes that a reader has not read. A reader that is new begins at the end: it does not tell
   * the past.
   */
  async changes(
    reader: string,
    limit: number,
  ): Promise<{ readonly subjects: readonly Subject[]; readonly upto: number }> {
    const from = await this.#readerAt(reader)
    const rows = await this.#database.read(
      'select seq, kind, id from changes where seq > ? order by seq limit ?',
      [from, limit],
    )
    const subjects = rows.map(
      (row): Subject => ({ kind: row.kind === 'lock' ? 'lock' : 'request', id: String(row.id) }),
    )
    return { subjects, upto: Number(rows.at(-1)?.seq ?? from) }
  }

  async #readerAt(reader: string): Promise<number> {
    const [known] = await this.#database.read('select seq from readers where name = ?', [reader])
    if (known) return Number(known.seq)
    const [, row] = await this.#database.write([
      {
        sql: `insert into readers select ?, coalesce(max(seq), 0) from changes
              where true on conflict do nothing`,
        args: [reader],
      },
      { sql: 'select seq from readers where name = ?', args: [reader] },
    ])
    return Number(row?.rows[0]?.seq ?? 0)
  }

  /** Marks every message about the subjects as to be looked at, adds new ones, and has read up to there. */
  async read(
    reader: { readonly name: string; readonly surface: string; readonly upto: number },
    {
      subjects,
      added,
      nowMs,
    }: { subjects: readonly Subject[]; added: readonly NewMessage[]; nowMs: number },
  ): Promise<void> {
    await this.#database.write([
      {
        sql: `update messages set changed = changed + 1,
                due_ms = case when changed > sent then due_ms else ?1 end
              where surface = ?2 and kind = 'live' and (subject_kind, subject_id) in
                (select value ->> 'kind', value ->> 'id' from json_each(?3))`,
        args: [nowMs, reader.surface, JSON.stringify(subjects)],
      },
      ...added.map((message) => putStatement(message, nowMs)),
      { sql: 'update readers set seq = ? where name = ?', args: [reader.upto, reader.name] },
    ])
  }

  /** Which of these subjects have a message in some place of the surface already. */
  async about(surface: string, subjects: readonly Subject[]): Promise<readonly Message[]> {
    const rows = await this.#database.read(
      `select * from messages where surface = ? and kind = 'live' and (subject_kind, subject_id) in
         (select value ->> 'kind', value ->> 'id' from json_each(?))`,
      [surface, JSON.stringify(subjects)],
    )
    return rows.map(messageOf)
  }

  /** The oldest message of each place that is due: within a place they keep their order. */
  async due(surface: string, nowMs: number): Promise<Message[]> {
    const rows = await this.#database.read(
      `select * from (
         select *, row_number() over (partition by place order by due_ms, seq) as at
         from messages where surface = ? and changed > sent and due_ms <= ?)
       where at = 1 order by due_ms, seq`,
      [surface, nowMs],
    )
    return rows.map(messageOf)
  }

  /** Unix milliseconds at which the next message is due, or nothing. */
  async nextDueMs(surface: string): Promise<number | undefined> {
    const [row] = await this.#database.read(
      'select min(due_ms) as due from messages where surface = ? and changed > sent',
      [surface],
    )
    return typeof row?.due === 'number' ? row.due : undefined
  }

  /** The message that a surface knows by this name. */
  async withTs(surface: string, at: { place: string; ts: string }): Promise<Message | undefined> {
    const [row] = await this.#database.read(
      'select * from messages where surface = ? and place = ? and ts = ?',
      [surface, at.place, at.ts],
    )
    return row && messageOf(row)
  }

  /** Says that a message shows what there was when it was taken. */
  async sent({ seq, changed }: Message, { ts, place, shown, told }: Sent): Promise<void> {
    await this.#database.write([
      {
        sql: `update messages set sent = max(sent, ?), ts = ?, place = ?, shown = ?, told = ?,
                attempts = 0, problem = null where seq = ?`,
        args: [changed, ts, place, shown, JSON.stringify(told), seq],
      },
    ])
  }

  /** Puts a message back, to be sent again at `dueMs`. */
  async postpone(
    { seq }: Message,
    { dueMs, problem, isAttempt }: { dueMs: number; problem: string; isAttempt: boolean },
  ): Promise<void> {
    await this.#database.write([
      {
        sql: 'update messages set due_ms = ?, problem = ?, attempts = attempts + ? where seq = ?',
        args: [dueMs, problem, isAttempt ? 1 : 0, seq],
      },
    ])
  }

  /** Gives a message up: nothing is sent any more. */
  async giveUp({ seq, changed }: Message, problem: string | null): Promise<void> {
    await this.#database.write([
      {
        sql: 'update messages set sent = max(sent, ?), problem = ? where seq = ?',
        args: [changed, problem, seq],
      },
    ])
  }

  /** What keeps messages from being sent, with how many it keeps. */
  async problems(surface: string): Promise<{ place: string; problem: string; count: number }[]> {
    const rows = await this.#database.read(
      `select place, problem, count(*) as n from messages
       where surface = ? and changed > sent and problem is not null and problem <> 'on its way'
       group by place, problem`,
      [surface],
    )
    return rows.map((row) => ({
      place: String(row.place),
      problem: String(row.problem),
      count: Number(row.n),
    }))
  }

  /** Forgets messages that were sent before a moment, and can only be about the past. */
  async prune(surface: string, beforeMs: number): Promise<void> {
    await this.#database.write([
      {
        sql: `delete from messages where surface = ? and changed <= sent and created_ms < ?
                and (kind = 'post' or until_ms < ?)`,
        args: [surface, beforeMs, beforeMs],
      },
    ])
  }
}

function putStatement(message: NewMessage, nowMs: number): InStatement {
  const { key, surface, kind, subject, place, thread, body, shown, dueMs, untilMs } = message
  return {
    sql: `insert into messages (key, surface, kind, subject_kind, subject_id, place, thread, body,
            shown, due_ms, until_ms, created_ms)
          values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          on conflict (key) do update set changed = changed + 1,
            shown = coalesce(excluded.shown, shown),
            due_ms = case when changed > sent then due_ms else excluded.due_ms end
            where kind = 'live'`,
    args: [
      ...[key, surface, kind, subject?.kind ?? null, subject?.id ?? null, place, thread],
      ...[body === null ? null : JSON.stringify(body), shown ?? null, dueMs, untilMs, nowMs],
    ],
  }
}

function messageOf(row: ResultSet['rows'][number]): Message {
  const text = (name: string) => (row[name] === null ? null : String(row[name]))
  const subject = text('subject_id')
  return {
    seq: Number(row.seq),
    key: String(row.key),
    surface: String(row.surface),
    kind: row.kind === 'live' ? 'live' : 'post',
    subject:
      subject === null
        ? null
        : { kind: row.subject_kind === 'lock' ? 'lock' : 'request', id: subject },
    place: String(row.place),
    thread: text('thread'),
    body: row.body === null ? null : JSON.parse(String(row.body)),
    ts: text('ts'),
    shown: text('shown'),
    told: JSON.parse(String(row.told)) as string[],
    changed: Number(row.changed),
    attempts: Number(row.attempts),
    isTried: row.problem !== null,
    dueMs: Number(row.due_ms),
    untilMs: row.until_ms === null ? null : Number(row.until_ms),
    createdMs: Number(row.created_ms),
  }
}
