import { join } from 'node:path'
import { idOf, newRun, shaOf } from './artifact.mjs'
import { lay, scratch, startChild, startGimletd } from './child.mjs'
import { isStrict, median, ms, perSecond, printTable, ratio, verdict } from './figures.mjs'
import { load } from './http-load.mjs'

const connections = 32
const rounds = 3
const warmUpMs = 1_000
const measureMs = Number(process.env.BENCH_MEASURE_MS ?? 4_000)
const killAfterMs = 2_000
const pageMax = 500

const shareLeast = 0.25
const p99MsMost = 10

const trigger = {
  kind: 'trigger',
  on: 'artifact',
  env: 'staging',
  when: { '==': [{ var: 'artifact.version.branch' }, 'main'] },
}
const manifest = `app: web
env: staging
manifests: |
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: web
`

/** A server that has `web` with a trigger for main, on a data folder of its own. */
function startServer(dataDir = scratch()) {
  lay(dataDir, { 'policies/main.json': JSON.stringify(trigger), 'manifests/web.yaml': manifest })
  return startGimletd(dataDir)
}

const post = (artifact) => ({ method: 'POST', path: '/api/artifact', artifact })
const noTrigger = post({ repository: 'acme/web', branch: 'feature/no-trigger' })
const noManifest = post({ repository: 'acme/other', branch: 'main' })
const startHello = () => startChild('./hello.mjs')
const startFloor = () =>
  startChild('./store-floor.mjs', { env: { FLOOR_FILE: join(scratch(), 'floor.db') } })

const subjects = [
  { name: 'hello: Hono GET', start: startHello, request: { method: 'GET', path: '/' } },
  {
    name: 'Hono POST 1 KiB, parsed, not stored',
    start: startHello,
    request: { ...noTrigger, path: '/' },
  },
  {
    name: 'Hono POST 1 KiB, parsed, one insert',
    start: startFloor,
    request: { ...noTrigger, path: '/' },
  },
  { name: 'GimletD accept, no trigger matches', start: startServer, request: noTrigger },
  { name: 'GimletD accept, no manifest matches', start: startServer, request: noManifest },
]

/** Measures what accepting costs, and kills the server to see whether it lied. */
export async function ingress() {
  console.log(
    `ingress: ${connections} connections, ${rounds} interleaved rounds of ${measureMs} ms after ${warmUpMs} ms of warm-up, medians.\n` +
      'Artifacts of 1 KiB, each with its own id, posted with a CI token. Every round has a new server\n' +
      'on a new data folder; its loop works on what arrived while more arrives. No artifact is\n' +
      'released: of the app web the branch matches no trigger, of the other app there is no manifest.\n',
  )
  const figures = subjects.map((subject) => ({ ...subject, rounds: [] }))
  for (let round = 0; round < rounds; round++)
    for (const figure of figures) figure.rounds.push(await measure(figure))
  const isFast = report(figures.map((figure) => summary(figure, figures[0])))
  const isSafe = await killCheck()
  return isSafe && (isFast || !isStrict)
}

async function measure({ start, request }) {
  const server = await start()
  try {
    return await load(jobFor(server, request))
  } finally {
    await server.kill()
  }
}

const jobFor = ({ port, token }, request) => ({
  ...{ port, token, connections, warmUpMs, measureMs, ...request },
  ...{ run: newRun(), from: 0 },
})

/** Medians; what is compared is compared round by round, for the machine is not alone. */
const summary = ({ name, rounds: all }, hello) => ({
  name,
  shares: all.map((one, at) => one.perSecond / hello.rounds[at].perSecond),
  perSecond: median(all.map((one) => one.perSecond)),
  p50Ms: median(all.map((one) => one.p50Ms)),
  p99Ms: median(all.map((one) => one.p99Ms)),
  refused: all.reduce((sum, one) => sum + one.refused, 0),
  cpuShare: median(all.map((one) => one.cpuShare)),
})

function report(figures) {
  const [hello, , floor, accept] = figures
  printTable([
    ['subject', 'req/s', 'of hello (rounds)', 'p50', 'p99', 'not 2xx', 'client CPU'],
    ...figures.map((one) => [
      ...[one.name, perSecond(one.perSecond), sharesText(one)],
      ...[ms(one.p50Ms), ms(one.p99Ms), String(one.refused), `${Math.round(one.cpuShare * 100)} %`],
    ]),
  ])
  const share = median(accept.shares)
  const targets = [
    {
      cells: ['accepts ÷ hello', perSecond(accept.perSecond), perSecond(hello.perSecond)],
      limit: `${ratio(share)}, at least ${shareLeast}`,
      isMet: share >= shareLeast && accept.refused === 0,
    },
    {
      cells: ['accept p99', ms(accept.p99Ms), ms(hello.p99Ms)],
      limit: `at most ${p99MsMost} ms`,
      isMet: accept.p99Ms <= p99MsMost,
    },
  ]
  console.log(
    `\nThe floor, which keeps and does nothing else: ${ratio(median(floor.shares))} of hello.\n`,
  )
  printTable([
    ['target', 'GimletD', 'hello', 'limit', ''],
    ...targets.map(({ cells, limit, isMet }) => [...cells, limit, verdict(isMet)]),
  ])
  return targets.every(({ isMet }) => isMet)
}

const sharesText = ({ shares }) => `${ratio(median(shares))} (${shares.map(ratio).join(' ')})`

/** Kills the server under load, starts it on the same folder and looks for every id it acknowledged. */
async function killCheck() {
  const dataDir = scratch()
  const server = await startServer(dataDir)
  const job = jobFor(server, noTrigger)
  const loading = load({ ...job, warmUpMs: 0, measureMs: 2 * killAfterMs })
  const timer = setTimeout(() => void server.kill(), killAfterMs)
  const { accepted } = await loading
  clearTimeout(timer)
  await server.kill()
  const again = await startServer(dataDir)
  const stored = await storedIds(again)
  await again.kill()
  const lost = accepted.filter((number) => !stored.has(idOf(shaOf(number, job.run))))
  const isSafe = lost.length === 0 && accepted.length > 0
  console.log(
    `\nSIGKILL after ${killAfterMs} ms of load: acknowledged ${accepted.length}, ` +
      `lost ${lost.length}  ${isSafe ? 'ok' : 'LOST'} (stored ${stored.size}: an answer may die with the server)`,
  )
  return isSafe
}

async function storedIds(server) {
  const ids = new Set()
  for (let offset = 0; ; offset += pageMax) {
    const page = await server.call(`/api/artifacts?limit=${pageMax}&offset=${offset}`)
    for (const { id, version } of page) if (id === idOf(version.sha)) ids.add(id)
    if (page.length < pageMax) return ids
  }
}
