import { join } from 'node:path'
import fc from 'fast-check'
import type { Later } from '../../support/temp.ts'
import { type Deed, deeds, posts } from './commands.ts'
import type { Host } from './host.ts'
import { copyOf } from './place.ts'
import { newWorld, type World } from './world.ts'

/** The longest sequence. */
const commandsMax = 50
/** The most releases that a sequence begins with. */
const releasesMax = 3

/** What a run is made again from: what fast-check printed when it failed. */
const again = {
  ...(process.env.FC_SEED ? { seed: Number(process.env.FC_SEED) } : {}),
  ...(process.env.FC_PATH ? { path: process.env.FC_PATH } : {}),
}

type Holder = { readonly world: World }

class Command implements fc.AsyncCommand<Holder, Holder> {
  readonly #name: string
  readonly #deed: Deed
  #said = ''

  constructor(name: string, deed: Deed) {
    this.#name = name
    this.#deed = deed
  }

  check({ world }: Holder): boolean {
    return this.#deed.can?.(world) ?? true
  }

  async run({ world }: Holder): Promise<void> {
    world.clock.moveMs(1_000)
    await this.#deed.run(world)
    this.#said = world.said.splice(0).join('; ')
    // What was only asked shows when it is carried out.
    const differences = this.#name === 'step' ? await world.differences() : []
    if (differences.length > 0) throw new Error(`after ${this.#name}: ${differences.join('; ')}`)
  }

  toString(): string {
    return `${this.#name} ${this.#said}`.trim()
  }
}

const commands = fc.commands(
  deeds.flatMap(([name, weight, deed]) =>
    Array.from({ length: weight }, () => deed.map((one) => new Command(name, one))),
  ),
  {
    ...{ maxCommands: commandsMax, size: 'max' },
    ...(process.env.FC_REPLAY ? { replayPath: process.env.FC_REPLAY } : {}),
  },
)

type Given = {
  readonly runs: number
  readonly folder: string
  readonly template: string
  readonly newHost: (later: Later) => Promise<Host>
}

/** What was played. */
export type Played = { sequences: number; commands: number; requests: number; commits: number }

/** Plays sequences in the product and in the model; throws the shortest one in which they differ. */
export async function play({ runs, folder, template, newHost }: Given): Promise<Played> {
  const played: Played = { sequences: 0, commands: 0, requests: 0, commits: 0 }
  const plays = fc.asyncProperty(fc.nat(releasesMax), commands, async (releases, sequence) => {
    const file = await copyOf(template, join(folder, `${played.sequences++}.db`))
    const ends: (() => unknown)[] = []
    const host = await newHost((end) => void ends.push(end))
    const world = await newWorld(host, file)
    try {
      await begins(world, releases)
      await fc.asyncModelRun(() => ({ model: { world }, real: { world } }), sequence)
      await comesToRest(world)
      played.commands += [...sequence].length
      played.requests += world.model.requests().length
      played.commits += (await host.pushed()).size
    } finally {
      world.stop()
      for (const end of ends.reverse()) await end()
    }
  })
  await fc.assert(plays, { numRuns: runs, endOnFailure: false, ...again })
  return played
}

/** So many releases of one app are there from the start: a rollback needs some. */
async function begins(world: World, releases: number): Promise<void> {
  for (let at = 0; at < releases; at++) {
    await posts(world, { number: 10 + at, app: 'web', branch: null, by: 'ci' })
    await world.step()
  }
  world.said.length = 0
}

/** Everything comes to its end, and the checker has nothing against what was done. */
async function comesToRest(world: World): Promise<void> {
  await world.host.comesBack()
  await world.step()
  for (const request of world.model.requests()) {
    if (request.status !== 'held') continue
    await world.ask('dave', { verb: 'reject', id: await world.idOf(request) })
    request.status = 'denied'
  }
  const wrong = [...(await world.differences()), ...(await world.judged())]
  if (wrong.length > 0) throw new Error(wrong.join('; '))
}
