import { appendFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createRepository, openClone } from '../dist/gitops/clone.js'
import { gitIn } from '../dist/gitops/git.js'
import { LocalWriter } from '../dist/gitops/local.js'
import { scratch } from './child.mjs'
import { isStrict, median, ms, printTable, quantile, ratio, verdict } from './figures.mjs'
import { apps, makeRepository } from './small-repository.mjs'

const releases = Number(process.env.RELEASES ?? 1_000)
const windowReleases = Math.min(100, Math.floor(releases / 4))
const batchReleases = 20
const batches = 10
/** Research, W12: 1.8 without upkeep. */
const growthMost = 1.2

/** One server with a clone of its own and a remote of its own. */
async function start({ name, tidyEvery, config = '', remoteConfig = '' }) {
  const folder = join(scratch(), name)
  mkdirSync(folder, { recursive: true })
  const remote = await makeRepository(join(folder, 'remote.git'))
  await createRepository(remote, 'main', process.env)
  if (remoteConfig) appendFileSync(join(remote, 'config'), remoteConfig)
  const clone = join(folder, 'clone.git')
  const given = { url: remote, branch: 'main', isOurs: true, tidyEvery }
  const git = await openClone(clone, given, process.env)
  if (config) appendFileSync(join(clone, 'config'), config)
  const writer = new LocalWriter(git, given)
  await writer.tip()
  return { name, clone, remote, git, writer, taken: [], batches: [] }
}

const text = (app, number) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${app} }\ndata: { n: "${number}" }\n` // biome-ignore format: one line

function planned(number) {
  const app = apps[number % apps.length]
  const names = ['configmap', 'deployment', 'service']
  const files = new Map(names.map((name) => [`${name}.yaml`, text(app, number)]))
  files.set('release.json', JSON.stringify({ app, number, message: 'x'.repeat(800) }))
  return {
    change: { kind: 'replace', folder: `production/${app}`, files },
    message: `[Gimlet] production/${app} ${number}\n`,
    unix: 1_790_000_000 + number,
  }
}

async function release({ writer }, commits) {
  const startedAt = performance.now()
  const result = await writer.commit(await writer.tip(), commits, async () => true)
  if (result.kind !== 'landed') throw new Error(result.kind)
  return performance.now() - startedAt
}

/** Measures whether a release stays as fast as the first ones, with upkeep and without, in turn. */
export async function upkeep() {
  console.log(`upkeep: ${releases} single releases, then ${batches} batches of ${batchReleases}, in turn\n`) // biome-ignore format: one line
  const never = Number.POSITIVE_INFINITY
  const loose = (section) => `[${section}]\n\tunpackLimit = 100\n`
  const every = [
    { name: 'as shipped' },
    { name: 'without upkeep', tidyEvery: never },
    { name: 'loose objects in the clone', config: loose('fastimport') },
    { name: 'loose objects in both', config: loose('fastimport'), remoteConfig: loose('receive') },
    { name: 'remote without fsync', remoteConfig: '[core]\n\tfsync = none\n' },
  ]
  const servers = []
  for (const one of every.slice(0, process.env.ALL ? undefined : 2)) servers.push(await start(one))
  for (let number = 0; number < releases; number++)
    for (const server of turned(servers, number))
      server.taken.push(await release(server, [planned(number)]))
  for (let number = 0; number < batches; number++)
    for (const server of turned(servers, number)) {
      const first = releases + number * batchReleases
      const all = Array.from({ length: batchReleases }, (_, at) => planned(first + at))
      server.batches.push(await release(server, all))
    }
  for (const { git } of servers) await git.rest()
  for (const { clone, remote } of servers)
    for (const folder of [clone, remote]) await gitIn(folder, process.env)(['fsck', '--full'])
  return report(servers)
}

/** Each goes first in turn. */
const turned = (all, number) => all.map((_, at) => all[(at + number) % all.length])

const growth = ({ taken }) =>
  median(taken.slice(-windowReleases)) / median(taken.slice(0, windowReleases))

function report(servers) {
  printTable([
    ['', 'first', 'last', 'last p95', 'growth', 'slowest', 'batch of 20', 'packs', 'loose folders'],
    ...servers.map((server) => [
      server.name,
      ms(median(server.taken.slice(0, windowReleases))),
      ms(median(server.taken.slice(-windowReleases))),
      ms(quantile(server.taken.slice(-windowReleases), 0.95)),
      ratio(growth(server)),
      ms(Math.max(...server.taken)),
      ms(median(server.batches)),
      String(readdirSync(join(server.clone, 'objects/pack')).filter((n) => n.endsWith('.pack')).length), // biome-ignore format: one line
      String(readdirSync(join(server.clone, 'objects')).filter((n) => n.length === 2).length),
    ]),
  ])
  const [ours] = servers
  const isMet = growth(ours) <= growthMost
  console.log(
    `\ngrowth with upkeep: ${ratio(growth(ours))}, at most ${growthMost}: ${verdict(isMet)}`,
  )
  return isMet || !isStrict
}
