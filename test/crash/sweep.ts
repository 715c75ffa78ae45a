import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { figure } from '../support/figures.ts'
import { flows } from './all-flows.ts'
import { judge } from './checker.ts'
import { filesOf } from './files.ts'
import { acceptedIn, type Flow, type Memory, rest } from './flows.ts'
import { readHistory } from './history.ts'
import {
  adminToken,
  copyPlace,
  layPlace,
  type Place,
  placeIn,
  type Server,
  startHere,
  startServer,
} from './place.ts'
import type { Report } from './report.ts'

/** Where a server ends itself: at a numbered step, and for how long its push goes on without it. */
export type Crash = {
  readonly step: number
  readonly where: 'before' | 'amid' | 'after'
  readonly slowSeconds: number
}

export type Sweep = {
  readonly folder: string
  readonly report: Report
  /** Two crashes deep at every step, and not at the most dangerous ones only. */
  readonly isDeep: boolean
  /** Only these flows, when there are any. */
  readonly only: readonly string[]
  /** `performance.now()` at which no step and no second crash is begun any more. */
  readonly until: number
}

const workers = 2
const child = fileURLToPath(new URL('steps.js', import.meta.url))
/** How long a push goes on that outlives its server: not at all, until the next one starts, and longer. */
const slowPushes = [0, 0.4, 1.2]

type Prepared = { readonly flow: Flow; readonly base: Place; readonly memory: Memory }
/** How far a sweep came, of the steps where a second crash is worth it. */
type Depth = { places: number; done: number; steps: number; isWhole: boolean }
type Work = { readonly isDeep: boolean; readonly run: (place: Place) => Promise<void> }

/** Ends the server before and after every step of every flow, and again while it recovers. */
export async function sweep(given: Sweep): Promise<void> {
  const work: Work[] = []
  const depths = new Map<string, Depth>()
  const chosen = flows.filter(({ name }) => given.only.length === 0 || given.only.includes(name))
  for (const flow of chosen) {
    const prepared = await prepare(given.folder, flow)
    const depth = { places: 0, done: 0, steps: 0, isWhole: false }
    depths.set(flow.name, depth)
    work.push({ isDeep: false, run: (place) => oneDeep(given, { prepared, place, work, depth }) })
  }
  const worker = async (number: number) => {
    const place = placeIn(join(given.folder, `worker-${number}`))
    for (let next = work.shift(); next; next = work.shift())
      if (!next.isDeep || performance.now() < given.until) await next.run(place)
  }
  await Promise.all(Array.from({ length: workers }, (_, number) => worker(number)))
  tell(given, chosen, depths)
}

const partOf = ({ name }: Flow, depth: number) => `${name}, ${depth} deep`

/** What was swept, and how much of what there is: a flow that was not swept to its end proves nothing. */
function tell({ report, isDeep }: Sweep, chosen: readonly Flow[], depths: Map<string, Depth>) {
  for (const flow of chosen) {
    const depth = depths.get(flow.name)
    if (!depth) continue
    const [one, two] = [partOf(flow, 1), partOf(flow, 2)]
    const rows = flow.rows.join(' ')
    const runs = `${depth.steps} steps, ${report.runsOf(one)} crashes`
    if (depth.isWhole) report.prove(one, `crash sweep: ${rows} ${flow.name}: ${runs}`)
    else report.say(`${flow.name}: left out for lack of time after ${runs}`)
    const deep = `${depth.done} of ${depth.places} places, ${report.runsOf(two)} runs`
    report.prove(two, `crash sweep, two deep: F41 ${flow.name}: ${deep}`)
  }
  // Of some flows only, nothing can be said of the whole.
  if (chosen.length < flows.length) return
  const all = [...depths.values()]
  const sum = (of: (depth: Depth) => number) => all.reduce((total, one) => total + of(one), 0)
  const [whole, places, done] = [
    all.filter(({ isWhole }) => isWhole).length,
    sum((one) => one.places),
    sum((one) => one.done),
  ]
  const share = (part: number, of: number, unit: string) =>
    part === of && whole === all.length ? `100 % of ${of} ${unit}` : `${part} of ${of} ${unit}`
  const steps = `${share(whole, all.length, 'flows')}, ${sum((one) => one.steps)} steps`
  figure({ rows: ['F2', 'F41'], what: 'crash points, one deep', is: steps, goal: '100 %' })
  const what = `crash points, two deep at ${isDeep ? 'every step' : 'what changes the world'}`
  figure({ rows: ['F41'], what, is: share(done, places, 'places'), goal: '100 %' })
}

