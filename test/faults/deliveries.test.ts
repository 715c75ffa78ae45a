import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { effort, figure } from '../support/figures.ts'
import { githubSecret } from '../support/github-server.ts'
import { type Later, tempFolder } from '../support/temp.ts'
import { type GithubWorld, githubWorld, lifeOf, ofAnother } from './model/github-world.ts'
import { migratedFile } from './model/place.ts'

/** What happens to one pull request: CI posts two artifacts, GitHub tells the rest. */
const ended = ['one', 'two', 'opened', 'synchronize', 'closed', 'deleted'] as const
const open = ['one', 'two', 'opened', 'push', 'synchronize'] as const
type Step = (typeof ended)[number] | (typeof open)[number]
/** The steps in the order in which they come, each as often as it comes. */
type Order = { readonly isEnded: boolean; readonly steps: readonly Step[] }

let place: { folder: string; template: string }
const ends: (() => unknown)[] = []
const later: Later = (end) => void ends.push(end)

beforeAll(async () => {
  const folder = await tempFolder(later)
  place = { folder, template: await migratedFile(folder) }
})
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

const shaOf = (text: string) => createHash('sha1').update(text).digest('hex')

/** Plays the orders side by side, each with a pull request of its own, and answers what came out wrong. */
async function played(orders: readonly Order[], name: string): Promise<string[]> {
  const own: (() => unknown)[] = []
  const world = await githubWorld({ ...place, name }, (end) => void own.push(end))
  const life = await lifeOf(world)
  const lives = orders.map(({ isEnded, steps }, at) => {
    const [number, branch] = [1_000 + at, `b-${at}`]
    const [one, two] = [shaOf(`${at} one`), shaOf(`${at} two`)]
    const take = (step: Step) =>
      step === 'one' || step === 'two'
        ? world.post(`web-${at}-${step}`, { sha: step === 'one' ? one : two, branch })
        : world.deliver(ofAnother(life[step], { number, branch, one, two }))
    return { at, number, isEnded, steps, two, take }
  })
  const wrong: string[] = []
  const turns = Math.max(...orders.map(({ steps }) => steps.length))
  for (let turn = 0; turn < turns; turn++) {
    const answers = await Promise.all(
      lives.flatMap(({ steps, take }) => steps.slice(turn, turn + 1).map(take)),
    )
    wrong.push(...answers.flatMap((status) => (status && status !== 202 ? [`${status}`] : [])))
    if (turn % 5 === 2) await world.step()
  }
  for (let step = 0; step < 3; step++) await world.step()
  const runs = await world.runs()
  const pulls = await world.server.database.read('select * from pulls')
  for (const { at, number, isEnded, steps, two } of lives) {
    const pull = pulls.find((one) => one.number === number)
    const found = [runs.get(`web-b-${at}`), pull?.is_open, pull?.head_sha]
    const wanted = isEnded ? [undefined, 0, two] : [`web-${at}-two`, 1, two]
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      wrong.push(`${steps.join(', ')}: ${found.join(' ')}`)
  }
  const told = await world.server.database.read(
    `select about ->> 'branch' as branch, count(*) as n from events
     where kind = 'branchDeleted' group by 1`,
  )
  for (const { branch, n } of told) if (n !== 1) wrong.push(`${branch} was told ${n} times`)
  wrong.push(...(await world.judged()))
  for (const end of own.reverse()) await end()
  return wrong
}

/** Every order of some things. */
const ordersOf = <T>(all: readonly T[]): T[][] =>
  all.length === 0
    ? [[]]
    : all.flatMap((first, at) => ordersOf(all.toSpliced(at, 1)).map((rest) => [first, ...rest]))

/** Worlds of so many pull requests. */
const livesOfWorld = 120
const worldsOf = (orders: readonly Order[]): Order[][] =>
  Array.from({ length: Math.ceil(orders.length / livesOfWorld) }, (_, at) =>
    orders.slice(at * livesOfWorld, (at + 1) * livesOfWorld),
  )

