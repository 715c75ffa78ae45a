import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { figure } from '../support/figures.ts'
import { judge } from './checker.ts'
import { artifactOf, filesOf } from './files.ts'
import { rest } from './flows.ts'
import { type History, readHistory } from './history.ts'
import {
  type Answer,
  adminToken,
  layFiles,
  layPlace,
  type Place,
  placeIn,
  type Server,
  slowPushFile,
  someoneCommits,
  startHere,
  startServer,
} from './place.ts'
import type { Report } from './report.ts'

export type Kills = {
  readonly folder: string
  readonly report: Report
  readonly seed: number
  readonly kills: number
  /** Only this round, to play it again. */
  readonly round?: number | undefined
  /** `performance.now()` at which no further kill is begun. */
  readonly until: number
}

/** After so many kills the server may come to rest, and everything is checked. */
const killsARound = 50
/** So many rounds are played at once, each with a server of its own. */
const workers = 2
/** What the kills count as in the report. */
const part = 'random kills'
/** So many times the first start is killed. */
const firstStarts = 10
const apps = Array.from({ length: 8 }, (_, at) => `app-${at + 1}`)
/** How long a server lives at most after it has started; on a busy machine as long as the start took. */
const livesMs = 600
/** How long a push goes on at most without its server. */
const slowMs = 800
const betweenAsksMs = 150
const betweenCommitsMs = 1_200
const program = resolve('dist/main.js')

/** Kills the server as it ships again and again, under load, and starts it at once. */
export async function killAtRandom(given: Kills): Promise<void> {
  const rounds = Array.from({ length: Math.ceil(given.kills / killsARound) }, (_, at) => at)
  const left = rounds.filter((at) => given.round === undefined || given.round === at)
  let killed = 0
  const worker = async () => {
    for (let round = left.shift(); round !== undefined; round = left.shift())
      if (performance.now() < given.until) {
        const made = await playRound(given, round, killsIn(given, round))
        killed += made
      }
  }
  await Promise.all(Array.from({ length: workers }, worker))
  const planned = given.round === undefined ? given.kills : Math.min(killsARound, given.kills)
  given.report.prove(part, `random kills: F2 F5 F6 F41: ${killed} kills of one server under load`)
  figure({ rows: ['F2', 'F41'], what: 'random kills', is: `${killed}`, goal: `${planned}` })
  if (killed < planned)
    given.report.say(`${planned - killed} kills were not made: a round broke, or the time was over`)
}

const killsIn = ({ kills }: Kills, round: number) =>
  Math.min(killsARound, kills - round * killsARound)

/** Kills the very first start of a server, which makes everything, and starts it again. */
export async function killFirstStarts(given: Kills): Promise<void> {
  const random = randomOf(given.seed)
  let startMs = 0
  for (let number = 0; number < firstStarts; number++) {
    const folder = join(given.folder, `first-${number}`)
    const place = { ...placeIn(folder), remote: join(folder, 'data/gitops.git') }
    layFiles(place, filesOf(apps))
    const began = performance.now()
    const share = random()
    const server = await startServer(place, [program], (end) => {
      if (startMs > 0) setTimeout(end, share * startMs)
    })
    startMs ||= performance.now() - began
    if (typeof server !== 'string') await server.kill()
    await given.report.guarded('--only kills', () => afterFirstStart(place))
  }
}

async function afterFirstStart(place: Place): Promise<readonly string[]> {
  const server = await startHere(place)
  const { json } = await server.post('/api/artifact', { body: artifactOf('app-1', 1) })
  await rest(server)
  await server.kill()
  const evidence = { ...place, accepted: [String(json.id)] }
  const history = await readHistory(evidence)
  const runs = history.running.has('staging/app-1') ? [] : ['the first release did not go']
  return [...judge(history), ...runs]
}

/** What a round's clients, its person and its killer share. */
type Round = {
  readonly place: Place
  readonly accepted: string[]
  readonly seen: string[]
  server: Server | undefined
  isOver: boolean
}

