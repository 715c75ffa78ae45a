import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { createRepository, openClone } from '../dist/gitops/clone.js'
import { directPushFrom } from '../dist/gitops/direct-push.js'
import { LocalWriter } from '../dist/gitops/local.js'
import { startChild } from './child.mjs'
import { median, ms, printTable, quantile, ratio } from './figures.mjs'

/** `node bench/direct-push.mjs [path|http|ssh] [size]`, after `npm run build`: git push beside speaking to receive-pack ourselves. */
const sizes = [
  { name: 'small', apps: 20, envs: 3, rounds: 40 },
  { name: 'medium', apps: 500, envs: 5, rounds: 40 },
  { name: 'large', apps: 5000, envs: 5, rounds: 24 },
]
const [way = 'path', only] = process.argv.slice(2)
const folder = mkdtempSync(`${process.env.BENCH_FOLDER ?? '/dev/shm'}/gimletd-direct-`)
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
chmodSync(folder, 0o755)
const branch = 'main'
const yes = () => Promise.resolve(true)

const text = (app, env, at) => `app: ${app}\nenv: ${env}\nversion: ${at}\n${'# x\n'.repeat(250)}`
const release = (at, { apps, envs }) => {
  const app = `app-${(at * 7919) % apps}`
  const env = `env-${at % envs}`
  const names = ['configmap.yaml', 'deployment.yaml', 'service.yaml', 'release.json']
  return {
    change: { kind: 'replace', folder: `${env}/${app}`, files: new Map(names.map((name) => [name, text(app, env, `${name} ${at}`)])) }, // biome-ignore format: one line
    message: `[Gimlet] ${env}/${app} ${at}\n`,
    unix: 1_790_000_000 + at,
  }
}

async function makeSource(size) {
  const source = join(folder, `${size.name}.git`)
  await createRepository(source, branch, process.env)
  const git = await openClone(join(folder, `${size.name}-first.git`), { url: source, branch }, process.env) // biome-ignore format: one line
  const writer = new LocalWriter(git, { url: source, branch })
  const names = ['configmap.yaml', 'deployment.yaml', 'service.yaml', 'release.json']
  const files = new Map()
  for (let app = 0; app < size.apps; app++)
    for (const name of names) files.set(`app-${app}/${name}`, text(app, name, 0))
  const envs = Array.from({ length: size.envs }, (_, at) => ({
    change: { kind: 'replace', folder: `env-${at}`, files },
    message: 'all\n',
    unix: 1_790_000_000,
  }))
  await writer.commit(await writer.tip(), envs, yes)
  return source
}

/** One way of writing, with a remote and a clone of its own. */
async function lane(name, size, url) {
  const remote = { url, branch, sshKeyFile: process.env.BENCH_SSH_KEY }
  const clone = join(folder, `${size.name}-${name}-clone.git`)
  const git = await openClone(clone, remote, process.env)
  const direct = directPushFrom(remote, { folder: clone, environment: process.env })
  const plain = new LocalWriter(git, remote)
  const straight = new LocalWriter(git, remote, direct)
  await plain.tip()
  const built = async (writer, at) => {
    const tip = await writer.tip()
    let newTip
    await writer.commit(tip, [release(at, size)], async ([made]) => {
      newTip = made
      return false
    })
    return { tip, newTip }
  }
  const spec = `refs/heads/${branch}`
  const runs = {
    'git push only': async (at) => {
      const { tip, newTip } = await built(plain, at)
      const begin = performance.now()
      await git([
        'push',
        '--porcelain',
        `--force-with-lease=${spec}:${tip}`,
        'origin',
        `${newTip}:${spec}`,
      ])
      const took = performance.now() - begin
      await plain.refresh()
      return took
    },
    today: (at) => timed(async () => plain.commit(await plain.tip(), [release(at, size)], yes)),
    'stage A': (at) =>
      timed(async () => straight.commit(await straight.tip(), [release(at, size)], yes)),
    'direct only': async (at) => {
      const move = await built(straight, at)
      const begin = performance.now()
      const result = await direct.push(move)
      const took = performance.now() - begin
      if (result?.kind !== 'landed') throw new Error(JSON.stringify(result))
      await straight.refresh()
      return took
    },
  }
  return runs[name]
}

/** How the remote is reached: by path, over HTTP, or by a sshd that is told of (`user@host:port` and a key). */
async function urlOf(path) {
  if (way === 'ssh') return `ssh://${process.env.BENCH_SSH}${path}`
  if (way === 'path') return path
  return `http://127.0.0.1:${far ?? host.port}/${path.slice(folder.length + 1)}`
}

/** A port behind which the host is a round trip away. */
async function proxied(port, roundTripMs) {
  const relay = (from, to, firstMs) => {
    let readyAt = performance.now() + firstMs
    from.on('data', (chunk) => {
      readyAt = Math.max(readyAt, performance.now() + roundTripMs / 2)
      setTimeout(() => to.write(chunk), readyAt - performance.now())
    })
    from.on('end', () => setTimeout(() => to.end(), roundTripMs))
    from.on('error', () => to.destroy())
  }
  const proxy = createServer((near) => {
    const away = connect(port, '127.0.0.1')
    relay(near, away, roundTripMs * 1.5)
    relay(away, near, 0)
  })
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done))
  return proxy.address().port
}

async function timed(work) {
  const begin = performance.now()
  const result = await work()
  if (result.kind !== 'landed') throw new Error(JSON.stringify(result))
  return performance.now() - begin
}

const names = ['git push only', 'today', 'direct only', 'stage A']
const host =
  way === 'http'
    ? await startChild('./git-host.mjs', { env: { GIT_HOST_FOLDER: folder } })
    : undefined
const roundTripMs = Number(process.env.BENCH_RTT_MS ?? 0)
const far = host && roundTripMs ? await proxied(host.port, roundTripMs) : undefined
const rows = [['size', ...names, 'today ÷ push', 'A ÷ push', 'A ÷ today']]
for (const size of sizes.filter(({ name }) => !only || name === only)) {
  const source = await makeSource(size)
  const lanes = []
  for (const name of names) {
    const path = join(folder, `${size.name}-${name.replaceAll(' ', '-')}.git`)
    cpSync(source, path, { recursive: true })
    if (process.env.BENCH_OWNER) execFileSync('chown', ['-R', process.env.BENCH_OWNER, path])
    const url = await urlOf(path)
    lanes.push({ name, run: await lane(name, size, url), samples: [] })
  }
  const rounds = Number(process.env.BENCH_ROUNDS ?? size.rounds)
  for (let at = 0; at <= rounds; at++)
    for (const { run, samples } of lanes) {
      const took = await run(at + 1)
      if (at > 0) samples.push(took)
    }
  const [push, today, , stageA] = lanes.map(({ samples }) => median(samples))
  rows.push([
    size.name,
    ...lanes.map(({ samples }) => `${ms(median(samples))} (${ms(quantile(samples, 0.95))})`),
    ratio(today / push),
    ratio(stageA / push),
    ratio(stageA / today),
  ])
}
printTable(rows)
await host?.kill()
process.exit()
