import type { NewEvent } from '../domain/event.ts'
import type { Database, Value } from './client.ts'
import { insertEvent } from './event-statements.ts'

/** Which times of which scheduled trigger were told. */
export class ScheduleStore {
  readonly #database: Database
  readonly #noted = new Set<string>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Notes a scheduled trigger that is new: times before now were not meant. */
  async note(trigger: string, nowMs: number): Promise<void> {
    if (this.#noted.has(trigger)) return
    await this.#database.write([
      {
        sql: `insert into schedule_runs select ?1, ?2
              where not exists (select 1 from schedule_runs where trigger = ?1)`,
        args: [trigger, nowMs],
      },
    ])
    this.#noted.add(trigger)
  }

  /** Keeps the event of a trigger's time, once; answers false when it was told or not meant. */
  async add(event: NewEvent, run: { trigger: string; due: number }): Promise<boolean> {
    const { sql, args } = insertEvent(event) as { sql: string; args: Value[] }
    const isTold = 'select 1 from schedule_runs where trigger = ? and due = ?'
    const isKnown = 'select 1 from schedule_runs where trigger = ? and due < ?'
    const [added] = await this.#database.write([
      {
        sql: `${sql.replace(/ values \(.*\)$/s, ' select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?')}
              where not exists (${isTold}) and exists (${isKnown})`,
        args: [...args, run.trigger, run.due, run.trigger, run.due],
      },
      {
        sql: `insert into schedule_runs select ?, ? where exists (${isKnown}) on conflict do nothing`,
        args: [run.trigger, run.due, run.trigger, run.due],
      },
    ])
    return added?.rowsAffected === 1
  }
}
