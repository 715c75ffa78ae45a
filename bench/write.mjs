import { isStrict } from './figures.mjs'
import { isInMemory, sizes } from './repositories.mjs'
import { printTargets } from './targets.mjs'
import { growthOf, printRounds, ratiosOf, rounds, sizesOf } from './write-rounds.mjs'

/** Measures every way to write beside ours, and prints the targets of the research. */
export async function write() {
  const kind = process.argv.includes('--quick') ? 'quick' : 'full'
  const place = isInMemory ? 'in memory' : 'on the disk: clones look worse there than in memory'
  console.log(`write: repositories ${place}, remotes are paths, releases take turns; ${kind}\n`)
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
  targets.push(growthOf(figures))
  const byNumber = (a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))
  const areMet = printTargets(targets.sort(byNumber))
  return isSound && (areMet || !isStrict)
}