/** Runs one case again, as a counter-example names it. */
export async function sweepOne(given: Sweep, name: string, crashes: readonly Crash[]) {
  const flow = flows.find((one) => one.name === name)
  if (!flow) throw new Error(`there is no flow ${name}`)
  const prepared = await prepare(given.folder, flow)
  const place = placeIn(join(given.folder, 'worker-0'))
  for (const words of await runCase(given, { prepared, place, crashes })) given.report.say(words)
}

async function prepare(folder: string, flow: Flow): Promise<Prepared> {
  const base = placeIn(join(folder, `base-${flow.name}`))
  mkdirSync(base.folder, { recursive: true })
  await layPlace(base, filesOf())
  const server = await startHere(base)
  const memory: Memory = new Map()
  await flow.prepare(server, memory)
  await rest(server)
  await server.kill()
  await flow.age?.(base)
  return { flow, base, memory }
}

type Given = { readonly prepared: Prepared; readonly place: Place }

/** Every step of a flow; what is worth a second crash is put to the work that is left. */
async function oneDeep(
  given: Sweep,
  { prepared, place, work, depth }: Given & { work: Work[]; depth: Depth },
) {
  const told = new Set<string>()
  const slow = prepared.flow.slowPushes ?? slowPushes
  for (let step = 1; performance.now() < given.until; step++) {
    const crash = (where: Crash['where'], slowSeconds = 0) => ({ step, where, slowSeconds })
    const run = (one: Crash) => runCase(given, { prepared, place, crashes: [one] })
    await run(crash('before'))
    const [words] = await run(crash('after'))
    if (words === undefined) {
      depth.isWhole = true
      return
    }
    depth.steps = step
    const amid = /git push/.test(words) ? slow : /git /.test(words) ? [0] : []
    for (const seconds of amid) await run(crash('amid', seconds))
    const isDangerous = /git push|into commits/.test(words) && !told.has(words.split(', ')[1] ?? '')
    told.add(words.split(', ')[1] ?? '')
    if (!given.isDeep && !isDangerous) continue
    const firsts = [...(given.isDeep ? [crash('before')] : []), crash('after')]
    if (/git push/.test(words)) firsts.push(crash('amid', slow[1] ?? 0))
    for (const first of firsts) {
      depth.places++
      const run = async (free: Place) => {
        if (await twoDeep(given, { prepared, place: free, first })) depth.done++
      }
      work.push({ isDeep: true, run })
    }
  }
}

/** Answers whether every second crash was tried. */
async function twoDeep(
  given: Sweep,
  { prepared, place, first }: Given & { first: Crash },
): Promise<boolean> {
  const places = given.isDeep ? (['before', 'after'] as const) : (['after'] as const)
  for (let step = 1; performance.now() < given.until; step++)
    for (const where of places) {
      const crashes = [first, { step, where, slowSeconds: 0 }]
      const words = await runCase(given, { prepared, place, crashes })
      if (words.length < crashes.length) return true
    }
  return false
}

type Case = Given & { readonly crashes: readonly Crash[] }

/**
 * Plays a flow with a server that ends at each of the crashes, and with one that lives, and checks the
 * invariants. Answers the last words of the servers that came as far as their crash.
 */
