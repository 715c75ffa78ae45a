import { resolve } from 'node:path'
import type { Config, RepositoryConfig } from './config.ts'
import type { Anchor, AuditLook } from './domain/audit.ts'
import { Fault } from './domain/fault.ts'
import { commitMessages } from './gitops/commit-messages.ts'
import { type Git, GitFailure, streamIn } from './gitops/git.ts'
import { placeOf } from './gitops-parts.ts'
import {
  cloneHere,
  fetchTip,
  notFetched,
  openHere,
  type Problems,
  problem,
  wayInto,
} from './reindex-parts.ts'
import { anchorLine, readAnchor } from './release/commit-message.ts'
import { checkAudit } from './store/audit-check.ts'
import { isMigrated } from './store/migrate.ts'

/** The branch as it is read here: the server's own notes of what it saw are not touched. */
const tipRef = 'refs/gimlet/audit'

type Asked = {
  readonly environment: Readonly<NodeJS.ProcessEnv>
  /** Commits up to these are not compared: each is one of some repository. */
  readonly after: readonly string[]
}

/**
 * Looks at the whole record of changes on the server's machine, beside a server that may run, and compares
 * it with what the commits of the GitOps repositories say of it. Writes nothing to the database.
 */
export async function verifyWith(config: Config, asked: Asked): Promise<AuditLook | Problems> {
  const database = await openHere(config)
  if ('problems' in database) return database
  try {
    if (!(await isMigrated(database)))
      return problem(
        'The database is of another version than this program: start the server of this version once, then try again',
      )
    const anchors: Anchor[] = []
    const unknown = new Set(asked.after)
    for (const repository of config.gitops.repositories) {
      const wayIn = wayInto(config.gitops.writer, repository)
      const given = { dataDir: resolve(config.dataDir), wayIn, ...asked }
      const found = await anchorsOf(repository, given)
      if ('problems' in found) return found
      anchors.push(...found.anchors)
      for (const commit of found.from) unknown.delete(commit)
    }
    const [missing] = unknown
    if (missing !== undefined)
      return problem(`No branch of a GitOps repository has a commit ${missing}; look at its log`)
    return await checkAudit(database, anchors)
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'database_broken') throw error
    return problem(
      'The database cannot be read to its end: its file is damaged. Put a backup back, and look at what it lacks with: gimlet audit verify',
    )
  } finally {
    database.close()
  }
}

/** What the commits of a repository say of the record, oldest first, and after which it was looked. */
async function anchorsOf(
  repository: RepositoryConfig,
  {
    dataDir,
    wayIn,
    environment,
    after,
  }: Asked & {
    readonly dataDir: string
    readonly wayIn: string
  },
): Promise<{ anchors: Anchor[]; from: string[] } | Problems> {
  const { url, clone } = placeOf(repository, dataDir)
  const git = await cloneHere(repository, { dataDir, environment })
  const to = await fetchTip(git, repository.branch, tipRef)
  if (to === undefined) return notFetched(repository, { url, wayIn })
  try {
    const from: string[] = []
    for (const commit of after) if (await isOn(git, commit, to)) from.push(commit)
    const anchors: Anchor[] = []
    const asked = { to, from, line: anchorLine }
    for await (const { ref, unix, message } of commitMessages(
      streamIn(clone, environment),
      asked,
    )) {
      const head = readAnchor(message)
      if (head) anchors.push({ ...head, commit: ref, unix })
    }
    return { anchors, from }
  } finally {
    await git(['update-ref', '-d', tipRef])
  }
}

async function isOn(git: Git, commit: string, tip: string): Promise<boolean> {
  try {
    await git(['merge-base', '--is-ancestor', commit, tip])
    return true
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error
    return false
  }
}
