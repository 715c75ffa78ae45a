import type { Place } from '../../src/domain/history.ts'
import { History } from '../../src/gitops/history.ts'
import { reindexPorts } from '../../src/index-parts.ts'
import { reindex } from '../../src/release/reindex.ts'
import type { Database } from '../../src/store/client.ts'
import { firstRepository, IndexStore } from '../../src/store/release-index.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { settableClock } from './clock.ts'
import type { TempGitops } from './temp.ts'

/** Makes the index of a repository anew, in any database. */
export async function reindexed(database: Database, { git, stream, remote, writer }: TempGitops) {
  const of = { of: firstRepository, address: remote }
  const history = new History(git, stream)
  const given = { database, history, ...of, clock: settableClock() }
  return reindex(reindexPorts(given), await writer.refresh())
}

type Row = Readonly<Record<string, unknown>>

/** What an index says, place by place: its releases in order, what runs and ran, and who came over it. */
export async function indexIn(database: Database, moments: readonly number[]) {
  const releases = new ReleaseStore(database)
  const places = (await database.read('select distinct env, app from releases')) as never as Place[]
  const found: Record<string, unknown> = {}
  for (const { env, app } of places) {
    const history = await releases.history({ env, app, limit: 500 })
    const foreign = await new IndexStore(database).foreign({ env, app })
    const ran: unknown[] = []
    for (const atUnix of moments)
      ran.push((await releases.ranAt({ env, app, atUnix })).map(({ id }) => id))
    found[`${env}/${app}`] = {
      history: history.map(({ health: _, ...release }): Row => release),
      running: (await releases.running({ env, app })).map(({ id }) => id),
      foreign: foreign.map(({ ref, authorName, subject }) => `${ref} ${authorName} ${subject}`),
      ran,
    }
  }
  return found
}
