import { writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Git } from '../../src/gitops/git.ts'
import { makeLog } from '../../src/log.ts'
import { startServer, type Ways } from '../../src/main.ts'
import { readSettings } from '../../src/read-settings.ts'
import { type Database, openDatabase } from '../../src/store/client.ts'
import { isMigrated, migrate } from '../../src/store/migrate.ts'
import { slowPushFile } from './place.ts'

/**
 * The server as it ships, which ends itself at a step. Steps are what changes anything: a transaction,
 * or a git command that writes. `amid` ends it while git goes on as an orphan.
 */
const [step = '0', where = 'after', slowSeconds = '0'] = process.argv.slice(2)
const last = Number(step)
/** For how long a git command that is to become an orphan has run already. */
const amidMs = 4

/** Git commands that change nothing. */
const reads = ['rev-parse', 'rev-list', 'ls-tree', 'cat-file', 'show', 'diff', 'log']

let count = 0

/** Nothing of this process goes on: no handler, no flush, no answer to whoever waits for one. */
function end(name: string): void {
  writeSync(2, `ended ${where} step ${last}, ${name}\n`)
  process.kill(process.pid, 'SIGKILL')
}

async function counted<T>(name: string, work: () => Promise<T>): Promise<T> {
  const mine = ++count
  if (mine === last && where === 'before') end(name)
  const working = work()
  if (mine === last && where === 'amid') {
    await pause(amidMs)
    end(name)
  }
  const result = await working
  if (mine === last && where === 'after') end(name)
  return result
}

const countedDatabase = (database: Database): Database => ({
  read: (sql, args) => database.read(sql, args),
  write: (statements) => counted(nameOf(statements[0]), () => database.write(statements)),
  close: () => database.close(),
})

const nameOf = (statement: Parameters<Database['write']>[0][number] | undefined) =>
  (typeof statement === 'string' ? statement : (statement?.sql ?? ''))
    .replaceAll(/\s+/g, ' ')
    .slice(0, 60)

const countedGit =
  (git: Git): Git =>
  (args, input) => {
    const [command = ''] = args
    if (reads.includes(command)) return git(args, input)
    return counted(`git ${command}`, () => {
      const isOrphan = command === 'push' && where === 'amid' && count === last
      if (isOrphan) writeFileSync(join(process.env.GITOPS_REPO ?? '', slowPushFile), slowSeconds)
      return git(args, input)
    })
  }

const through = ({ database, clones }: Ways): Ways => ({
  database: countedDatabase(database),
  clones: clones.map(({ git, ...one }) => ({
    ...one,
    git: Object.assign(countedGit(git), git),
    // Every push is `git push`, which is numbered; random kills try the direct way.
    direct: undefined,
  })),
})

/** Each migration is a step, of a database of another schema: the server itself does it in one go. */
async function migrateInSteps(url: string): Promise<void> {
  const database = await openDatabase(url)
  try {
    if (!(await isMigrated(database))) await migrate(countedDatabase(database))
  } finally {
    database.close()
  }
}

const config = readSettings(process.env)
if ('problems' in config) throw new Error(config.problems.join('\n'))
const log = makeLog(config.logLevel, config.secrets)
await migrateInSteps(`file:${join(config.dataDir, 'gimlet.db')}`)
const server = await startServer(config, log, through)
log.info({ url: server.url }, 'listening')
