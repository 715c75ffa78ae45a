import { join } from 'node:path'
import { openDatabase } from '../dist/store/client.js'
import { migrate } from '../dist/store/migrate.js'
import { ReleaseStore } from '../dist/store/releases.js'
import { appOf, envsOf, releaseOf, workFolder } from './repositories.mjs'

/** One release as the index keeps it, with `at` in the place of what differs; made by the database itself. */
const filled = `
  with recursive number(at) as (values (0) union all select at + 1 from number where at + 1 < cast(?1 as integer)),
  one as (select at, json_extract(?2, '$[' || (at % cast(?3 as integer)) || ']') as env,
                 printf('app-%04d', 1 + (at / cast(?3 as integer)) % cast(?4 as integer)) as app,
                 printf('%08x%032d', (at * 2654435761) & 4294967295, at) as sha from number)
  insert into releases (id, env, app, artifact_id, triggered_by, version, gitops_ref, gitops_repo,
                        created, decision_id, policy_version)
  select printf('r-%015d', at), env, app, app || '-' || sha, 'ada',
         json_set(?5, '$.repositoryName', 'acme/' || app, '$.sha', sha), sha, ?6,
         1700000000 + at, printf('d-%015d', at), 'sha256:' || substr(sha, 1, 16)
  from one`

/**
 * A database in which every app of a size was released over and over, so many releases in all. It stands
 * at a tip of the repository, or the server would make its own of the history in its place.
 */
export async function seedIndex(size, count, tip) {
  const url = `file:${join(workFolder(), `index-${count}.db`)}`
  const database = await openDatabase(url)
  await migrate(database)
  const envs = envsOf(size)
  const { version } = releaseOf({ app: appOf(0), env: envs[0], number: 0 })
  const repository = 'https://git.example.com/acme/gitops.git'
  const args = [count, JSON.stringify(envs), envs.length, size.apps]
  await database.write([
    { sql: filled, args: [...args, JSON.stringify(version), repository] },
    'insert into running select env, app, max(seq) from releases group by env, app',
    { sql: 'update gitops_indexes set ref = ?, version = version + 1', args: [tip] },
    'analyze',
  ])
  return { url, store: new ReleaseStore(database), close: () => database.close() }
}
