import { readFile, stat } from 'node:fs/promises'
import { Fault } from '../domain/fault.ts'
import type { Sha } from '../domain/names.ts'
import type { Remote } from './clone-config.ts'
import { type From, GitFailure, gitAt, gitIn } from './git.ts'
import { keyProblem } from './signing-key.ts'

/** A commit that was built, to be made once more on this parent. */
export type Unsigned = {
  readonly ref: Sha
  readonly parent: Sha
  readonly message: string
  readonly unix: number
}

/** Makes a commit anew, signed; the same one gives the same id. Throws GitFailure, and Fault when the key is gone. */
export type Sign = (commit: Unsigned) => Promise<Sha>

/**
 * How commits are signed in the clone; undefined when they are not. Signs one to see that it can be
 * done. Throws `setting_wrong`, in words that say what to do.
 */
export async function signingWith(
  { signingKeyFile: file }: Remote,
  { folder, environment }: From,
): Promise<Sign | undefined> {
  if (file === undefined) return undefined
  const wrong = await problemOf(file)
  if (wrong) throw new Fault('setting_wrong', wrong)
  const make = async (
    args: readonly string[],
    { message, unix }: Omit<Unsigned, 'ref' | 'parent'>,
  ) => (await gitAt(folder, environment, unix)(args, message)).trim()
  try {
    const git = gitIn(folder, environment)
    const nothing = (await git(['hash-object', '-w', '-t', 'tree', '/dev/null'])).trim()
    await make(['commit-tree', '-S', nothing], { message: 'A trial of the key\n', unix: 0 })
  } catch (cause) {
    throw new Fault('setting_wrong', `${named(file)}: ${whyNot(cause)}`, { cause })
  }
  return async ({ ref, parent, ...commit }) => {
    try {
      return await make(['commit-tree', '-S', '-p', parent, `${ref}^{tree}`], commit)
    } catch (error) {
      const gone = await problemOf(file)
      // A key that can be put back is waited for.
      throw gone ? new Fault('gitops_forbidden', gone, { cause: error }) : error
    }
  }
}

/** Signs commits that were built one on the other, from `tip` on, and answers their new ids. */
export async function signAll(
  sign: Sign,
  tip: Sha,
  built: readonly Omit<Unsigned, 'parent'>[],
): Promise<readonly Sha[]> {
  const signed: Sha[] = []
  for (const commit of built) signed.push(await sign({ ...commit, parent: signed.at(-1) ?? tip }))
  return signed
}

const named = (file: string) => `signing with the key of GITOPS_SIGNING_KEY_FILE, ${file}`

async function problemOf(file: string): Promise<string | undefined> {
  const wrong = await lookedAt(file)
  return wrong && `${named(file)}: ${wrong}`
}

async function lookedAt(file: string): Promise<string | undefined> {
  try {
    const { mode, uid } = await stat(file)
    // What ssh-keygen refuses, and what everybody may read.
    const isOpen = uid === process.getuid?.() ? mode & 0o077 : mode & 0o007
    const text = await readFile(file, 'utf8')
    return isOpen ? 'others may read it; run chmod 600 on it' : keyProblem(text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return 'there is no such file; make one with ssh-keygen -t ed25519 -N ""'
    return `it cannot be read (${code}); give it to the user that the server runs as`
  }
}

function whyNot(error: unknown): string {
  const said = (error instanceof GitFailure ? error.stderr : String(error))
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)
  return said.includes('cannot run ssh-keygen')
    ? 'there is no ssh-keygen; install the OpenSSH client (openssh-client)'
    : `git could not sign with it: ${said}`
}
