import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { holdFile } from './store/client.ts'
import { newServerId } from './store/ids.ts'

/** The folder that everything lies below that this server writes: its alone while it runs. */
export type DataFolder = {
  readonly path: string
  /** Names the folder, and with it the server, over all its starts. */
  readonly id: string
  /** Lets another process have it. */
  readonly release: () => void
}

/** Takes the data folder for this process. Throws when another one has it. */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const path = resolve(folder)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const held = await holdFile(join(path, 'server.lock'))
  if (!held)
    throw new Error(
      `another gimletd runs on the data folder ${path}; stop it, or give this one a folder of its own by GIMLET_DATA_DIR`,
    )
  const id = await keptText(join(path, 'server.id'), newServerId)
  return { path, id: id.text, release: held.release }
}

/** The text of a file that only we may read, which is made when it is not there. */
export async function keptText(
  file: string,
  make: () => string,
): Promise<{ text: string; isNew: boolean }> {
  if (existsSync(file)) return { text: readFileSync(file, 'utf8').trim(), isNew: false }
  const text = make()
  await writeFile(file, `${text}\n`, { mode: 0o600 })
  return { text, isNew: true }
}
