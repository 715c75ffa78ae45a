import { cpus, loadavg } from 'node:os'
import { newRun } from './artifact.mjs'
import { startChild } from './child.mjs'
import { isStrict, median, ms, perSecond, printTable, quantile, verdict } from './figures.mjs'
import { load } from './slack-load.mjs'
import { startBench } from './slack-server.mjs'

const connections = 16
const sentPerSecond = 20
const roundsOfAll = 3
const openMs = Number(process.env.BENCH_MEASURE_MS ?? 4_000)
const closedMs = Math.round(openMs * 0.4)
const openWarmUpMs = 1_000
const closedWarmUpMs = 500
const batchReleases = 1_000

const p99MsMost = 500
/** After three seconds Slack tells the person that the app did not answer. */
const maxMsBelow = 3_000

const startPeer = (name) => async () => {
  const peer = await startChild('./slack-peer.mjs', { env: { SLACK_PEER: name } })
  return { slackOrigin: peer.url, port: () => peer.port, end: () => peer.kill() }
}
const startLocal = () => startBench({ isHosted: false })
const startHosted = () => startBench({ isHosted: true })
const nothing = () => undefined

const peers = [
  { name: 'Hono: verify, say nothing', start: startPeer('verify') },
  { name: 'Bolt: HTTPReceiver, ack()', start: startPeer('bolt') },
]
/** What is the matter when the commands come; `rounds` where one tells as much as three. */
const scenarios = [
  { name: 'idle', start: startLocal, prepare: nothing },
  {
    name: `${batchReleases} releases are written`,
    start: startLocal,
    prepare: (bench) => bench.batch(batchReleases),
  },
  { name: 'Slack’s API hangs', start: startLocal, prepare: (bench) => bench.hangSlack() },
  { name: 'policies on the branch', start: startHosted, prepare: nothing },
  { name: '… and the git host hangs', start: startHosted, prepare: (bench) => bench.hangGit() },
  {
    name: '… and the server starts anew',
    start: startHosted,
    rounds: 1,
    async prepare(bench) {
      await bench.hangGit()
      await bench.restart()
    },
  },
]

/** Measures how soon slash commands are answered, whatever else the server has to do. */
export async function slack() {
  console.log(
    `slack: status, history, whoami and release in turn, of 200 apps; ${roundsOfAll} interleaved rounds, each with a new server.\n` +
      `Open loop: ${sentPerSecond}/s for ${openMs} ms after ${openWarmUpMs} ms of warm-up, counted from the planned time on; then the\n` +
      `closed loop: ${connections} connections for ${closedMs} ms after ${closedWarmUpMs} ms. ${cpus().length} cores, load average before: ${loadavg()[0]}.\n`,
  )
  const only = new RegExp(process.env.BENCH_ONLY ?? '')
  const subjects = [...peers, ...scenarios.filter(({ name }) => only.test(name))]
  const figures = subjects.map((subject) => ({ ...subject, all: [] }))
  for (let round = 0; round < roundsOfAll; round++)
    for (const figure of figures)
      if (round < (figure.rounds ?? roundsOfAll)) figure.all.push(await measure(figure))
  const [floor] = figures
  const isFast = report(figures.map((figure) => summary(figure, floor)))
  return isFast || !isStrict
}

async function measure({ start, prepare }) {
  const bench = await start()
  const run = (job) =>
    load({ ...job, port: bench.port(), slackOrigin: bench.slackOrigin, run: newRun(), from: 0 })
  const closedJob = { connections, warmUpMs: closedWarmUpMs, measureMs: closedMs }
  const openJob = { perSecond: sentPerSecond, warmUpMs: openWarmUpMs, measureMs: openMs }
  try {
    if (!prepare) return { closed: await run(closedJob) }
    await prepare(bench)
    const before = bench.commits()
    const [open, closed] = [await run(openJob), await run(closedJob)]
    return { open, closed, written: bench.commits() - before, calls: await bench.calls() }
  } finally {
    await bench.end()
  }
}

/** Rates are medians, compared round by round; of the open loop every answer of every round counts. */
function summary({ name, prepare, all }, floor) {
  const [open, closed] = [all.flatMap((one) => one.open ?? []), all.map((one) => one.closed)]
  const latencies = open.flatMap((one) => one.latencies)
  const sum = (kind, loads = [...open, ...closed]) =>
    loads.reduce((count, { kinds }) => count + kinds[kind], 0)
  const closedAll = closed.flatMap((one) => one.latencies)
  return {
    name,
    isPeer: !prepare,
    perSecond: median(closed.map((one) => one.perSecond)),
    shares: closed.map((one, at) => one.perSecond / floor.all[at].closed.perSecond),
    closedP99Ms: quantile(closedAll, 0.99),
    closedLater: sum('deferred', closed) / closedAll.length,
    cpuShare: median(closed.map((one) => one.cpuShare)),
    diskMs: Math.max(...open.flatMap((one) => one.diskMs)),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: Math.max(...latencies),
    later: sum('deferred', open) / latencies.length,
    notOk: sum('refused') + sum('silent'),
    wrong: sum('broken') + sum('notTaken'),
    written: all.map((one) => one.written),
    calls: all.map((one) => one.calls),
    example: [...open, ...closed].find((one) => one.example)?.example,
  }
}

const percent = (share) => (Number.isFinite(share) ? `${Math.round(share * 100)} %` : '-')
const time = (value) => (Number.isFinite(value) ? ms(value) : '-')
/** A thousandth is what it is about. */
const share = (value) => value.toFixed(4)
const sharesText = ({ shares }) => `${share(median(shares))} (${shares.map(share).join(' ')})`

function report(figures) {
  printTable([
    ['closed loop', 'acks/s', 'of verify (rounds)', 'p99', 'later', 'client CPU'],
    ...figures.map((one) => [
      ...[one.name, perSecond(one.perSecond), sharesText(one), time(one.closedP99Ms)],
      ...[percent(one.closedLater), percent(one.cpuShare)],
    ]),
  ])
  console.log()
  const ours = figures.filter(({ isPeer }) => !isPeer)
  printTable([
    ['open loop', 'p50', 'p99', 'max', 'disk', 'later', 'not 200', 'wrong', 'commits', 'calls', ''],
    ...ours.map((one) => [
      ...[one.name, time(one.p50Ms), time(one.p99Ms), time(one.maxMs), time(one.diskMs)],
      ...[percent(one.later), String(one.notOk), String(one.wrong)],
      ...[one.written.join(' '), one.calls.join(' ')],
      verdict(isMet(one)),
    ]),
  ])
  console.log(
    '\nlater: answered with “Working on it”; the answer follows. not 200 and wrong are of both loops; wrong is an answer\n' +
      'that it could not be done. disk: the longest flush of a page of another file meanwhile. commits and calls of\n' +
      'Slack’s API: of each round.\n' +
      `Limits: p99 at most ${p99MsMost} ms, max below ${maxMsBelow} ms, nothing not 200, nothing wrong.`,
  )
  for (const { name, example } of ours) if (example) console.log(`\n${name}: ${example}`)
  return ours.every(isMet)
}

const isMet = ({ p99Ms, maxMs, notOk, wrong }) =>
  p99Ms <= p99MsMost && maxMs < maxMsBelow && notOk === 0 && wrong === 0
