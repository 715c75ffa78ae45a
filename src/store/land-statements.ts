import { move, type ReleaseEvent } from '../domain/event.ts'
import type { Sha } from '../domain/names.ts'
import type { Landing, Release } from '../domain/release.ts'
import type { InStatement } from './client.ts'
import { insertLock } from './controls.ts'
import { insertEvent } from './event-statements.ts'

/**
 * The statements that take a push into the index. What every landing needs is one statement for all of
 * them: to prepare one, with the triggers that it fires, takes longer than to run it.
 */
export function landStatements(landings: readonly Landing[]): InStatement[] {
  const ends = landings.map(({ event, ref, statusDesc }) => [
    ...[event.seq, ref, move(event.status, 'processed'), statusDesc, event.env, event.app],
    `superseded by ${event.id}`,
  ])
  const args = [JSON.stringify(ends)]
  return [
    {
      sql: `update commits set state = 'landed' where ref in (select value ->> 1 from json_each(?))`,
      args,
    },
    ...releaseStatements(landings),
    ...landings.filter(({ release }) => !release).map(({ event }) => forget(event)),
    {
      sql: `update events set status = j.value ->> 2, status_desc = j.value ->> 3, attempts = 0,
              queues = 0
            from json_each(?) j where seq = j.value ->> 0 and status in ('new', 'held')`,
      args,
    },
    {
      // As when one event is closed: what is held for the same target, and is older, is over.
      sql: `update events set status = 'superseded', status_desc = j.value ->> 6
            from json_each(?) j
            where status in ('new', 'held') and status = 'held' and queues = 0
              and env is not null and env = j.value ->> 4 and app is not null
              and app = j.value ->> 5 and seq < j.value ->> 0
              and exists (select 1 from events newer
                where newer.seq = j.value ->> 0 and newer.status = 'processed')`,
      args,
    },
    ...landings.flatMap(({ lock }) => (lock ? [insertLock(lock)] : [])),
    ...landings.flatMap(({ follow }) => (follow ? [insertEvent(follow)] : [])),
  ]
}

function releaseStatements(landings: readonly Landing[]): InStatement[] {
  const released = landings.flatMap(({ release, repository }) =>
    release ? [{ release, repository }] : [],
  )
  if (released.length === 0) return []
  const rows = released.map(({ release }) => rowOf(release))
  const bindings = released.map(({ release, repository }) => [release.app, repository ?? null])
  const column = (at: number) => `j.value ->> ${at}`
  return [
    {
      sql: `insert into releases (id, env, app, artifact_id, triggered_by, version, gitops_ref,
              gitops_repo, created, rollback_to, decision_id, policy_version)
            select ${Array.from({ length: 12 }, (_, at) => column(at)).join(', ')}
            from json_each(?) j order by j.key`,
      args: [JSON.stringify(rows)],
    },
    {
      sql: `insert into running (env, app, release_seq)
            select r.env, r.app, r.seq from json_each(?) j join releases r on r.id = ${column(0)}
            where true order by j.key
            on conflict (env, app) do update set release_seq = excluded.release_seq`,
      args: [JSON.stringify(rows)],
    },
    ...released.flatMap(({ release }) =>
      release.rollbackTo ? [markRolledBack(release, release.rollbackTo)] : [],
    ),
    {
      sql: `insert or ignore into bindings
            select ${column(0)}, ${column(1)} from json_each(?) j
            where ${column(1)} is not null order by j.key`,
      args: [JSON.stringify(bindings)],
    },
  ]
}

const rowOf = (release: Release) => [
  ...[release.id, release.env, release.app, release.artifactId, release.triggeredBy],
  ...[JSON.stringify(release.version), release.gitopsRef, release.gitopsRepo],
  ...[release.created, release.rollbackTo ?? null, release.decisionId, release.policyVersion],
]

/** Everything that was released after the commit that was gone back to counts as rolled back. */
const markRolledBack = ({ env, app, id }: Release, rollbackTo: Sha): InStatement => ({
  sql: `update releases set rolled_back = 1
        where env = ?1 and app = ?2 and id <> ?3 and seq > (
          select max(seq) from releases where env = ?1 and app = ?2 and gitops_ref = ?4)`,
  args: [env, app, id, rollbackTo],
})

const forget = ({ env, app }: ReleaseEvent): InStatement => ({
  sql: 'delete from running where env = ? and app = ?',
  args: [env, app],
})
