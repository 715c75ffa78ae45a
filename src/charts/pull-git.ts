import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { GitChart } from '../manifest/chart/chart.ts'
import { credentialOf, type Pull } from './pull.ts'
import type { ChartRepository } from './repositories.ts'

/**
 * Fetches one folder of one commit, into a folder that has the chart and the id of its tree. A link in
 * it becomes a file that holds the link's text: it leads nowhere.
 */
export async function pullGitChart(chart: GitChart, pull: Pull): Promise<string | Refusal> {
  const { run, folder, repository } = pull
  const destination = join(folder.path, 'pulled')
  await mkdir(join(destination, 'chart'), { recursive: true })
  await writeFile(join(folder.path, 'gitconfig'), await gitConfig(chart, repository), {
    mode: 0o600,
  })
  const from = ['--git-dir', join(folder.path, 'repository')]
  const { ref } = chart
  const wanted = ref.kind === 'sha' ? ref.name : `refs/tags/${ref.name}`
  const tree = `FETCH_HEAD^{commit}:${chart.path}`
  const place = ['--work-tree', join(destination, 'chart')]
  let said: string | Refusal = ''
  for (const words of [
    ['init', '--quiet', '--bare'],
    ['fetch', '--quiet', '--depth=1', '--no-tags', '--', chart.url, wanted],
    [...place, 'read-tree', '-u', '--reset', tree],
    ['rev-parse', '--verify', '--end-of-options', tree],
  ]) {
    said = await run('git', [...from, ...words])
    if (isRefusal(said)) return said
  }
  const isChart = await stat(join(destination, 'chart', 'Chart.yaml')).catch(() => null)
  if (!isChart?.isFile())
    return refuse(
      'not_found',
      `chart: ${gitAddress(chart)} has no Chart.yaml; correct path= in chart.name`,
    )
  await writeFile(join(destination, 'digest'), `git:${said.trim()}`)
  return destination
}

/** A chart's address, for messages. */
export const gitAddress = ({ url, ref, path }: GitChart): string =>
  `${url}?${ref.kind}=${ref.name}&path=/${path}`

async function gitConfig({ url }: GitChart, repository: ChartRepository): Promise<string> {
  const { protocol } = new URL(url)
  const credential = await credentialOf(repository)
  const header = credential && btoa(`${credential.username}:${credential.password}`)
  return [
    '[core]\n\tsymlinks = false\n\thooksPath = /dev/null\n\tautocrlf = false',
    // What the address leads on to has not been allowed, and would see the credential.
    '[http]\n\tfollowRedirects = false',
    header ? `\textraHeader = "Authorization: Basic ${header}"` : '',
    repository.caFile ? `\tsslCAInfo = ${JSON.stringify(resolve(repository.caFile))}` : '',
    `[protocol]\n\tallow = never\n[protocol "${protocol.slice(0, -1)}"]\n\tallow = always\n`,
  ].join('\n')
}
