import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { median, ms, perSecond, printTable, quantile } from './figures.mjs'
import { startLoaded } from './load-server.mjs'
import { copyOf, plannedCommit, releasesOf, remove, workFolder } from './repositories.mjs'
import { spawnCost } from './spawn-cost.mjs'
import { target } from './targets.mjs'
import { strategyNamed } from './write-strategies.mjs'

const burst = 200
const burstMs = 12_000
const offeredMost = 2_000
const restSamples = 20
const restMs = 60
const settleMs = 30_000
/** Of the time under load this much is left out at the start: the queue fills first. */
const warmUpMs = 2_000

const times = { full: { loadMs: 10_000 }, quick: { loadMs: 6_000 } }

/** Our writer alone, as the peers are: given what to write, and never waiting. */
const alone = { name: 'ours', batch: 100, batches: 5 }

/** What else writes as fast as it can in the same run; a batch is what a work tree does best. */
const peers = {
  medium: [
    { name: 'clone --depth 1', batch: 1, batches: 4 },
    { name: 'work tree, simple-git', batch: 30, batches: 1 },
  ],
  large: [{ name: 'work tree, spawn', batch: 20, batches: 1 }],
}

/** Releases asked by HTTP of the real server: as many as it can land, then half of that. */
export async function load(size, kind) {
  const { loadMs } = times[kind]
  const saturated = await saturate(size, loadMs)
  const ours = await peerRate(size, alone)
  const others = new Map()
  for (const peer of peers[size.name]) others.set(peer.name, await peerRate(size, peer))
  const latency = await latencies(size, { perSecond: saturated.rate / 2, loadMs })
  print(size, { saturated, ours, others, latency })
  const spawnMs = await spawnCost(saturated.peakMb)
  return {
    isSound: latency.isSound,
    targets: [
      ...throughput(size, { server: saturated.rate, ours, others }),
      ...waiting(size, latency),
      target({
        ...{ id: 'M1', what: `server, most memory at saturation, ${size.name}`, unit: ' MiB' },
        ...{ value: saturated.peakMb, atMost: 300 },
      }),
      target({
        ...{ id: 'M1', what: `one spawn of a process of that size, ${size.name}`, unit: ' ms' },
        ...{ value: spawnMs, atMost: 6 },
      }),
    ],
  }
}

async function saturate(size, loadMs) {
  const server = await startLoaded(size)
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: burst }, () => server.ask()))
  const first = await server.settle(burstMs)
  const took = Math.max(...first.map(({ atMs }) => atMs)) - startedAt
  const offered = Math.min(offeredMost, Math.max(20, (3 * first.length * 1000) / took))
  const pushesBefore = server.pushes
  const before = first.length
  const times = await server.offer(offered, loadMs)
  const [fromMs, toMs] = [times.startedAt + warmUpMs, times.startedAt + loadMs]
  const landed = await server.landed()
  const within = landed.filter(({ atMs }) => atMs > fromMs && atMs <= toMs)
  const figures = {
    ...{ offered, rate: (within.length * 1000) / (toMs - fromMs), peakMb: server.peakMb() },
    batch: (landed.length - before) / (server.pushes - pushesBefore),
    acceptedMs: times.endedAt - times.startedAt,
    ...waits(within),
  }
  await server.stop('SIGKILL')
  return figures
}

function waits(landed) {
  const all = landed.map(({ atMs, acceptedMs }) => Math.max(0, atMs - acceptedMs))
  return { p50: median(all), p99: quantile(all, 0.99) }
}

/** Releases a second of a strategy that never waits. */
async function peerRate(size, { name, batch, batches }) {
  const folder = join(workFolder(), `${size.name}-peer-${name.replaceAll(/\W+/g, '-')}`)
  mkdirSync(folder)
  const remote = await copyOf(size, join(folder.slice(workFolder().length + 1), 'remote.git'))
  const writer = await strategyNamed(name).open({ remote, folder, size })
  const releases = releasesOf(size, { seed: 3, from: size.commits })
  const next = () => plannedCommit(releases.next().value)
  let tookMs = 0
  for (let at = 0; at < batches; at++)
    tookMs += (await writer.release(Array.from({ length: batch }, next))).ms
  remove(folder)
  return (batch * batches * 1000) / tookMs
}

async function latencies(size, { perSecond: rate, loadMs }) {
  const server = await startLoaded(size)
  for (let at = 0; at < restSamples; at++) {
    const seen = server.pushes
    await server.ask()
    while (server.pushes === seen) await pause(1)
    await pause(restMs)
  }
  const rest = waits((await server.landed()).slice(1))
  const pushes = server.pushes
  await server.offer(rate, loadMs)
  const landed = await server.settle(settleMs)
  const half = { offered: rate, ...waits(landed.slice(restSamples)) }
  half.batch = (landed.length - restSamples) / (server.pushes - pushes)
  const isSound = new Set(landed.map(({ id }) => id)).size === server.asked
  if (!isSound || landed.length !== server.asked)
    console.log(`DEFECT: ${server.asked} accepted, ${landed.length} commits on the remote`)
  await server.stop()
  return { rest, half, isSound: isSound && landed.length === server.asked }
}

/** The writer beside other writers; then the whole server, which accepts, decides and renders as well. */
function throughput(size, { server, ours, others }) {
  const beside = (id, name, atLeast) =>
    target({
      id,
      what: `landed a second, ${size.name}: our writer ÷ ${name}`,
      value: ours / others.get(name),
      atLeast,
    })
  const [id, least] = size.name === 'medium' ? ['W8', 400] : ['W9', 120]
  return [
    ...(size.name === 'medium'
      ? [beside(id, 'clone --depth 1', 300), beside(id, 'work tree, simple-git', 45)]
      : [beside(id, 'work tree, spawn', 25)]),
    target({
      ...{ id, what: `landed a second, ${size.name}, writer alone` },
      ...{ value: ours, atLeast: least, unit: '/s' },
    }),
    target({
      ...{ id, what: `landed a second, ${size.name}, whole server over HTTP` },
      ...{ value: server, atLeast: least, unit: '/s' },
    }),
  ]
}

const waiting = (size, { rest, half }) => [
  target({
    ...{ id: 'W10', what: `p50 at half of saturation ÷ at rest, ${size.name}` },
    ...{ value: half.p50 / rest.p50, atMost: 5 },
  }),
  target({
    ...{ id: 'W10', what: `p99 at half of saturation ÷ at rest, ${size.name}` },
    ...{ value: half.p99 / rest.p50, atMost: 8 },
  }),
]

function print(size, { saturated, ours, others, latency }) {
  const { rest, half } = latency
  console.log(`${size.name}, releases asked by HTTP; the wait is from the 201 to the remote`)
  printTable([
    ['load', 'offered', 'landed', 'p50', 'p99', 'in a push'],
    ['at rest, one at a time', '', '', ms(rest.p50), ms(rest.p99), '1.0'],
    [
      ...['half of saturation', perSecond(half.offered), perSecond(half.offered)],
      ...[ms(half.p50), ms(half.p99), half.batch.toFixed(1)],
    ],
    [
      ...['saturated', perSecond(saturated.offered), perSecond(saturated.rate)],
      ...[ms(saturated.p50), ms(saturated.p99), saturated.batch.toFixed(1)],
    ],
    ['our writer alone', '', perSecond(ours), '', '', '100.0'],
    ...[...others].map(([name, rate]) => [name, '', `${rate.toFixed(1)}/s`, '', '', '']),
  ])
  console.log()
}
