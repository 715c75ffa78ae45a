import type { Sha } from '../domain/names.ts'
import type { Health, Release } from '../domain/release.ts'
import type { Database, Value } from './client.ts'

/**
 * The releases of a query for their rows, in its order. They come as one text: the driver spends more
 * on the values of a row than the database on finding it, and an environment can have 5,000.
 */
export async function readReleases(
  database: Pick<Database, 'read'>,
  query: string,
  args: readonly Value[],
): Promise<Release[]> {
  const [row] = await database.read(
    `select '[' || coalesce(group_concat(${packed}), '') || ']' as packed from (${query})`,
    args,
  )
  return (JSON.parse(String(row?.packed)) as Packed[]).map(releaseOf)
}

/**
 * What is read of each release, in the order of `Packed`. A version is JSON already and the longest of
 * all: as a text it is not taken apart and written anew.
 */
const packed = `'[' || version || ',' || substr(json_array(id, app, env, artifact_id, triggered_by,
  gitops_ref, gitops_repo, created, rolled_back, decision_id, policy_version, rollback_to,
  json(health)), 2)`

type Packed = readonly [
  version: Release['version'],
  id: string,
  app: string,
  env: string,
  artifactId: string,
  triggeredBy: string,
  gitopsRef: Sha,
  gitopsRepo: string,
  created: number,
  rolledBack: 0 | 1,
  decisionId: string,
  policyVersion: string,
  rollbackTo: Sha | null,
  health: Health | null,
]

function releaseOf(read: Packed): Release {
  const [version, id, app, env, artifactId, triggeredBy, gitopsRef, gitopsRepo, created, ...more] =
    read
  const [rolledBack, decisionId, policyVersion, rollbackTo, health] = more
  const release: Release = {
    id,
    app,
    env,
    artifactId,
    triggeredBy,
    version,
    gitopsRef,
    gitopsRepo,
    created,
    status: 'pushed',
    rolledBack: rolledBack === 1,
    decisionId,
    policyVersion,
  }
  // Few have more, and a copy of 5,000 takes longer than to find them.
  if (rollbackTo === null && health === null) return release
  return {
    ...release,
    ...(rollbackTo === null ? {} : { rollbackTo }),
    ...(health === null ? {} : { health }),
  }
}
