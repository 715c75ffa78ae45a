import type { Config } from '../config.ts'
import { refuse } from '../domain/fault.ts'
import { openByGithub } from '../github-access.ts'
import { Led } from '../lead-parts.ts'
import type { ChartRenderer } from '../manifest/chart/chart-renderer.ts'
import { type Core, first } from '../server-parts.ts'
import { openDatabase } from '../store/client.ts'
import { migrate } from '../store/migrate.ts'
import { logOf } from './log.ts'

/** Helm is a program, and there are none. */
const noHelm =
  'chart: helm cannot run on the edge; write render: helmrelease into the manifest, and Flux renders the chart'
const noCharts: ChartRenderer = async () => refuse('invalid', noHelm)

/** Opens what carries requests out: the remote database, and the GitOps repositories by GitHub's API. */
export async function openCore(config: Config): Promise<Core> {
  const log = logOf(config)
  const { url, token } = config.database
  const database = await openDatabase(url ?? '', token)
  await migrate(database)
  const led = new Led()
  const gitops = await openByGithub(config, { database, led, log })
  return {
    ...{ database, gitops, led, log, charts: noCharts, noHelm, hasProcess: false },
    read: ({ folder }) => first(gitops).sources(folder),
  }
}
