import { chmod, link, mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** The longest path of a socket that every system takes; ssh needs some of it for a name of its own. */
const pathBytesMax = 100
const nameBytes = 40 + 1 + 17

/**
 * A folder for ssh's kept connections below the data folder, where nobody else may come; `null` when
 * its path is too long for a socket, or the disk takes none: then each command connects anew. It is
 * tried out, because ssh does not connect at all where it cannot make one.
 */
export async function socketsIn(dataDir: string): Promise<string | null> {
  const folder = join(dataDir, 'ssh')
  if (Buffer.byteLength(folder) + nameBytes > pathBytesMax) return null
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    await tryOut(join(folder, `try-${process.pid}`))
    return folder
  } catch {
    return null
  }
}

/** Makes a socket and gives it a second name, as ssh does. */
async function tryOut(path: string): Promise<void> {
  const server = createServer()
  try {
    await new Promise<void>((done, failed) => {
      server.once('error', failed).listen(path, done)
    })
    await link(path, `${path}.2`)
  } finally {
    server.close()
    await rm(path, { force: true })
    await rm(`${path}.2`, { force: true })
  }
}
