import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { createRepository, openClone, type Remote } from '../../src/gitops/clone.ts'
import { directPushFrom } from '../../src/gitops/direct-push.ts'
import { type Git, gitIn, streamIn } from '../../src/gitops/git.ts'
import { LocalWriter } from '../../src/gitops/local.ts'
import { openDatabase } from '../../src/store/client.ts'
import { migrate } from '../../src/store/migrate.ts'
import { LibsqlHost } from './libsql-host.ts'

/** When to clean up: after the test, or `afterAll` for what a whole file shares. */
export type Later = (work: () => void | Promise<void>) => void

/** A folder that is removed afterwards. */
export async function tempFolder(later: Later = onTestFinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gimletd-test-'))
  // A program that a test has ended may put its last file there meanwhile.
  later(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  return folder
}

/** True where this run is to prove that a libSQL server does what a file does. */
export const isRemote = process.env.GIMLET_TEST_DATABASE === 'remote'

/** A migrated database: a file of its own, and in the project `remote` a libSQL server on one. */
export async function tempDatabase(later: Later = onTestFinished) {
  const opened = await emptyDatabase(later)
  await migrate(opened.database)
  return opened
}

/** The same before its first migration. `url` opens it again, and `file` is what it lies in. */
export async function emptyDatabase(later: Later = onTestFinished) {
  if (isRemote) return remoteDatabase(later)
  const file = join(await tempFolder(later), 'gimlet.db')
  const url = `file:${file}`
  const database = await openDatabase(url)
  later(() => database.close())
  return { database, url, file }
}

/** A database of a libSQL server, and the server. */
export async function remoteDatabase(later: Later = onTestFinished) {
  const file = join(await tempFolder(later), 'gimlet.db')
  const host = await new LibsqlHost(file).listen()
  later(() => host.stop())
  return { database: await openDatabase(host.url), url: host.url, file, host }
}

/** Writes files by their path below the folder; `null` removes one. */
export async function putFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array | null>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path)
    await rm(file, { recursive: true, force: true })
    if (content === null) continue
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}

export async function putLink(folder: string, path: string, target: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await symlink(target, join(folder, path))
}

export async function putScript(folder: string, path: string, script: string): Promise<void> {
  await putFiles(folder, { [path]: script })
  await chmod(join(folder, path), 0o755)
}

/** Runs the git of this machine, as somebody else would. */
export const someonesGit = (folder: string, ...args: readonly string[]): Promise<string> =>
  someonesGitTold({ folder, input: '' }, ...args)

/** The same with something to read. */
export async function someonesGitTold(
  { folder, input }: { readonly folder: string; readonly input: string },
  ...args: readonly string[]
): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_AUTHOR_NAME: 'Someone',
    GIT_AUTHOR_EMAIL: 'someone@example.com',
    GIT_COMMITTER_NAME: 'Someone',
    GIT_COMMITTER_EMAIL: 'someone@example.com',
  }
  const running = promisify(execFile)('git', [...args], { cwd: folder, env })
  // A git that reads nothing may have ended already.
  running.child.stdin?.on('error', () => undefined).end(input)
  return (await running).stdout
}

/** The writer of a server that has just started on the clone; with its folder, one that pushes directly. */
export function newWriter(
  git: Git,
  at: string | { readonly url: string; readonly root: string | null },
  folder?: string,
) {
  const remote = { branch: 'main', ...(typeof at === 'string' ? { url: at } : at), ...ways.signing }
  const from = folder && ways.direct ? { folder, environment: process.env } : undefined
  return new LocalWriter(git, remote, from && directPushFrom(remote, from))
}

type Ways = {
  direct: boolean
  /** By GitHub’s API, with its compare-and-swap or without. */
  github: 'swap' | 'look' | null
  readsByApi: boolean
  signing: Pick<Remote, 'signingKeyFile' | 'author'>
}

/** How writers push, whether they sign, and how history is read: one suite is run on every way. */
export const ways: Ways = { direct: true, github: null, readsByApi: false, signing: {} }

export type TempGitops = Awaited<ReturnType<typeof tempGitops>>

/** A bare GitOps repository, the server's clone of it and a writer, and someone else's work tree. */
export async function tempGitops(later: Later = onTestFinished) {
  const folder = await tempFolder(later)
  const remote = join(folder, 'gitops.git')
  await createRepository(remote, 'main', process.env)
  const cloneFolder = join(folder, 'clone.git')
  const way = { url: remote, branch: 'main', ...ways.signing }
  const git = await openClone(cloneFolder, way, process.env)
  const tree = join(folder, 'tree')
  const commitFiles = async (files: Parameters<typeof putFiles>[1], message = 'by hand') => {
    await putFiles(tree, files)
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '--allow-empty', '-m', message)
    await someonesGit(tree, 'push', 'origin', 'HEAD:main')
    return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
  }
  const checkOut = async () => {
    await rm(tree, { recursive: true, force: true })
    await someonesGit(folder, 'clone', '--quiet', remote, tree)
  }
  return {
    folder,
    remote,
    cloneFolder,
    git,
    stream: streamIn(cloneFolder, process.env),
    tree,
    writer: newWriter(git, remote, cloneFolder),
    remoteGit: gitIn(remote, process.env),
    checkOut,
    /** Commits and pushes as a person would, and answers the commit. */
    async someoneCommits(files: Parameters<typeof putFiles>[1], message?: string) {
      await checkOut()
      return commitFiles(files, message)
    },
    /** What the remote's branch holds: content by path. */
    async files(ref = 'main'): Promise<Record<string, string>> {
      const listed = await someonesGit(remote, 'ls-tree', '-r', '-z', '--name-only', ref)
      const paths = listed.split('\0').filter(Boolean)
      const contents = await Promise.all(
        paths.map((path) => someonesGit(remote, 'cat-file', 'blob', `${ref}:${path}`)),
      )
      return Object.fromEntries(paths.map((path, at) => [path, contents[at] ?? '']))
    },
    async log(...args: readonly string[]): Promise<string[]> {
      const printed = await someonesGit(remote, 'log', '--format=%s', ...args, 'main')
      return printed.split('\n').filter(Boolean)
    },
    tipOfRemote: async () => (await someonesGit(remote, 'rev-parse', 'main')).trim(),
  }
}
