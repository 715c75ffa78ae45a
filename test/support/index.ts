import type { HistoryPort, Place } from '../../src/domain/history.ts'
import { reindexPorts } from '../../src/index-parts.ts'
import { reindex } from '../../src/release/reindex.ts'
import type { Database } from '../../src/store/client.ts'
import { firstRepository, IndexStore } from '../../src/store/release-index.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { settableClock } from './clock.ts'
import { historyOf } from './readings.ts'
import type { TempGitops } from './temp.ts'

/** Makes the index of a repository anew, in any database. */
export async function reindexed(database: Database, gitops: TempGitops, by?: HistoryPort) {
  const history = by ?? (await historyOf(gitops))
  const given = { of: firstRepository, address: gitops.remote, clock: settableClock() }
  return reindex(reindexPorts({ database, history, ...given }), await gitops.writer.refresh())
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
