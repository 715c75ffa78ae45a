import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config, RepositoryConfig } from './config.ts'
import type { Sha } from './domain/names.ts'
import { openClone } from './gitops/clone.ts'
import { type Git, GitFailure, gitIn, streamIn } from './gitops/git.ts'
import { History } from './gitops/history.ts'
import { placeOf } from './gitops-parts.ts'
import { reindexPorts } from './index-parts.ts'
import { type Reindexed, reindex } from './release/reindex.ts'
import { actingAs } from './store/audit.ts'
import { type Database, openDatabase } from './store/client.ts'
import { migrate } from './store/migrate.ts'

/** What became of the index of each repository, by the repository's address. */
export type ReindexedAll = {
  readonly repositories: readonly (Reindexed & { readonly url: string })[]
}
export type Problems = { readonly problems: readonly string[] }
export type ReindexTold = (progress: { url: string; commits: number; of: number }) => void

/** What reads all of history: by GitHub's API that is the newest of it only. */
const gitMissing =
  'There is no git on this machine, and reindex reads all of history by it: run it with the settings of this server on a machine with git'

/** The branch as it is read here: the server's own notes of what it saw are not touched. */
const tipRef = 'refs/gimlet/reindex'

type Given = {
  readonly database: Database
  readonly dataDir: string
  readonly environment: Readonly<NodeJS.ProcessEnv>
  /** What to do when git is not let in. */
  readonly wayIn: string
  readonly told: ReindexTold
}

/**
 * Makes the indexes anew on the server's machine, beside a server that may run: each repository is read
 * in the server's clone, also where the server itself goes by GitHub's API, and the database takes its new
 * index in one transaction.
 */
export async function reindexWith(
  config: Config,
  environment: Readonly<NodeJS.ProcessEnv>,
  told: ReindexTold,
): Promise<ReindexedAll | Problems> {
  if (!(await isGitThere(environment))) return problem(gitMissing)
  const dataDir = resolve(config.dataDir)
  const database = await openOwn(config)
  if ('problems' in database) return database
  try {
    const made: (Reindexed & { url: string })[] = []
    for (const repository of config.gitops.repositories) {
      const wayIn = wayInto(config.gitops.writer, repository)
      const one = await reindexOne(repository, { database, dataDir, environment, wayIn, told })
      if ('problems' in one) return one
      made.push(one)
    }
    return { repositories: made }
  } finally {
    database.close()
  }
}

/** Opens the database of the server whose settings these are, with its newest schema, to change it. */
export async function openOwn(config: Config): Promise<Database | Problems> {
  const database = await openHere(config)
  if ('problems' in database) return database
  await migrate(database)
  return actingAs(database, shellUser())
}

/** Whoever is at the server's machine, by the name that they have there. */
export function shellUser(): string {
  try {
    return `(shell) ${userInfo().username}`
  } catch {
    return '(shell)'
  }
}

/** Opens the database of the server whose settings these are, as it is. */
export async function openHere(config: Config): Promise<Database | Problems> {
  const { url, token } = config.database
  const file = join(resolve(config.dataDir), 'gimlet.db')
  if (url === null && !existsSync(file))
    return problem(
      `There is no gimlet.db in ${resolve(config.dataDir)}: run this in the server’s folder, with its settings`,
    )
  return openDatabase(url ?? `file:${file}`, token)
}

async function reindexOne(
  repository: RepositoryConfig,
  { database, dataDir, environment, wayIn, told }: Given,
): Promise<(Reindexed & { url: string }) | Problems> {
  const { url, clone } = placeOf(repository, dataDir)
  const git = await cloneHere(repository, { dataDir, environment })
  const tip = await fetchTip(git, repository.branch, tipRef)
  if (tip === undefined) return notFetched(repository, { url, wayIn })
  const { name, environments, root } = repository
  const ports = reindexPorts({
    history: new History(git, streamIn(clone, environment), { environments, root }),
    ...{ database, clock: { nowMs: () => Date.now() } },
    ...{ of: { repository: name, environments }, address: url },
  })
  try {
    const made = await reindex(ports, tip, (commits, of) => told({ url, commits, of }))
    return { url, ...made }
  } finally {
    await git(['update-ref', '-d', tipRef])
  }
}

/** Git knows nothing of the GitHub App that the server itself may go by. */
export const wayInto = (writer: Config['gitops']['writer'], { token }: RepositoryConfig): string =>
  writer === 'github' && token === undefined
    ? 'set GITOPS_TOKEN here to a token that may read it, since git cannot go by the GitHub App'
    : 'correct its settings or what lets the server in, start the server once'

async function isGitThere(environment: Readonly<NodeJS.ProcessEnv>): Promise<boolean> {
  try {
    await gitIn('.', environment)(['--version'])
    return true
  } catch (error) {
    // A program that ended at all was there.
    return error instanceof GitFailure && error.exitCode >= 0
  }
}

/** What keeps it from being done, and what to do. */
export const problem = (message: string): Problems => ({ problems: [message] })

/** The clone of a repository. A server may use it: only one that is not there is made. */
export async function cloneHere(
  repository: RepositoryConfig,
  { dataDir, environment }: Pick<Given, 'dataDir' | 'environment'>,
): Promise<Git> {
  const { url, clone } = placeOf(repository, dataDir)
  return existsSync(join(clone, 'HEAD'))
    ? gitIn(clone, environment)
    : openClone(clone, { ...repository, url }, environment)
}

/** Fetches a branch to a name of its own, and answers its tip; nothing when it cannot be had. */
export async function fetchTip(git: Git, branch: string, ref: string): Promise<Sha | undefined> {
  try {
    // A git that tells how far it is is not taken for one that hangs.
    const plain = ['--progress', '--no-tags', '--no-write-fetch-head', '--refmap=']
    await git(['fetch', ...plain, 'origin', `+refs/heads/${branch}:${ref}`])
    return (await git(['rev-parse', '--verify', `${ref}^{commit}`])).trim()
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    return undefined
  }
}

/** What to do when `fetchTip` could not. */
export const notFetched = (
  { branch }: RepositoryConfig,
  { url, wayIn }: { url: string; wayIn: string },
): Problems =>
  problem(
    `The branch ${branch} of the GitOps repository ${url} could not be fetched; ${wayIn}, and try again`,
  )
