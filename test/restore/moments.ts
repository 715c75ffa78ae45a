import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { restoreHere } from '../../src/cli/serve.ts'
import { makeLog } from '../../src/log.ts'
import { startServer } from '../../src/main.ts'
import { readSettings } from '../../src/read-settings.ts'
import type { Database } from '../../src/store/client.ts'
import { judge } from '../crash/checker.ts'
import { filesOf } from '../crash/files.ts'
import { acceptedIn, type Flow, type Memory, rest } from '../crash/flows.ts'
import { type History, readHistory } from '../crash/history.ts'
import { copyPlace, layPlace, type Place, placeIn, serverAt, settingsOf } from '../crash/place.ts'
import { collected } from '../support/collected.ts'
import { tempFolder } from '../support/temp.ts'

/** A copy of the database as it was right after one of the transactions of a flow. */
export type Moment = { readonly name: string; readonly file: string }

/** A flow that was lived through to its end, and a backup of each of its moments. */
export type Lived = {
  readonly folder: string
  readonly place: Place
  readonly moments: readonly Moment[]
  readonly history: History
}

/** Plays a flow, and copies the database after each transaction. */
export async function lived(flow: Flow): Promise<Lived> {
  const folder = await tempFolder()
  const place = placeIn(join(folder, 'lived'))
  mkdirSync(place.folder, { recursive: true })
  await layPlace(place, filesOf())
  const moments: Moment[] = []
  let isFlowing = false
  const copy = async (database: Database, what: string) => {
    const file = join(folder, `moment-${moments.length}.db`)
    moments.push({ name: `${moments.length}: ${what}`, file })
    await database.read('vacuum into ?', [file])
  }
  const copying = (database: Database): Database => ({
    ...database,
    async write(statements, how) {
      if (isFlowing && moments.length === 0) await copy(database, 'before all')
      const results = await database.write(statements, how)
      const [first = ''] = statements
      const sql = (typeof first === 'string' ? first : first.sql).replaceAll(/\s+/g, ' ')
      if (isFlowing) await copy(database, sql.slice(0, 50))
      return results
    },
  })
  const server = await startAt(place, copying)
  const memory: Memory = new Map()
  await flow.prepare(server, memory)
  await rest(server)
  isFlowing = true
  await flow.run(server, memory, place)
  await rest(server)
  isFlowing = false
  await server.kill()
  const evidence = { ...place, accepted: acceptedIn(memory) }
  return { folder, place, moments, history: await readHistory(evidence) }
}

/** Restores a moment beside the world as it was at the end, and starts a server on it. */
export async function restored({ folder, place: from }: Lived, { file }: Moment) {
  const place = placeIn(join(folder, 'restored'))
  copyPlace(from, place)
  await collected()
  const environment = settingsOf(place)
  const came = await restoreHere({ environment, file, told: () => undefined })
  await collected()
  if ('problems' in came) throw new Error(came.problems.join('\n'))
  const server = await startAt(place)
  await rest(server)
  return { place, came, server }
}

async function startAt(place: Place, through = (database: Database) => database) {
  const config = readSettings({ ...settingsOf(place), LOG_LEVEL: 'silent' })
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  const log = makeLog(config.logLevel, config.secrets)
  const { url, stop } = await startServer(config, log, (ways) => ({
    ...ways,
    database: through(ways.database),
  }))
  return { ...serverAt(url, place), ended: new Promise<string>(() => undefined), kill: stop }
}

/**
 * Which invariants a restored server breaks. What happened after the backup is known from the database
 * before only; where both speak of the same, the restored one counts.
 */
export async function brokenAfter({ history }: Lived, place: Place): Promise<readonly string[]> {
  const is = await readHistory({ ...place, accepted: history.accepted })
  const missing = <T>(all: readonly T[], here: readonly T[], idOf: (one: T) => string) => {
    const ids = new Set(here.map(idOf))
    return [...here, ...all.filter((one) => !ids.has(idOf(one)))]
  }
  const found = judge({
    ...is,
    events: missing(history.events, is.events, ({ id }) => id),
    intents: missing(history.intents, is.intents, ({ ref }) => ref),
    decisions: new Map([...history.decisions, ...is.decisions]),
    // The record ends where the backup was made; `gimlet audit verify` is told from which commits on to look.
    audit: { ...is.audit, records: [...history.audit.records, ...is.audit.records], findings: [] },
  })
  return [...found, ...again(history, is)]
}

/** Nothing is carried out that was not asked anew: the branch got marks only, and the same runs. */
function* again(before: History, is: History): Generator<string> {
  const releasing = ({ commits }: History) => commits.filter(({ releaseId }) => releaseId !== '')
  for (const { ref, releaseId } of releasing(is).slice(releasing(before).length))
    yield `${releaseId} was carried out by ${ref} after the restore`
  const runs = ({ running }: History) =>
    JSON.stringify([...running].map(([folder, { id }]) => [folder, id]).sort())
  if (runs(is) !== runs(before)) yield `${runs(is)} runs, and before ${runs(before)} did`
  for (const { id, status } of is.events)
    if (status === 'new' || status === 'held') yield `${id} is still ${status}`
}
