import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config } from './config.ts'
import { loginSchema } from './domain/actor.ts'
import { formerHealth, readFormer } from './domain/former.ts'
import type { Health } from './domain/release.ts'
import { openOwn, type Problems, problem, reindexWith } from './reindex-parts.ts'
import type { Database } from './store/client.ts'
import { FormerFile } from './store/former-file.ts'
import { type FormerFact, FormerImport } from './store/former-import.ts'
import { sealSecret } from './store/former-tokens.ts'
import { IndexStore } from './store/release-index.ts'

/** What became of one kind of thing. */
export type Tally = { brought: number; known: number; left: number }
const nothing = (): Tally => ({ brought: 0, known: 0, left: 0 })

/** What came over, what was here already, and what did not come, each with the reason. */
export type Migrated = {
  readonly artifacts: Tally
  readonly requests: Tally
  readonly users: Tally
  /** What Flux had said of commits that are releases here. */
  readonly health: Tally
  readonly left: { readonly what: string; readonly why: string }[]
}

export type MigrateAsked = {
  readonly file: string
  /** Looks and changes nothing. */
  readonly isDry: boolean
  readonly environment: Readonly<NodeJS.ProcessEnv>
}

type Given = {
  readonly config: Config
  readonly asked: MigrateAsked
  readonly former: FormerFile
  readonly into: FormerImport
  readonly migrated: Migrated
}

/**
 * Brings over what a GimletD before us knew, from a copy of its SQLite file. Each page is one transaction,
 * and what is here already is left as it is: whoever is ended in between runs it again.
 */
export async function migrateWith(
  config: Config,
  asked: MigrateAsked,
): Promise<Migrated | Problems> {
  if (!existsSync(asked.file)) return problem(`There is no file ${asked.file}`)
  const folder = await mkdtemp(join(tmpdir(), 'gimlet-migrate-'))
  try {
    const former = await FormerFile.open(await copyOf(asked.file, folder))
    if ('problem' in former) return problem(`${asked.file} cannot be read: ${former.problem}`)
    try {
      return await migrateFrom(former, config, asked)
    } finally {
      former.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** SQLite writes to what it opens: it gets a copy, with what is not in the file itself yet. */
async function copyOf(file: string, folder: string): Promise<string> {
  const copy = join(folder, 'gimletd.sqlite')
  for (const end of ['', '-wal', '-journal'])
    if (existsSync(file + end)) await copyFile(file + end, copy + end)
  return copy
}

async function migrateFrom(
  former: FormerFile,
  config: Config,
  asked: MigrateAsked,
): Promise<Migrated | Problems> {
  const adminToken = adminTokenOf(config)
  if (adminToken === undefined)
    return problem('The server has no administrator’s token yet: start it once, then try again')
  const database = await openOwn(config)
  if ('problems' in database) return database
  try {
    // Of releases that are not in the index, nothing can be told.
    if (!asked.isDry && !(await isIndexed(database, config))) {
      const made = await reindexWith(config, asked.environment, () => undefined)
      if ('problems' in made) return made
    }
    const into = new FormerImport(database)
    const migrated: Migrated = {
      ...{ artifacts: nothing(), requests: nothing(), users: nothing(), health: nothing() },
      left: [],
    }
    const given = { config, asked, former, into, migrated }
    await bringEvents(given)
    await bringUsers(given, adminToken)
    await bringHealth(given)
    return migrated
  } finally {
    database.close()
  }
}

function adminTokenOf({ adminToken, dataDir }: Config): string | undefined {
  if (adminToken !== null) return adminToken
  const file = join(resolve(dataDir), 'admin.token')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

async function isIndexed(database: Database, { gitops }: Config): Promise<boolean> {
  for (const { name, environments } of gitops.repositories) {
    const index = new IndexStore(database, { repository: name, environments })
    if ((await index.position()).ref === null) return false
  }
  return true
}

async function bringEvents({ former, into, asked, migrated }: Given): Promise<void> {
  for await (const rows of former.events()) {
    const facts: FormerFact[] = []
    for (const row of rows) {
      const brought = readFormer(row)
      if (brought.kind === 'left') {
        migrated[row.type === 'artifact' ? 'artifacts' : 'requests'].left++
        migrated.left.push({ what: `${row.type} ${row.id}`, why: brought.why })
        continue
      }
      const artifact = brought.kind === 'artifact' ? brought.artifact : null
      facts.push({ row: row.row, event: brought.event, artifact })
    }
    const known = await into.known(facts)
    for (const fact of facts)
      migrated[fact.artifact ? 'artifacts' : 'requests'][known.has(fact) ? 'known' : 'brought']++
    if (!asked.isDry) await into.keep(facts)
  }
}

/** GimletD’s own form of a secret; later versions may have encrypted it with a key that is not there. */
const usableSecret = /^[A-Z2-7]{52}====$/

async function bringUsers(
  { former, into, asked, migrated }: Given,
  adminToken: string,
): Promise<void> {
  const createdUnix = Math.floor(Date.now() / 1000)
  const leave = (login: string, why: string) => {
    migrated.users.left++
    migrated.left.push({ what: `user ${login}`, why })
  }
  for (const { login, secret, isAdmin } of await former.users()) {
    const again = `give a new token with: gimlet user add --login ${login}`
    if (!loginSchema.safeParse(login).success) {
      leave(login, 'no user can be called so here; make one with: gimlet user add')
      continue
    }
    if (!usableSecret.test(secret)) {
      leave(login, `its tokens cannot be checked here; ${again}`)
      continue
    }
    const is = await into.userIs(login)
    if (is === 'taken') {
      leave(login, 'a user of that name was made here; its token from there is not taken over')
      continue
    }
    migrated.users[is === 'new' ? 'brought' : 'known']++
    const roles = isAdmin ? (['admin'] as const) : (['ci', 'releaser'] as const)
    const user = { login, roles, repositories: [], createdUnix }
    if (!asked.isDry) await into.keepUser(user, sealSecret(secret, { login, adminToken }))
  }
}

async function bringHealth({ former, into, asked, migrated }: Given): Promise<void> {
  const commits = new Map((await former.commits()).map((one) => [one.ref, one]))
  const releases = await into.releasesOf([...commits.keys()])
  const found = new Set(releases.map(({ ref }) => ref))
  const strangers = [...commits.keys()].filter((ref) => !found.has(ref)).length
  migrated.health.left += strangers
  if (strangers > 0)
    migrated.left.push({
      what: `${strangers} reports of Flux`,
      why: 'they are of commits that are no releases here',
    })
  const news = releases.flatMap<{ readonly id: string; readonly health: Health }>(
    ({ id, ref, created, isKnown }) => {
      const commit = commits.get(ref)
      const state = commit ? formerHealth(commit.status) : null
      migrated.health[isKnown ? 'known' : state === null ? 'left' : 'brought']++
      if (!commit || state === null || isKnown) return []
      const since = commit.created || created
      const said = { reason: commit.status, message: commit.statusDesc }
      return [{ id, health: { state, since, reported: since, commit: ref, basis: 'own', ...said } }]
    },
  )
  if (!asked.isDry) await into.keepHealth(news)
}
