import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Makes a key in the folder, and answers its file; the public one lies beside it. */
export async function makeKey(folder: string, name: string, ...args: readonly string[]) {
  const file = join(folder, name)
  const given = args.length > 0 ? args : ['-t', 'ed25519', '-N', '']
  await promisify(execFile)('ssh-keygen', ['-q', '-C', name, '-f', file, ...given])
  return file
}
