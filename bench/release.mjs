import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { artifactOf, newRun, shaOf } from './artifact.mjs'
import { lay, scratch, startGimletd } from './child.mjs'
import { isStrict, median, ms, printTable, quantile, ratio, verdict } from './figures.mjs'
import { git, pushedTipOf } from './git.mjs'
import { apps, commitStream, importInto, makeRepository, manifestOf } from './small-repository.mjs'

const warmUpSamples = 5
const samples = 60
/** How often the branch of the remote is looked at. */
const lookMs = 0.5
const restMs = 50
const visibleMsMost = 10_000
/** Research, W1: the release beside the push alone, on the small repository. */
const shareMost = 1.4

const env = 'production'
const trigger = {
  kind: 'trigger',
  on: 'artifact',
  env,
  when: { '==': [{ var: 'artifact.version.branch' }, 'main'] },
}

/** Measures a release from the artifact's 201 to the commit, in turn with a bare push of the same size. */
export async function release() {
  console.log(
    `release: ${apps.length} apps in 3 environments, ${samples} samples after ${warmUpSamples} of warm-up,\n` +
      'in turn with the push; one artifact at a time. Both remotes are bare repositories on the disk.\n',
  )
  const folder = scratch()
  const remote = await makeRepository(join(folder, 'remote.git'))
  const peer = await makePeer(folder)
  const server = await startServer(folder, remote)
  const taken = []
  const run = newRun()
  for (let number = 0; number < warmUpSamples + samples; number++) {
    const steps = [
      async () => oneRelease(server, remote, shaOf(number, run)),
      async () => peer.push(number),
    ]
    // Each goes first in every other round.
    if (number % 2 === 1) steps.reverse()
    const one = {}
    for (const step of steps) Object.assign(one, await step())
    if (number >= warmUpSamples) taken.push({ ...one, number })
  }
  await server.kill()
  return report(taken) || !isStrict
}

function startServer(folder, remote) {
  lay(folder, { 'policies/main.json': JSON.stringify(trigger) })
  for (const app of apps) lay(folder, { [`manifests/${app}.yaml`]: manifestOf(app, env) })
  return startGimletd(folder, {
    GIMLET_DATA_DIR: join(folder, 'data'),
    GITOPS_REPO: remote,
    POLICIES: join(folder, 'policies'),
    MANIFESTS: join(folder, 'manifests'),
  })
}

let appTurn = 0

async function oneRelease(server, remote, sha) {
  const repository = `acme/${apps[appTurn++ % apps.length]}`
  const body = JSON.stringify(artifactOf({ repository, branch: 'main', sha }))
  const before = pushedTipOf(remote)
  const postedAt = performance.now()
  const response = await fetch(`${server.url}/api/artifact`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body,
  })
  const acceptedAt = performance.now()
  if (response.status !== 201) throw new Error(`not accepted: ${await response.text()}`)
  const visibleAt = visible(remote, before)
  await response.text()
  // The release is written to the index after the push; the next sample starts at rest.
  await pause(restMs)
  return { releaseMs: visibleAt - acceptedAt, postedMs: visibleAt - postedAt }
}

/** An equal repository with a clone whose commits are made before the clock starts. */
async function makePeer(folder) {
  const remote = await makeRepository(join(folder, 'peer.git'))
  const clone = await makeRepository(join(folder, 'peer-clone.git'))
  return {
    async push(number) {
      const app = apps[number % apps.length]
      const tip = await importInto(
        clone,
        commitStream({ app, env, version: number, from: pushedTipOf(clone) }),
      )
      const before = pushedTipOf(remote)
      const startedAt = performance.now()
      const ended = git(clone, ['push', '--quiet', remote, `${tip}:refs/heads/main`]).then(() =>
        performance.now(),
      )
      const visibleAt = visible(remote, before)
      return { pushVisibleMs: visibleAt - startedAt, pushMs: (await ended) - startedAt }
    },
  }
}

const never = new Int32Array(new SharedArrayBuffer(4))

/** Waits until main has moved and answers when. It sleeps between the looks: the cores are for git. */
function visible(repository, before) {
  const end = performance.now() + visibleMsMost
  while (performance.now() < end) {
    if (pushedTipOf(repository) !== before) return performance.now()
    Atomics.wait(never, 0, 0, lookMs)
  }
  throw new Error(`no commit within ${visibleMsMost} ms`)
}

function report(taken) {
  const of = (key) => taken.map((one) => one[key])
  const row = (name, key) => [name, ms(median(of(key))), ms(quantile(of(key), 0.95))]
  printTable([
    ['from … to', 'p50', 'p95'],
    row('GimletD: the 201 … the commit is on the remote', 'releaseMs'),
    row('GimletD: the artifact is sent … the commit is on the remote', 'postedMs'),
    row('git push of a ready commit: start … the commit is on the remote', 'pushVisibleMs'),
    row('git push of a ready commit: start … git has ended', 'pushMs'),
  ])
  const share = (key, at) => quantile(of('releaseMs'), at) / quantile(of(key), at)
  const isMet = share('pushMs', 0.5) <= shareMost
  console.log()
  printTable([
    ['the 201 … the commit, beside', 'p50', 'p95', 'limit of p50', ''],
    [
      ...['the whole git push', ratio(share('pushMs', 0.5)), ratio(share('pushMs', 0.95))],
      ...[`at most ${shareMost}`, verdict(isMet)],
    ],
    [
      'the push until the commit is there',
      ratio(share('pushVisibleMs', 0.5)),
      ratio(share('pushVisibleMs', 0.95)),
      ...['', 'for information'],
    ],
  ])
  return isMet
}
