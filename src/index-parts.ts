import type { HistoryPort, Place } from './domain/history.ts'
import type { Sha } from './domain/names.ts'
import type { DriftMode } from './release/drift.ts'
import { type DriftFound, Follower, type FollowPorts } from './release/follow.ts'
import type { Database } from './store/client.ts'
import { newId } from './store/ids.ts'
import { type Indexed, IndexStore } from './store/release-index.ts'
import type { ReleaseStore } from './store/releases.ts'
import { Staging } from './store/staging.ts'

type Given = {
  readonly database: Database
  readonly history: HistoryPort
  readonly of: Indexed
  /** The repository's address as people may see it. */
  readonly address: string
  readonly clock: { nowMs(): number }
}

/** What reads the repository's history into the index. */
export function reindexPorts({ database, history, of, address, clock }: Given) {
  return {
    history,
    index: new IndexStore(database, of),
    stage: () =>
      Staging.begin(database, of, {
        unix: Math.floor(clock.nowMs() / 1000),
        name: newId('event'),
      }),
    repository: address,
  }
}

export type Followed = Given &
  Pick<FollowPorts, 'gitops' | 'log'> & {
    readonly releases: ReleaseStore
    readonly mode: DriftMode
  }

/** What keeps the index at the tip of the branch, and tells decisions what people changed by hand. */
export function indexParts({ releases, gitops, log, mode, ...given }: Followed) {
  const ports = reindexPorts(given)
  const follower = new Follower({ ...ports, releases, gitops, log })
  return {
    follower,
    drift: {
      async of(place: Place, tip: Sha): Promise<DriftFound> {
        const [found] = await follower.drift([place], tip)
        return found ?? { isKnown: true, commits: [] }
      },
      here: (where: Partial<Place>) => ports.index.foreign(where),
      mode,
    },
  }
}
