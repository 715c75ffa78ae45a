import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildRef, importStream } from './fast-import.ts'
import { type Git, GitFailure, gitIn } from './git.ts'

/** Where the GitOps repository is and how to be let in. */
export type Remote = {
  /** A path, or a file:, https: or ssh: URL, without credentials. */
  readonly url: string
  readonly branch: string
  readonly token?: string | undefined
  readonly sshKeyFile?: string | undefined
}

/**
 * The newest tip of the remote's branch that was seen: a fetch moves it forward, and so does git itself
 * with every push that lands. Never backwards: the refspec is not forced.
 */
export const remoteRef = 'refs/gimlet/remote'

/** What the branch turned out to be when it could not be fetched forward. */
export const foundRef = 'refs/gimlet/found'

/**
 * Makes the bare clone that everything is built in, or takes the one that is there. It is a cache:
 * it may be deleted at any time while the server is stopped. Credentials lie in its `config` file
 * (mode 0600), never in an argument, a URL or the environment.
 */
export async function openClone(
  folder: string,
  remote: Remote,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<Git> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const git = gitIn(folder, environment)
  await sweep(folder)
  if (await isBroken(git)) {
    await rm(folder, { recursive: true })
    await mkdir(folder, { mode: 0o700 })
  }
  if (!existsSync(join(folder, 'HEAD'))) await git(['init', '--bare', '--initial-branch=main'])
  // A new file that takes the place of the old one, because only a new one gets the mode.
  const config = join(folder, 'config')
  await rm(`${config}.new`, { force: true })
  await writeFile(`${config}.new`, cloneConfig(remote), { mode: 0o600 })
  await rename(`${config}.new`, config)
  return git
}

/**
 * True when git cannot read the tip that was seen with all its folders, such as after a power cut
 * (fault F12), or when there is none: such a clone is worth nothing. A git that cannot be started, or
 * that is silent, says nothing about the clone, which remembers what was seen.
 */
async function isBroken(git: Git): Promise<boolean> {
  try {
    await git(['rev-list', '--objects', '--count', '--no-walk', remoteRef, '--'])
    return false
  } catch (error) {
    return error instanceof GitFailure && error.exitCode === fatal
  }
}

/** What git ends with when it gives up. */
const fatal = 128

/** Takes away what a git that was killed left behind (fault F12): the clone is this process's alone. */
async function sweep(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const left = entries.filter((entry) => entry.isFile() && /\.lock$|^tmp_/.test(entry.name))
  for (const entry of left) await rm(join(entry.parentPath, entry.name), { force: true })
  await rm(join(folder, buildRef), { force: true })
}

/** Makes the local GitOps repository that a server without configuration writes to. */
export async function createRepository(
  folder: string,
  branch: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<void> {
  if (existsSync(join(folder, 'HEAD'))) return
  await mkdir(folder, { recursive: true })
  const git = gitIn(folder, environment)
  await git(['init', '--bare', `--initial-branch=${branch}`])
  const now = Math.floor(Date.now() / 1000)
  const first = {
    change: { kind: 'remove', folder: '' },
    message: 'The GitOps repository begins',
    unix: now,
  } as const
  const ref = await git(
    ['fast-import', '--quiet', '--done'],
    importStream(null, [{ commit: first, tree: null }]),
  )
  await git(['update-ref', `refs/heads/${branch}`, ref.trim()])
  await git(['update-ref', '-d', buildRef])
}

function cloneConfig({ url, branch, token, sshKeyFile }: Remote): string {
  const lines = [
    '[core]',
    'repositoryformatversion = 0',
    'bare = true',
    // Nothing that lies in a repository is ever run.
    'hooksPath = /dev/null',
    '[gc]',
    'auto = 0',
    '[maintenance]',
    'auto = false',
    // What a build writes stays one pack, which can be sent as it is.
    '[fastimport]',
    'unpackLimit = 1',
    '[protocol]',
    'allow = never',
    ...['file', 'https', 'http', 'ssh'].flatMap((name) => [
      `[protocol ${quoted(name)}]`,
      'allow = always',
    ]),
    '[remote "origin"]',
    `url = ${quoted(url)}`,
    `fetch = ${quoted(`refs/heads/${branch}:${remoteRef}`)}`,
  ]
  // Only HTTP takes a token; a path has no host that one could be for.
  if (token && /^https?:/i.test(url)) {
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
    const header = `Authorization: Basic ${basic}`
    lines.push(`[http ${quoted(new URL(url).origin)}]`, `extraHeader = ${quoted(header)}`)
  }
  if (sshKeyFile) {
    const key = `'${sshKeyFile.replaceAll("'", `'\\''`)}'`
    const command = `ssh -i ${key} -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new`
    lines.push('[core]', `sshCommand = ${quoted(command)}`)
  }
  return `${lines.join('\n')}\n`
}

/** A value in git's configuration syntax. */
const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
