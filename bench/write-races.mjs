import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startChild } from './child.mjs'
import { median } from './figures.mjs'
import { git, run, timed } from './git.mjs'
import { startLoaded } from './load-server.mjs'
import {
  commitStream,
  copyOf,
  plannedCommit,
  releasesOf,
  remove,
  tipOf,
  workFolder,
} from './repositories.mjs'
import { target } from './targets.mjs'
import { openWriter, strategyNamed } from './write-strategies.mjs'

const plans = {
  full: { pushes: 1_000, window: 100, races: 12, budgetMs: 150_000 },
  quick: { pushes: 200, window: 40, races: 6, budgetMs: 30_000 },
}
const counted = 20
const restMs = 100

/** A remote of its own for one measurement. */
async function place(size, name) {
  const folder = join(workFolder(), `${size.name}-${name}`)
  mkdirSync(folder)
  const remote = await copyOf(size, join(`${size.name}-${name}`, 'remote.git'))
  return { size, folder, remote }
}

/**
 * W12: does a release cost more after a thousand of them? Beside a way that keeps nothing here. On a
 * busy machine it ends early.
 */
export async function ageing(size, kind) {
  const { pushes, window, budgetMs } = plans[kind]
  const taken = { ours: [], direct: [] }
  const writers = {}
  const places = []
  for (const name of Object.keys(taken)) {
    places.push(await place(size, `ageing-${name}`))
    writers[name] = await strategyNamed(name).open(places.at(-1))
  }
  const releases = releasesOf(size, { seed: 4, from: size.commits })
  const endMs = performance.now() + budgetMs
  for (let at = 0; at < pushes && (at < 2 * window || performance.now() < endMs); at++) {
    const commits = [plannedCommit(releases.next().value)]
    for (const [name, writer] of Object.entries(writers))
      taken[name].push((await writer.release(commits)).ms)
  }
  const growth = (name) => median(taken[name].slice(-window)) / median(taken[name].slice(0, window))
  for (const { folder } of places) remove(folder)
  const what = `ours after ${taken.ours.length} pushes ÷ the first ${window}, ${size.name}`
  return [
    target({ id: 'W12', what, value: growth('ours'), atMost: 1.2 }),
    target({
      id: 'W12',
      what: 'direct, which keeps nothing here, in turn',
      value: growth('direct'),
    }),
  ]
}

/** W13: a batch is built, and someone else's commit is there first. Beside the git commands of it. */
export async function races(size, kind) {
  const ours = await place(size, 'race-ours')
  const alone = await place(size, 'race-alone')
  const writer = await openWriter(ours)
  const peer = await openPeer(alone)
  const releases = releasesOf(size, { seed: 5, from: size.commits })
  const batchOf = (count) =>
    Array.from({ length: count }, () => plannedCommit(releases.next().value))
  const targets = []
  for (const count of [1, 10]) {
    const taken = { ours: [], alone: [] }
    for (let round = 0; round <= plans[kind].races; round++) {
      const [commits, foreign] = [batchOf(count), batchOf(1)]
      const one = await lostRace(writer, { remote: ours.remote, commits, foreign })
      const other = await peer({ commits, foreign })
      if (round === 0) continue
      taken.ours.push(one)
      taken.alone.push(other)
    }
    targets.push(
      target({
        ...{ id: 'W13', what: `lost race of ${count} ÷ its git commands alone, ${size.name}` },
        ...{ value: median(taken.ours) / median(taken.alone), atMost: 1.4 },
      }),
    )
  }
  for (const { folder } of [ours, alone]) remove(folder)
  return targets
}

/** Milliseconds from the push that is refused to the one that lands. */
async function lostRace(writer, { remote, commits, foreign }) {
  const tip = await writer.tip()
  let startedAt = 0
  const first = await writer.commit(tip, commits, async () => {
    await commitInto(remote, foreign, { from: await tipOf(remote) })
    startedAt = performance.now()
    return true
  })
  if (first.kind !== 'moved') throw new Error('the race was not lost')
  const second = await writer.commit(await writer.tip(), commits, async () => true)
  if (second.kind !== 'landed') throw new Error('the race was lost twice')
  return performance.now() - startedAt
}

