import { existsSync } from 'node:fs'
import { chmod, open, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from './config.ts'
import { Fault } from './domain/fault.ts'
import { bytesOf, copyInto, type Held, lookInto, stampWith } from './store/backup.ts'
import { openAlone, openDatabase } from './store/client.ts'
import { newServerId } from './store/ids.ts'

/** What was made. */
export type BackedUp = Held & {
  readonly file: string
  readonly bytes: number
  /** What else a server cannot be built anew without: it lies beside the database, not in it. */
  readonly beside: readonly string[]
}
export type Problems = { readonly problems: readonly string[] }

const problem = (message: string): Problems => ({ problems: [message] })

/** Where there is less room than this, in bytes, nothing is begun. */
const spareBytes = 1 << 20

/**
 * Copies the server's database into a new file, beside the server that may run on it: all that was
 * committed before it began is in it. The file is looked through before it gets its name.
 */
export async function backupWith(config: Config, file: string): Promise<BackedUp | Problems> {
  const from = databaseFileOf(config)
  if (typeof from !== 'string') return from
  const to = resolve(file)
  if (!existsSync(from))
    return problem(
      `There is no database ${from}: run this in the server’s folder, with its settings`,
    )
  if (existsSync(to))
    return problem(`There is a file ${to} already, and no backup is written over: name another`)
  if (!existsSync(dirname(to))) return problem(`There is no folder ${dirname(to)}: make it first`)
  const temporary = `${to}.part-${newServerId()}`
  try {
    const held = await made(from, temporary)
    if ('problems' in held) return held
    await rename(temporary, to)
    await kept(dirname(to))
    return { file: to, bytes: await sizeOf(to), beside: besideOf(config), ...held }
  } catch (error) {
    if (error instanceof Fault) return problem(`No backup was made: ${said(error)}`)
    if (isOfDisk(error)) return problem(`No backup was made: ${error.message}`)
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function made(from: string, temporary: string): Promise<Held | Problems> {
  const madeMs = Date.now()
  const database = await openDatabase(`file:${from}`)
  try {
    const short = await roomFor(temporary, await bytesOf(database))
    if (short !== undefined) return problem(`No backup was made: ${short}`)
    // The mode is there before the first byte: the file holds what tokens are known by.
    await writeFile(temporary, '', { mode: 0o600, flag: 'wx' })
    await copyInto(database, temporary)
  } finally {
    database.close()
  }
  const copy = await openAlone(temporary)
  try {
    const held = await lookInto(copy)
    if ('problem' in held)
      return problem(`No backup was made: the copy of ${from} cannot be used, ${held.problem}`)
    await stampWith(copy, madeMs)
    return { ...held, madeMs }
  } finally {
    copy.close()
    await kept(temporary)
  }
}

/** The file of the server’s database, or why there is none. */
export function databaseFileOf({ database, dataDir }: Config): string | Problems {
  const { url } = database
  if (url === null) return join(resolve(dataDir), 'gimlet.db')
  if (!url.startsWith('file:'))
    return problem(
      'The database is a libSQL server’s (GIMLET_DB_URL), which has the backups: make and restore them there. What lies in git comes back by itself after a restore, with: gimlet reindex',
    )
  return url.startsWith('file:/') ? fileURLToPath(url) : resolve(url.slice('file:'.length))
}

/** Says so when there is not room for a file of so many bytes beside another. */
export async function roomFor(file: string, bytes: number): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(dirname(file))
  const free = bavail * bsize
  if (free >= bytes + spareBytes) return undefined
  const needed = megabytes(bytes + spareBytes)
  return `it needs ${needed} in ${dirname(file)}, and ${megabytes(free)} are free; make room, or name another place`
}

const megabytes = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(1)} MiB`

/** Sees to it that what was written to a file, or the names in a folder, outlive a loss of power. */
export async function kept(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().finally(() => handle.close())
}

export async function sizeOf(file: string): Promise<number> {
  const handle = await open(file, 'r')
  return (await handle.stat().finally(() => handle.close())).size
}

/** Only we may read it, whatever the file was that it was copied from. */
export const onlyOurs = (file: string): Promise<void> => chmod(file, 0o600)

/** What is wrong, with the cause where that is SQLite’s. */
export function said({ message, cause }: Fault): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message
}

export const isOfDisk = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error

function besideOf({ dataDir, adminToken, gitops }: Config): string[] {
  const files = [
    ...(adminToken === null ? ['admin.token'] : []),
    'github.yaml',
    ...(gitops.repositories.some(({ url }) => url === null) ? ['gitops.git'] : []),
  ]
  return files.map((name) => join(resolve(dataDir), name)).filter((path) => existsSync(path))
}
