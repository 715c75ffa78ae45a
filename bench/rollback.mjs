import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './figures.mjs'
import { git, timed } from './git.mjs'
import { appOf, copyOf, envOf, plannedCommit, remove, workFolder } from './repositories.mjs'
import { target } from './targets.mjs'
import { openWriter } from './write-strategies.mjs'

const back = 9
const samples = { full: 8, quick: 4 }

/** R4: the commit that goes back nine releases, built and not pushed, beside reverting the nine. */
export async function rollback(size, kind) {
  const folder = join(workFolder(), `${size.name}-rollback`)
  mkdirSync(folder)
  const remote = await copyOf(size, join(`${size.name}-rollback`, 'remote.git'))
  const writer = await openWriter({ remote, folder })
  const place = { app: appOf(0), env: envOf(0) }
  const commits = Array.from({ length: back + 1 }, (_, at) =>
    plannedCommit({ ...place, number: size.commits + at }),
  )
  const { refs } = await writer.commit(await writer.tip(), commits, async () => true)
  const tree = join(folder, 'tree')
  await git(folder, ['clone', '--quiet', remote, tree])
  const restore = {
    ...plannedCommit({ ...place, number: size.commits + back + 1 }),
    change: {
      kind: 'restore',
      folder: `${place.env}/${place.app}`,
      from: refs[0],
      files: new Map(),
    },
  }
  const taken = { ours: [], revert: [] }
  for (let round = 0; round <= samples[kind]; round++) {
    const tip = await writer.tip()
    const ours = await timed(() => writer.commit(tip, [restore], async () => false))
    const newest = refs.slice(1).reverse()
    const revert = await timed(async () => {
      for (const ref of newest) await git(tree, ['revert', '--no-edit', ref])
    })
    await git(tree, ['reset', '--quiet', '--hard', tip])
    if (round === 0) continue
    taken.ours.push(ours)
    taken.revert.push(revert)
  }
  remove(folder)
  return [
    target({
      ...{ id: 'R4', what: `rollback, build: reverting ${back} ÷ ours, ${size.name}` },
      ...{ value: median(taken.revert) / median(taken.ours), atLeast: 40 },
    }),
  ]
}
