import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  databaseFileOf,
  isOfDisk,
  kept,
  onlyOurs,
  type Problems,
  roomFor,
  said,
  sizeOf,
} from './backup-parts.ts'
import type { Config } from './config.ts'
import { Fault } from './domain/fault.ts'
import { type Caught, catchUp, type Told } from './restored-parts.ts'
import { type Held, lookInto } from './store/backup.ts'
import { type Database, holdFile, openAlone } from './store/client.ts'
import { newServerId } from './store/ids.ts'
import { type LostKind, lostSince } from './store/lost.ts'
import { migrate } from './store/migrate.ts'

export type RestoreAsked = {
  readonly file: string
  readonly environment: Readonly<NodeJS.ProcessEnv>
  readonly told: Told
}

/** What was restored, and what it came to. */
export type Restored = Caught & {
  readonly from: Held
  readonly database: string
  /** Where the database before lies; `null` when there was none. */
  readonly before: string | null
  /** What only the database before knew; `null` when that cannot be read. */
  readonly lost: readonly LostKind[] | null
}

const problem = (message: string): Problems => ({ problems: [message] })

/** The files of a SQLite database, and what it may have beside it. */
const ends = ['', '-wal', '-journal'] as const

/**
 * Puts a backup in the place of the database of a server that does not run. All is done on a copy, which
 * takes its place at the end: whoever is ended in between has changed nothing but, perhaps, added a commit
 * to the branch that changes nothing.
 */
export async function restoreWith(
  config: Config,
  asked: RestoreAsked,
): Promise<Restored | Problems> {
  const database = databaseFileOf(config)
  if (typeof database !== 'string') return database
  const file = resolve(asked.file)
  if (!existsSync(file)) return problem(`There is no file ${file}`)
  if (file === database) return problem(`${file} is the server’s database itself: name a backup`)
  const dataDir = resolve(config.dataDir)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const lock = await holdFile(join(dataDir, 'server.lock'))
  if (!lock) return problem(`A server runs on ${dataDir}: stop it, then restore`)
  const copy = `${database}.restoring-${newServerId()}`
  try {
    return await restoreInto(config, { ...asked, file, dataDir, database, copy })
  } catch (error) {
    if (error instanceof Fault) return problem(`Nothing was restored: ${said(error)}`)
    if (isOfDisk(error)) return problem(`Nothing was restored: ${error.message}`)
    throw error
  } finally {
    for (const end of ends) await rm(copy + end, { force: true })
    lock.release()
  }
}

type Given = RestoreAsked & {
  readonly dataDir: string
  readonly database: string
  readonly copy: string
}

async function restoreInto(config: Config, given: Given): Promise<Restored | Problems> {
  const { file, database, copy } = given
  const short = await roomFor(copy, 2 * (await sizeOf(file)))
  if (short !== undefined) return problem(`Nothing was restored: ${short}`)
  // SQLite writes to what it opens: the backup stays as it is.
  for (const end of ends)
    if (existsSync(file + end)) {
      await copyFile(file + end, copy + end)
      await onlyOurs(copy + end)
    }
  const opened = await openCopy(given)
  if ('problems' in opened) return opened
  const { held, own } = opened
  const bringing = { ...given, own, madeMs: held.madeMs }
  const brought = await bringUp(config, bringing).finally(() => own.close())
  if ('problems' in brought) return brought
  const before = await takePlace(copy, database)
  return { ...brought, from: held, database, before }
}

type Bringing = Given & { readonly own: Database; readonly madeMs: number | null }

/** Brings the copy up to the present; the database before is compared with it, and not changed. */
async function bringUp(config: Config, { own, ...given }: Bringing) {
  const settled = await settle(given.database)
  if ('problems' in settled) return settled
  await migrate(own)
  const caught = await catchUp(config, { ...given, database: own })
  if ('problems' in caught) return caught
  return { ...caught, lost: settled.isWhole ? await lostSince(own, given.database) : null }
}

async function openCopy({ file, copy }: Given) {
  const refused = (why: string) => problem(`${file} is not restored: ${why}`)
  let own: Database
  try {
    own = await openAlone(copy)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return refused('it is no database, or is damaged')
  }
  const held = await lookInto(own)
  if (!('problem' in held)) return { held, own }
  own.close()
  return refused(held.problem)
}

/**
 * Brings the database before into its one file. That cannot be done while anybody has it open, on
 * whichever data folder; one that is damaged stays as it is.
 */
async function settle(database: string): Promise<{ readonly isWhole: boolean } | Problems> {
  if (!existsSync(database)) return { isWhole: false }
  try {
    const before = await openAlone(database)
    before.close()
    return { isWhole: true }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code !== 'database_busy') return { isWhole: false }
    return problem(
      `Another program has ${database} open: stop every server and backup on it, then restore`,
    )
  }
}

/** Puts the copy in the database's place in one step, which keeps the one before under another name. */
async function takePlace(copy: string, database: string): Promise<string | null> {
  await kept(copy)
  const isFirst = !existsSync(database)
  const before = `${database}.before-${stampOf(new Date())}`
  if (!isFirst) {
    // A log that belongs to the one before must not be taken for one of the restored.
    for (const end of ['', '-wal', '-shm', '-journal'])
      if (existsSync(database + end)) await link(database + end, before + end)
    for (const end of ['-wal', '-shm', '-journal']) await rm(database + end, { force: true })
  }
  await rename(copy, database)
  await kept(dirname(database))
  return isFirst ? null : before
}

/** Sorts by time, and fits into a file's name. */
const stampOf = (at: Date): string => at.toISOString().replaceAll(/[-:]|\.\d+/g, '')
