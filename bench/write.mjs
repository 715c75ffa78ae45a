import { startChild } from './child.mjs'
import { isStrict, median } from './figures.mjs'
import { isInMemory, sizes, workFolder } from './repositories.mjs'
import { printTargets, target } from './targets.mjs'
import { load } from './write-load.mjs'
import { ageing, counts, races } from './write-races.mjs'
import { growthOf, printRounds, ratiosOf, rounds, sizesOf } from './write-rounds.mjs'

/** The parts, each with a name to run it alone: `npm run bench -- write load`. */
const parts = { rounds: everyRound, http: everyHttpRound, load: everyLoad, races: everyRace }

/** Measures every way to write beside ours, and prints the targets of the research. */
export async function write() {
  const words = process.argv.slice(3)
  const kind = words.includes('--quick') ? 'quick' : 'full'
  const chosen = Object.keys(parts).filter((name) => words.includes(name))
  const place = isInMemory ? 'in memory' : 'on the disk: clones look worse there than in memory'
  console.log(`write: repositories ${place}, remotes are paths, releases take turns; ${kind}\n`)
  const startedAt = performance.now()
  const targets = []
  let isSound = true
  for (const name of chosen.length > 0 ? chosen : Object.keys(parts)) {
    const measured = await parts[name](kind)
    targets.push(...measured.targets)
    isSound &&= measured.isSound
  }
  const number = ({ id }) => (id.startsWith('W') ? 0 : 100) + Number(id.slice(1))
  const areMet = printTargets(targets.sort((a, b) => number(a) - number(b)))
  console.log(`\n${Math.round((performance.now() - startedAt) / 1000)} seconds`)
  return isSound && (areMet || !isStrict)
}

async function everyRound(kind) {
  const targets = []
  const figures = new Map()
  let isSound = true
  for (const name of sizesOf(kind)) {
    const measured = await rounds(sizes[name], kind)
    figures.set(name, measured.figures)
    isSound &&= measured.isSound
    printRounds(sizes[name], measured.figures)
    targets.push(...ratiosOf(sizes[name], measured.figures))
  }
  return { targets: [...targets, growthOf(figures)], isSound }
}

/** The same over HTTP, to `git http-backend` on this machine; the research sets no targets for it. */
async function everyHttpRound() {
  const host = await startChild('./git-host.mjs', { env: { GIT_HOST_FOLDER: workFolder() } })
  const targets = []
  let isSound = true
  for (const name of sizesOf('http')) {
    const measured = await rounds(sizes[name], 'http', host.url)
    isSound &&= measured.isSound
    printRounds(sizes[name], measured.figures, 'remotes are reached by HTTP')
    const p50 = (strategy) => median(measured.figures.get(strategy)[1].map(({ ms }) => ms))
    const value = p50('ours') / p50('push only')
    targets.push(target({ id: 'W1', what: `ours ÷ push only by HTTP, ${name}`, value }))
  }
  await host.kill()
  return { targets, isSound }
}

async function everyLoad(kind) {
  const all = []
  for (const name of sizesOf(kind).filter((one) => one !== 'small'))
    all.push(await load(sizes[name], kind))
  return {
    targets: all.flatMap(({ targets }) => targets),
    isSound: all.every(({ isSound }) => isSound),
  }
}

async function everyRace(kind) {
  const targets = await counts(sizes.small)
  for (const name of sizesOf(kind)) targets.push(...(await races(sizes[name], kind)))
  targets.push(...(await ageing(sizes.medium, kind)))
  return { targets, isSound: true }
}