async function playRound(given: Kills, number: number, kills: number): Promise<number> {
  const name = `--round ${number}`
  const place = placeIn(join(given.folder, `round-${number}`))
  await layPlace(place, filesOf(apps))
  const round: Round = { place, accepted: [], seen: [], server: undefined, isOver: false }
  const seed = given.seed + number * 7_919
  const others = apps.map((app, at) => client(round, app, randomOf(seed + at + 1)))
  others.push(person(round, randomOf(seed + 100)))
  try {
    const killed = await kill(given, round, { kills, random: randomOf(seed) })
    round.isOver = true
    round.server = await started(place)
    await Promise.all(others)
    await pause(slowMs)
    await rest(round.server)
    await round.server.kill()
    const evidence = {
      ...{ ...place, accepted: round.accepted, seen: round.seen },
      secrets: { 'the administrator’s token': adminToken },
    }
    const history = await readHistory(evidence)
    given.report.say(`round ${number}: ${killed.told}; ${told(round, history)}`)
    given.report.count(name, [...judge(history), ...setAside(history)], part)
    return killed.count
  } catch (error) {
    round.isOver = true
    given.report.count(
      name,
      [error instanceof Error ? (error.stack ?? error.message) : `${error}`],
      part,
    )
    return 0
  }
}

async function started(place: Place): Promise<Server> {
  const server = await startServer(place, [program])
  if (typeof server === 'string') throw new Error(`a server ended by itself: ${server}`)
  return server
}

type Killing = { readonly kills: number; readonly random: Random }

async function kill(given: Kills, round: Round, { kills, random }: Killing) {
  const counts = { count: 0, early: 0, slow: 0 }
  let startMs = 500
  while (counts.count < kills && performance.now() < given.until) {
    const isEarly = random() < 0.3
    const [share, slow] = [random(), random() < 0.3 ? random() * slowMs : 0]
    const began = performance.now()
    const server = await startServer(round.place, [program], (end) => {
      if (isEarly) setTimeout(end, share * startMs)
    })
    counts.count++
    if (isEarly) counts.early++
    if (typeof server === 'string') continue
    startMs = performance.now() - began
    round.server = server
    if (slow > 0) {
      counts.slow++
      writeFileSync(join(round.place.remote, slowPushFile), String(slow / 1_000))
    }
    if (!isEarly) {
      await pause(share * Math.max(livesMs, startMs))
      await server.kill()
    }
    await server.ended
    round.server = undefined
  }
  const { count, early, slow } = counts
  return { count, told: `${count} kills (${early} early, ${slow} with a slow push)` }
}

/** Asks for one thing after the other, for one app, as long as the round lasts. */
async function client(round: Round, app: string, random: Random): Promise<void> {
  let newest = 0
  while (!round.isOver) {
    await pause(random() * betweenAsksMs)
    const dice = random()
    if (newest === 0 || dice < 0.45) {
      newest++
      await ask(round, '/api/artifact', artifactOf(app, newest))
    } else if (dice < 0.75) {
      const artifactId = `${app}-${Math.max(1, newest - Math.floor(random() * 3))}`
      await ask(round, '/api/releases', { env: 'production', app, artifactId })
    } else if (dice < 0.92) await ask(round, `/api/rollback?env=production&app=${app}`)
    else await ask(round, `/api/delete?env=production&app=${app}`)
  }
}

/** Asks until somebody answers; what was answered with a 2xx is a promise. */
async function ask(round: Round, path: string, body?: unknown): Promise<void> {
  for (;;) {
    const answer = await asked(round, path, body)
    if (answer === undefined) {
      await pause(20)
      continue
    }
    const { status, json } = answer
    if (status >= 500) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`)
    if (status < 300) round.accepted.push(String(json.id))
    return
  }
}

async function asked({ server }: Round, path: string, body: unknown): Promise<Answer | undefined> {
  try {
    return await server?.post(path, { body })
  } catch {
    // The server ended meanwhile: whether it was kept is not known, so it is asked for again.
    return undefined
  }
}

/** Somebody who commits to the same branch, beside the apps' folders. */
async function person(round: Round, random: Random): Promise<void> {
  for (let number = 0; !round.isOver; number++) {
    await pause(random() * betweenCommitsMs)
    const path = number % 2 === 0 ? `notes/${number}.md` : 'production/notes.md'
    round.seen.push(await someoneCommits(round.place, path, `${number}\n`))
  }
}

const told = ({ accepted, seen }: Round, { commits, events }: History): string => {
  const statuses = new Map<string, number>()
  for (const { folder, status } of events)
    if (folder) statuses.set(status, (statuses.get(status) ?? 0) + 1)
  const ends = [...statuses].map(([status, count]) => `${count} ${status}`).join(', ')
  return `${accepted.length} accepted, ${ends}; ${commits.length} commits, ${seen.length} by hand`
}

/** Nothing that was asked for is wrong, so nothing may be set aside. */
const setAside = ({ events }: History): readonly string[] =>
  events
    .filter(({ status }) => status === 'error')
    .map(({ id, statusDesc }) => `${id} was set aside: ${statusDesc}`)
    .slice(0, 1)

type Random = () => number

/** The same numbers from 0 to 1 for the same seed: mulberry32. */
function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
