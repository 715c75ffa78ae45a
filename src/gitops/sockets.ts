import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The longest path of a socket that every system takes; ssh needs some of it for a name of its own. */
const pathBytesMax = 100
const nameBytes = 40 + 1 + 17

/**
 * A folder for ssh's kept connections below the data folder, where nobody else may come; `null` when
 * its path is too long for a socket, or it cannot be made: then each command connects anew.
 */
export async function socketsIn(dataDir: string): Promise<string | null> {
  const folder = join(dataDir, 'ssh')
  if (Buffer.byteLength(folder) + nameBytes > pathBytesMax) return null
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return null
  }
  try {
    await chmod(folder, 0o700)
    return folder
  } catch {
    return null
  }
}
