import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { median, ms, printTable, quantile } from './figures.mjs'
import { git } from './git.mjs'
import { copyOf, plannedCommit, releasesOf, remove, tipOf, workFolder } from './repositories.mjs'
import { target } from './targets.mjs'
import { strategies } from './write-strategies.mjs'

/**
 * Rounds of one release in a push, and how many of them the slower strategies take part in; then rounds
 * of ten and of a hundred in a push, of which a work tree gets `treeBatch` once. The first round is
 * dropped. When the budget is spent there are fewer rounds: a busy machine must not make it hours.
 */
const plans = {
  full: {
    small: {
      single: 40,
      middle: 20,
      slow: 8,
      ten: 8,
      hundred: 8,
      treeBatch: 100,
      budgetMs: 60_000,
    },
    medium: {
      single: 40,
      middle: 20,
      slow: 6,
      ten: 8,
      hundred: 8,
      treeBatch: 50,
      budgetMs: 120_000,
    },
    large: { single: 24, middle: 8, slow: 3, ten: 5, hundred: 5, treeBatch: 20, budgetMs: 300_000 },
  },
  quick: {
    small: { single: 20, middle: 8, slow: 4, ten: 4, hundred: 4, treeBatch: 50, budgetMs: 30_000 },
    medium: { single: 16, middle: 6, slow: 3, ten: 4, hundred: 4, treeBatch: 20, budgetMs: 45_000 },
  },
  http: {
    small: { single: 20, middle: 20, slow: 4, ten: 4, hundred: 3, treeBatch: 20, budgetMs: 30_000 },
    medium: {
      single: 20,
      middle: 20,
      slow: 3,
      ten: 4,
      hundred: 3,
      treeBatch: 20,
      budgetMs: 45_000,
    },
  },
}
const roundsLeast = 3

export const sizesOf = (kind) => Object.keys(plans[kind])

/** Strategies that take every commit: in the end they hold the same tree. */
const isWhole = ({ pace }) => pace === 'fast'

/** Measures all strategies on one size in turn, release by release, each on a remote of its own. */
export async function rounds(size, kind, hostUrl) {
  const plan = plans[kind][size.name]
  const opened = []
  for (const strategy of strategies)
    if (!hostUrl || strategy.isRemote) opened.push(await open(strategy, { size, hostUrl }))
  const releases = releasesOf(size, { seed: 2, from: size.commits })
  const batchOf = (count) =>
    Array.from({ length: count }, () => plannedCommit(releases.next().value))
  const turn = async ({ round, batch, among }) => {
    const commits = batchOf(batch)
    // Each is the first one once: what the one before leaves behind hits all alike.
    for (let at = 0; at < among.length; at++) {
      const one = among[(at + round) % among.length]
      const part = one.strategy.pace === 'fast' ? commits : commits.slice(0, plan.treeBatch)
      const times = await one.writer.release(part)
      one.commits += part.length
      const scale = batch / part.length
      if (round > 0) one.samples[batch].push({ ...times, ms: times.ms * scale })
    }
  }
  const endMs = performance.now() + plan.budgetMs
  const isLate = (round) => round >= roundsLeast && performance.now() > endMs
  const fast = opened.filter(({ strategy }) => strategy.pace === 'fast')
  const every = { fast: 1, middle: plan.single / plan.middle, slow: plan.single / plan.slow }
  for (let round = 0; round <= plan.single && !isLate(round); round++)
    await turn({
      ...{ round, batch: 1 },
      among: opened.filter(
        ({ strategy }) => round === 0 || (round - 1) % Math.floor(every[strategy.pace]) === 0,
      ),
    })
  for (let round = 0; round <= plan.ten; round++) await turn({ round, batch: 10, among: fast })
  for (let round = 0; round <= plan.hundred; round++)
    await turn({
      ...{ round, batch: 100 },
      among: round === 1 ? opened.filter(({ strategy }) => strategy.batches) : fast,
    })
  const isSound = await check(opened, size)
  for (const one of opened) remove(one.folder)
  return { figures: new Map(opened.map((one) => [one.strategy.name, one.samples])), isSound }
}

/** `hostUrl` is of a git host that serves the work folder; without it remotes are paths. */
async function open(strategy, { size, hostUrl }) {
  const name = `${size.name}-${strategy.name.replaceAll(/\W+/g, '-')}`
  const folder = join(workFolder(), name)
  mkdirSync(folder)
  const remote = await copyOf(size, join(name, 'remote.git'))
  const url = hostUrl && `${hostUrl}/${name}/remote.git`
  const writer = await strategy.open({ remote, folder, size, url })
  return { strategy, folder, remote, writer, commits: 0, samples: { 1: [], 10: [], 100: [] } }
}

