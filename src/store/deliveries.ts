import type { Database, ResultSet } from './client.ts'

/** What a chat surface sent us, by the name that it gave it. */
export type Delivery = {
  readonly key: string
  readonly surface: string
  /** The id that the request gets which it may make: carried out twice, it is the same request. */
  readonly requestId: string
  readonly body: string
  readonly receivedMs: number
}

/** One that another server took. */
export type LeftDelivery = Delivery & { readonly server: string }

/** How a delivery is kept: under another name besides, or as carried out. */
type Keeping = { readonly alias?: string | undefined; readonly isDone?: boolean }
type NewDelivery = Delivery & Keeping

/** What was delivered: kept before it is answered, so that it is carried out once and is never lost. */
export class DeliveryStore {
  readonly #database: Database
  readonly #server: string

  /** `server` names who takes what is delivered: the data folder of this server. */
  constructor(database: Database, server = '') {
    this.#database = database
    this.#server = server
  }

  /** Keeps a delivery durably. Answers false when it was there already, under either name. */
  async accept(delivery: NewDelivery): Promise<boolean> {
    const [isNew = false] = await this.acceptAll([delivery])
    return isNew
  }

  /** Keeps deliveries in one transaction, and answers of each whether it is new. */
  async acceptAll(deliveries: readonly NewDelivery[]): Promise<boolean[]> {
    const rows = JSON.stringify(withoutRepeats(deliveries).map(rowOf))
    const at = (index: number) => `j.value ->> ${index}`
    const [, , kept] = await this.#database.write(
      [
        {
          sql: `insert into deliveries
                  (key, surface, request_id, body, received_ms, is_done, server)
                select ${[0, 1, 2, 3, 4, 5].map(at).join(', ')}, ? from json_each(?) j
                where not exists (select 1 from deliveries where key = ${at(6)})
                order by j.key on conflict do nothing`,
          args: [this.#server, rows],
        },
        {
          sql: `insert into deliveries (key, surface, request_id, body, received_ms, is_done)
                select ${at(6)}, surface, request_id, '', received_ms, 1
                from json_each(?) j join deliveries d on d.key = ${at(0)}
                  and d.request_id = ${at(2)}
                where ${at(6)} <> ${at(0)} order by j.key on conflict do nothing`,
          args: [rows],
        },
        {
          sql: `select ${at(2)} as id from json_each(?) j
                join deliveries d on d.key = ${at(0)} and d.request_id = ${at(2)}`,
          args: [rows],
        },
      ],
      // Whose it is says the request id, however often it is written.
      { isRepeatable: true },
    )
    const ids = new Set(kept?.rows.map(({ id }) => String(id)))
    return deliveries.map(({ requestId }) => ids.has(requestId))
  }

  async has(key: string): Promise<boolean> {
    const rows = await this.#database.read('select 1 from deliveries where key = ?', [key])
    return rows.length > 0
  }

  /** What was answered to a delivery; `null` as long as nothing was. */
  async answer(key: string): Promise<string | null> {
    const [row] = await this.#database.read('select answer from deliveries where key = ?', [key])
    return row?.answer === undefined || row.answer === null ? null : String(row.answer)
  }

  /** Marks a delivery as carried out, with what was answered. */
  async done(key: string, answer: string): Promise<void> {
    await this.#database.write([
      { sql: 'update deliveries set is_done = 1, answer = ? where key = ?', args: [answer, key] },
    ])
  }

  /** Takes back a delivery whose sender was told that it was not taken. */
  async forget(key: string): Promise<void> {
    await this.#database.write([{ sql: 'delete from deliveries where key = ?', args: [key] }])
  }

  /** What this server took and had not carried out when it ended, oldest first. */
  async open(surface: string): Promise<Delivery[]> {
    const rows = await this.#database.read(
      `select * from deliveries where is_done = 0 and surface = ? and server in (?, '')
       order by received_ms`,
      [surface, this.#server],
    )
    return rows.map(deliveryOf)
  }

  /** What other servers took and have not carried out, oldest first. */
  async openElsewhere(surface: string): Promise<LeftDelivery[]> {
    const rows = await this.#database.read(
      `select * from deliveries where is_done = 0 and surface = ? and server not in (?, '')
       order by received_ms`,
      [surface, this.#server],
    )
    return rows.map((row) => ({ ...deliveryOf(row), server: String(row.server) }))
  }

  /** Makes what another server took this one's. Answers false when it is carried out or taken over. */
  async takeOver({ key, server }: LeftDelivery): Promise<boolean> {
    const [taken] = await this.#database.write([
      {
        sql: 'update deliveries set server = ? where key = ? and server = ? and is_done = 0',
        args: [this.#server, key, server],
      },
    ])
    return taken?.rowsAffected === 1
  }

  /** Forgets what was carried out before a moment: nobody repeats it any more. */
  async prune(surface: string, beforeMs: number): Promise<void> {
    await this.#database.write([
      {
        sql: 'delete from deliveries where is_done = 1 and surface = ? and received_ms < ?',
        args: [surface, beforeMs],
      },
    ])
  }
}

/** Of deliveries with one name the first: in one statement none sees the other. */
function withoutRepeats(deliveries: readonly NewDelivery[]): NewDelivery[] {
  const names = new Set<string>()
  return deliveries.filter(({ key, alias = key }) => {
    const isNew = !names.has(key) && !names.has(alias)
    names.add(key).add(alias)
    return isNew
  })
}

const rowOf = ({ key, alias = key, isDone = false, ...delivery }: NewDelivery) => [
  ...[key, delivery.surface, delivery.requestId, delivery.body, delivery.receivedMs],
  ...[isDone ? 1 : 0, alias],
]

const deliveryOf = (row: ResultSet['rows'][number]): Delivery => ({
  key: String(row.key),
  surface: String(row.surface),
  requestId: String(row.request_id),
  body: String(row.body),
  receivedMs: Number(row.received_ms),
})