async function runCase(given: Sweep, { prepared, place: at, crashes }: Case): Promise<string[]> {
  const { flow, base } = prepared
  copyPlace(base, at)
  const world = await flow.world?.(at)
  const place = world ? { ...at, world } : at
  const part = partOf(flow, crashes.length)
  const memory: Memory = new Map(prepared.memory)
  const words: string[] = []
  const name = () => nameOf(flow, crashes, words)
  try {
    for (const crash of [...crashes, undefined]) {
      const ended = await play({ prepared, place }, memory, crash)
      if (ended === undefined) break
      words.push(ended)
      await flow.whileDown?.(place)
    }
    // What outlives its server must have come to its end, too.
    await pause(1_000 * Math.max(0, ...crashes.map(({ slowSeconds }) => slowSeconds)))
    given.report.count(name(), await problems(flow, place, memory), part)
  } catch (error) {
    given.report.count(name(), [error instanceof Error ? error.message : String(error)], part)
  } finally {
    await world?.stop()
  }
  return words
}

const nameOf = (flow: Flow, crashes: readonly Crash[], words: readonly string[]): string => {
  const places = crashes.map(({ step, where, slowSeconds }) => `${step}:${where}:${slowSeconds}`)
  return `--case ${flow.name} ${places.join(' ')}${words.map((word) => `\n    ${word}`).join('')}`
}

/** Answers a server's last words, or nothing when it carried the flow to its end. */
async function play(
  { prepared, place }: Given,
  memory: Memory,
  crash: Crash | undefined,
): Promise<string | undefined> {
  const { step, where, slowSeconds } = crash ?? {}
  const server = crash
    ? await startServer(place, [child, String(step), String(where), String(slowSeconds)])
    : await startHere(place)
  if (typeof server === 'string') return server
  let ended: string | undefined
  try {
    ended = await Promise.race([server.ended, flowed(prepared.flow, server, { memory, place })])
    return ended
  } finally {
    if (ended === undefined) await server.kill()
  }
}

async function flowed(
  flow: Flow,
  server: Server,
  { memory, place }: { memory: Memory; place: Place },
): Promise<string | undefined> {
  try {
    await flow.run(server, memory, place)
    await rest(server)
    // It may have ended in the moment after it came to rest: only who lives answers.
    await server.get('/healthz')
    return undefined
  } catch (error) {
    // A call that broke off is no answer: the server's end is. A server that lives has no excuse.
    const late = pause(2_000).then(() => {
      throw error
    })
    return await Promise.race([server.ended, late])
  }
}

async function problems(flow: Flow, place: Place, memory: Memory): Promise<readonly string[]> {
  const { world } = place
  const evidence = {
    ...{ ...place, accepted: acceptedIn(memory), secrets: secretsOf(place, memory) },
    ...(world ? { told: world.told() } : {}),
  }
  const history = await readHistory(evidence)
  const found = [...judge(history), ...(world?.problems() ?? [])]
  const { running } = history
  const runs = Object.fromEntries(
    [...running].map(([folder, { artifactId }]) => [folder, artifactId] as const).sort(),
  )
  const wanted = flow.ends.map((end) =>
    JSON.stringify(Object.fromEntries(Object.entries(end).sort())),
  )
  const is = JSON.stringify(runs)
  if (wanted.includes(is)) return found
  return [...found, `the end is ${is}, and should be ${wanted.join(' or ')}`]
}

/** What the servers and people of a flow know, and nobody else may. */
function secretsOf({ world }: Place, memory: Memory): Record<string, string> {
  const names = ['SLACK_SIGNING_SECRET', 'SLACK_BOT_TOKEN', 'WEBHOOK_SECRET', 'PRIVATE_KEY']
  const told = names.flatMap((name) => {
    const value = world?.environment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const token = memory.get('bob')?.json.token
  const bob = typeof token === 'string' ? [['the token of bob', token] as const] : []
  return { 'the administrator’s token': adminToken, ...Object.fromEntries([...told, ...bob]) }
}