/** Commits straight into a repository, as a host does with a merge. */
async function commitInto(repository, commits, { from, ref = 'refs/heads/main' }) {
  const streams = commits.map((one, at) => commitStream(one, { ref, ...(at === 0 && { from }) }))
  const args = ['-c', 'fastimport.unpackLimit=1', 'fast-import', '--quiet', '--done', '--force']
  await git(repository, args, { input: `feature done\n${streams.join('')}done\n` })
  return git(repository, ['rev-parse', ref])
}

/** The refused push, the fetch and the push of the same race, with commits that were made before. */
async function openPeer({ remote, folder }) {
  const clone = join(folder, 'bare.git')
  await run('/', ['cp', '-al', remote, clone])
  const ref = 'refs/bench/build'
  const push = (built, tip) => {
    const lease = `--force-with-lease=refs/heads/main:${tip}`
    const args = ['push', '--porcelain', lease, remote, `${built}:refs/heads/main`]
    return git(clone, args, { fails: true })
  }
  return async ({ commits, foreign }) => {
    const tip = await tipOf(remote)
    const stale = await commitInto(clone, commits, { from: tip, ref })
    const moved = await commitInto(remote, foreign, { from: tip })
    const fetch = () => git(clone, ['fetch', '--quiet', remote, 'main'])
    const lost = await timed(async () => {
      await push(stale, tip)
      await fetch()
    })
    const built = await commitInto(clone, commits, { from: moved, ref })
    const won = await timed(() => push(built, moved))
    if ((await tipOf(remote)) !== built) throw new Error('the push did not land')
    return lost + won
  }
}

/** W14: what the server starts and asks for each push, one release at a time, over HTTP. */
export async function counts(size) {
  const host = await startChild('./git-host.mjs', { env: { GIT_HOST_FOLDER: workFolder() } })
  const requests = async () => (await fetch(`${host.url}/bench/requests`)).json()
  const { log, path } = await countingGit()
  const env = { PATH: path, GITOPS_TOKEN: 'bench' }
  const server = await startLoaded(size, { hostUrl: host.url, env })
  const one = async () => {
    const before = server.pushes
    await server.ask()
    while (server.pushes === before) await pause(1)
    await pause(restMs)
  }
  // The first release may have to look where the branch stands.
  await one()
  const before = { requests: await requests(), pushes: server.pushes }
  writeFileSync(log, '')
  for (let at = 0; at < counted; at++) await one()
  const pushes = server.pushes - before.pushes
  const commands = readFileSync(log, 'utf8').trim().split('\n')
  const asked = (await requests()) - before.requests
  await server.stop()
  await host.kill()
  const told = [...new Set(commands)]
    .map((name) => [name, commands.filter((one) => one === name).length / pushes])
    .map(([name, share]) => `${name} ${share.toFixed(1)}`)
    .join(', ')
  console.log(`git commands for each push: ${told}\n`)
  return [
    target({
      id: 'W14',
      what: 'git processes for each push',
      value: commands.length / pushes,
      atMost: 2,
    }),
    target({ id: 'W14', what: 'HTTP requests for each push', value: asked / pushes, atMost: 2 }),
  ]
}

/** A `git` that first writes down what it was asked for. Programs that git starts do not come by here. */
async function countingGit() {
  const real = await run('/', ['sh', '-c', 'command -v git'])
  const folder = join(workFolder(), 'counting')
  const log = join(folder, 'commands')
  mkdirSync(folder)
  writeFileSync(join(folder, 'git'), `#!/bin/sh\necho "$1" >>'${log}'\nexec '${real}' "$@"\n`)
  chmodSync(join(folder, 'git'), 0o755)
  return { log, path: `${folder}${delimiter}${process.env.PATH}` }
}