/** Every remote holds a commit for each release, and those that took the same ones the same tree. */
async function check(opened, size) {
  const trees = new Set()
  let isSound = true
  for (const { strategy, remote, commits } of opened) {
    const count = Number(await git(remote, ['rev-list', '--count', '--first-parent', 'main']))
    if (count !== size.commits + commits) {
      console.log(`DEFECT: ${strategy.name} has ${count - size.commits} of ${commits} commits`)
      isSound = false
    }
    if (isWhole(strategy)) trees.add(await git(remote, ['rev-parse', 'main^{tree}']))
  }
  if (trees.size !== 1) console.log('DEFECT: the strategies ended with different trees')
  const ours = opened.find(({ strategy }) => strategy.name === 'ours')
  await git(ours.remote, ['fsck', '--connectivity-only', await tipOf(ours.remote)])
  return isSound && trees.size === 1
}

const p50 = (samples, key = 'ms') => median(samples.map((one) => one[key]))
const p95 = (samples) =>
  quantile(
    samples.map((one) => one.ms),
    0.95,
  )

/** Prints one size: a release alone, and its share of a batch. */
export function printRounds(size, figures, over = 'remotes are paths') {
  const limit = p50(figures.get('push only')[1])
  const cell = (value) => (Number.isNaN(value) ? '' : ms(value))
  const { name, apps, envs, commits } = size
  console.log(`${name}: ${apps} apps in ${envs} environments, ${commits} commits; ${over}`)
  printTable([
    ['one release', 'p50', 'p95', 'n', '÷ push only', 'of 10', 'of 100'],
    ...[...figures].map(([strategy, samples]) => [
      ...[strategy, ms(p50(samples[1])), ms(p95(samples[1])), String(samples[1].length)],
      (p50(samples[1]) / limit).toFixed(2),
      ...[cell(p50(samples[10]) / 10), cell(p50(samples[100]) / 100)],
    ]),
  ])
  console.log()
}

/** Of each size in turn: what section 8 of the research asks for. */
const limits = {
  W1: { small: 1.4, medium: 1.35, large: 1.25 },
  W2: { small: 2.2, medium: 18, large: 40 },
  W3: { small: 2, medium: 4, large: 7 },
  W4: { small: 2.3, medium: 12, large: 32 },
  W5: { small: 3.5, medium: 4, large: 5 },
  W6: { small: 80, medium: 50, large: 40 },
}

/** The ratios of one size. Those that the issue gives no number for have no target. */
export function ratiosOf(size, figures) {
  const at = (name, batch = 1) => p50(figures.get(name)[batch])
  const ours = at('ours')
  const one = (id, what, value) => {
    const limit = limits[id]?.[size.name]
    const side = id === 'W1' ? { atMost: limit } : { atLeast: limit }
    return target({ id, what: `${what}, ${size.name}`, value, ...side })
  }
  const clones = "Lunar's and GimletD-Go's way"
  return [
    one('W1', 'ours ÷ push only', ours / at('push only')),
    one('W2', 'clone --depth 1 ÷ ours', at('clone --depth 1') / ours),
    one('W3', 'clone, blobless, sparse ÷ ours', at('clone, blobless, sparse') / ours),
    one('W4', `${clones} ÷ ours`, Math.min(at("Lunar's way"), at("GimletD-Go's way")) / ours),
    one('W5', 'work tree, simple-git ÷ ours', at('work tree, simple-git') / ours),
    one(
      'W6',
      'batch of 100: work tree, simple-git ÷ ours',
      at('work tree, simple-git', 100) / at('ours', 100),
    ),
    target({
      ...{ id: 'W7', what: `batch of 100: ours ÷ fast-import and push alone, ${size.name}` },
      ...{ value: at('ours', 100) / at('fast-import + push', 100), atMost: 1.2 },
    }),
    target({ id: 'W15', what: `ours ÷ direct, ${size.name}`, value: ours / at('direct') }),
  ]
}

/** How much more it costs to build a commit where there is more. */
export function growthOf(figuresBySize) {
  const build = (name) => p50(figuresBySize.get(name).get('ours')[1], 'buildMs')
  const biggest = figuresBySize.has('large') ? 'large' : 'medium'
  const value = build(biggest) / build('small')
  return target({ id: 'W11', what: `ours, build: ${biggest} ÷ small`, value, atMost: 5 })
}
