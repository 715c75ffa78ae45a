import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lay, startGimletd } from './child.mjs'
import { isStrict, median, ms, printTable, quantile } from './figures.mjs'
import { git, timed } from './git.mjs'
import { reindex } from './reindex.mjs'
import { seedIndex } from './release-index.mjs'
import { appOf, copyOf, sizes, tipOf, workFolder } from './repositories.mjs'
import { rollback } from './rollback.mjs'
import { printTargets, target } from './targets.mjs'
import { bareClone } from './write-strategies.mjs'

const indexed = { full: 1_000_000, quick: 100_000 }
const env = 'production'
const plans = {
  full: { ours: 300, one: 40, plain: 6, bloom: 20, all: 15 },
  quick: { ours: 100, one: 15, plain: 3, bloom: 6, all: 6 },
}
const historyMost = 20

/**
 * Measures what people ask beside the git command that would answer it. The index is read in
 * this process, so on a busy machine its time in the CPU says more than the clock.
 */
export async function read() {
  const words = process.argv.slice(3)
  const kind = words.includes('--quick') ? 'quick' : 'full'
  const size = kind === 'quick' ? sizes.medium : sizes.large
  const count = indexed[kind]
  console.log(
    `read: ${count.toLocaleString('en-US')} releases in the index, ${size.commits} commits\n`,
  )
  const repository = await copyOf(size, 'read.git')
  await git(repository, ['commit-graph', 'write', '--reachable', '--changed-paths'])
  const index = await seedIndex(size, count, (await tipOf(repository)).trim())
  const server = await serve(repository, index.url)
  const taken = await questions({ repository, index, server, size, plan: plans[kind] })
  await server.end('SIGTERM')
  index.close()
  const targets = print(taken, size)
  for (const one of kind === 'quick' ? ['medium'] : ['medium', 'large'])
    targets.push(...(await rollback(sizes[one], kind)))
  targets.push(...(await reindex(size, kind)))
  const areMet = printTargets(targets)
  return areMet || !isStrict
}

async function serve(remote, url) {
  const folder = join(workFolder(), 'reader')
  mkdirSync(folder)
  lay(folder, { 'policies/.keep': '', 'manifests/.keep': '', 'data/.keep': '' })
  await bareClone({ remote, clone: join(folder, 'data/clone.git') })
  return startGimletd(folder, {
    ...{ GIMLET_DATA_DIR: join(folder, 'data'), GIMLET_DB_URL: url, GITOPS_REPO: remote },
    ...{ POLICIES: join(folder, 'policies'), MANIFESTS: join(folder, 'manifests') },
  })
}

/** Each question with the ways to answer it, and how often each is asked. */
async function questions({ repository, index, server, size, plan }) {
  const { store } = index
  const log = (app, ...options) =>
    git(repository, [...options, 'log', '-n', '20', '--format=%H', 'main', '--', `${env}/${app}`])
  const get = (path) => server.call(path)
  const every = Array.from(
    { length: size.apps },
    (_, at) => `main:${env}/${appOf(at)}/release.json`,
  )
  const batch = `${every.join('\n')}\n`
  const ways = {
    'history, git log': [plan.plain, (app) => log(app, '-c', 'core.commitGraph=false')],
    'history, git log, Bloom filters': [plan.bloom, (app) => log(app)],
    'history, index': [plan.ours, (app) => store.history({ env, app, limit: historyMost })],
    'history, API': [plan.ours, (app) => get(`/api/releases?env=${env}&app=${app}&limit=20`)],
    'status of an app, git show': [
      plan.one,
      (app) => git(repository, ['show', `main:${env}/${app}/release.json`]),
    ],
    'status of an app, index': [plan.ours, (app) => store.running({ env, app })],
    'status of an app, API': [plan.ours, (app) => get(`/api/status?env=${env}&app=${app}`)],
    'status of all, cat-file': [
      plan.all,
      () => git(repository, ['cat-file', '--batch'], { input: batch }),
    ],
    'status of all, index': [plan.all, () => store.running({ env })],
    'status of all, API': [plan.all, () => get(`/api/status?env=${env}`)],
  }
  const taken = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
  for (let round = 0; round < plan.ours; round++) {
    // Apps that are released often and seldom, in turn.
    const app = appOf((round * 7) % size.apps)
    for (const [name, [times, ask]] of Object.entries(ways))
      if (round === 0 || round % Math.floor(plan.ours / times) === 0) {
        const before = process.cpuUsage()
        const took = await timed(() => ask(app))
        const { user, system } = process.cpuUsage(before)
        if (round > 0) taken[name].push({ ms: took, cpuMs: (user + system) / 1000 })
      }
  }
  return taken
}

function print(taken, size) {
  const of = (name, key = 'ms') => taken[name].map((one) => one[key])
  printTable([
    ['question', 'p50', 'p99', 'n', 'CPU here, p50'],
    ...Object.keys(taken).map((name) => [
      ...[name, ms(median(of(name))), ms(quantile(of(name), 0.99)), String(of(name).length)],
      ms(median(of(name, 'cpuMs'))),
    ]),
  ])
  console.log()
  const share = (name, other) => median(of(name)) / median(of(other))
  const apps = `status of ${size.apps} apps`
  return [
    target({
      ...{ id: 'R1', what: 'history: git log, Bloom filters ÷ ours', atLeast: 200 },
      value: share('history, git log, Bloom filters', 'history, index'),
    }),
    target({
      ...{ id: 'R1', what: 'history: p99 of ours', atMost: 2, unit: ' ms' },
      value: quantile(of('history, index'), 0.99),
    }),
    target({
      ...{ id: 'R2', what: 'status of an app: git show ÷ ours', atLeast: 50 },
      value: share('status of an app, git show', 'status of an app, index'),
    }),
    target({
      ...{ id: 'R3', what: `${apps}: cat-file --batch ÷ ours`, atLeast: 8 },
      value: share('status of all, cat-file', 'status of all, index'),
    }),
    target({
      ...{ id: 'R3', what: `${apps}: ours`, atMost: 20, unit: ' ms' },
      value: median(of('status of all, index')),
    }),
  ]
}