describe('F16: what is told of a pull request and posted of its commits', () => {
  it('comes to the end of the right order in each of the 840 orders', async () => {
    const all = [
      ...ordersOf(ended).map((steps) => ({ isEnded: true, steps })),
      ...ordersOf(open).map((steps) => ({ isEnded: false, steps })),
    ]
    expect(all).toHaveLength(840)
    for (const [at, orders] of worldsOf(all).entries())
      expect(await played(orders, `every-${at}`)).toEqual([])
  })

  const random = 2_000 * effort
  it('F15: also when each comes one to five times, in any order', async () => {
    const copies = fc.constantFrom(1, 1, 1, 1, 2, 2, 3, 4, 5)
    const orderOf = (steps: readonly Step[]) =>
      fc
        .tuple(...steps.map((step) => copies.map((n) => Array<Step>(n).fill(step))))
        .chain((all) => {
          const each = all.flat()
          return fc.shuffledSubarray(each, { minLength: each.length })
        })
    const order = fc
      .boolean()
      .chain((isEnded) => orderOf(isEnded ? ended : open).map((steps) => ({ isEnded, steps })))
    const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
    let deliveries = 0
    for (const [at, orders] of worldsOf(fc.sample(order, { numRuns: random, seed })).entries()) {
      expect({ seed, wrong: await played(orders, `random-${at}`) }).toEqual({ seed, wrong: [] })
      deliveries += orders.reduce((sum, { steps }) => sum + steps.length, 0)
    }
    figure({
      rows: ['F15', 'F16'],
      what: 'orders of what is told of a pull request, each step 1 to 5 times',
      is: `${random} orders, ${deliveries} steps, 0 with another end`,
    })
  })
})

describe('F17: what is told of pull requests, three in ten of it in vain', () => {
  it.each([1, 2, 3, 4, 5])('is right after one sweep, round %i', async (round) => {
    const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31) + round
    const own: (() => unknown)[] = []
    const world = await githubWorld(
      { ...place, name: `lost-${round}` },
      (end) => void own.push(end),
    )
    const lost = fc.sample(fc.nat(9), { numRuns: 1_000, seed }).map((n) => n < 3)
    const wanted = await liveThrough(world, () => ({ isLost: lost.pop() ?? false }))
    await world.step()
    await world.parts.sweep()
    for (let step = 0; step < 3; step++) await world.step()
    expect({ seed, runs: Object.fromEntries(await world.runs()) }).toEqual({ seed, runs: wanted })
    expect(await world.judged()).toEqual([])
    for (const end of own.reverse()) await end()
  })
})

/** Fifteen pull requests live side by side, some to their ends; answers what has to run of them. */
async function liveThrough(
  world: GithubWorld,
  how: () => { isLost: boolean },
): Promise<Record<string, string>> {
  const { github, repository, clock } = world
  const sender = github.sender(await world.listen(), { secret: githubSecret })
  const lives = Array.from({ length: 15 }, (_, at) => {
    const branch = `b-${at}`
    const [one, two] = [shaOf(`${at} one`), shaOf(`${at} two`)]
    repository.branches.set(branch, one)
    const pull = github.pull({ repository, number: 100 + at, headSha: one, headRef: branch })
    return { at, branch, one, two, pull, isEnded: at % 3 === 0 }
  })
  const each = async (tell: (life: (typeof lives)[number]) => Promise<unknown>) => {
    for (const life of lives) {
      clock.moveMs(1_000)
      await tell(life)
    }
    await world.step()
  }
  await each(({ pull }) => sender.pullRequest(pull, 'opened', how()))
  await each(({ at, one, branch }) => world.post(`web-${at}-one`, { sha: one, branch }))
  await each(({ pull, two, branch, one }) => {
    pull.push(two)
    return sender.push({ repository, ref: branch, before: one, after: two, ...how() })
  })
  await each(({ pull }) => sender.pullRequest(pull, 'synchronize', how()))
  await each(({ at, two, branch }) => world.post(`web-${at}-two`, { sha: two, branch }))
  await each(async ({ pull, branch, isEnded }) => {
    if (!isEnded) return
    pull.close()
    await sender.pullRequest(pull, 'closed', how())
    await sender.deleteBranch({ repository, branch, ...how() })
  })
  const open = lives.filter(({ isEnded }) => !isEnded)
  return Object.fromEntries(open.map(({ at, branch }) => [`web-${branch}`, `web-${at}-two`]))
}
