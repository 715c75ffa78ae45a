import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { artifactOf, newRun, shaOf } from './artifact.mjs'
import { lay, scratch, startGimletd } from './child.mjs'
import { git, pushedTipOf } from './git.mjs'
import { manifestOf } from './objects.mjs'
import { appOf, copyOf, envsOf, tipOf, workFolder } from './repositories.mjs'
import { bareClone } from './write-strategies.mjs'

/** How often the branch of the remote is looked at. */
const lookMs = 1
const sockets = 64
const sendMs = 5
const appsMax = 200
const artifactsAtOnce = 16

/** What is asked of a release in real use: one condition on where the artifact comes from. */
const gate = {
  kind: 'gate',
  require: { '==': [{ var: 'artifact.version.branch' }, 'main'] },
  message: 'Only what is on main is released',
}

let count = 0

/**
 * The real server on a repository of a size: manifests for up to 200 of its apps in every environment,
 * and an artifact of each is stored. The database lies on the disk, as a database does. `hostUrl` is of
 * a git host that serves the work folder; without it the remote is a path.
 */
export async function startLoaded(size, { hostUrl, env = {} } = {}) {
  const name = `${size.name}-server-${++count}`
  const remote = await copyOf(size, `${name}.git`)
  const folder = lay(join(workFolder(), name), { 'policies/main.json': JSON.stringify(gate) })
  const apps = Array.from({ length: Math.min(size.apps, appsMax) }, (_, at) => appOf(at))
  const envs = envsOf(size)
  for (const app of apps) {
    const documents = envs.map((one) => manifestOf(app, one)).join('---\n')
    lay(folder, { [`manifests/${app}.yaml`]: documents })
  }
  const data = lay(join(folder, 'data'), { '.keep': '' })
  await bareClone({ remote, clone: join(data, 'clone.git') })
  const server = await startGimletd(folder, {
    ...{ GIMLET_DATA_DIR: data, GIMLET_DB_URL: `file:${join(scratch(), 'gimlet.db')}` },
    ...{ GITOPS_REPO: hostUrl ? `${hostUrl}/${name}.git` : remote },
    ...{ POLICIES: join(folder, 'policies'), MANIFESTS: join(folder, 'manifests'), ...env },
  })
  // Two of each app in turn: to release what runs already writes nothing.
  const versions = [await storeArtifacts(server, apps), await storeArtifacts(server, apps)]
  const targets = versions.flatMap((artifacts) =>
    envs.flatMap((one) => apps.map((app) => ({ env: one, app, artifactId: artifacts.get(app) }))),
  )
  return new LoadedServer({ server, remote, targets, tip: await tipOf(remote) })
}

async function storeArtifacts(server, apps) {
  const run = newRun()
  const artifacts = new Map()
  const storeOne = async (app, at) => {
    const sha = shaOf(at, run)
    const artifact = artifactOf({
      ...{ repository: `acme/${app}`, branch: 'main', sha, id: `${app}-${sha}` },
    })
    const store = () => server.call('/api/artifact', { body: artifact })
    // A busy machine may have closed a kept connection; the same artifact again is no other one.
    await store().catch(store)
    artifacts.set(app, artifact.id)
  }
  for (let from = 0; from < apps.length; from += artifactsAtOnce)
    await Promise.all(
      apps.slice(from, from + artifactsAtOnce).map((app, at) => storeOne(app, from + at)),
    )
  return artifacts
}

/** Asks for releases and sees on the remote, from outside, when each of them is there. */
class LoadedServer {
  #server
  #remote
  #targets
  #start
  #tip
  #moves = []
  #asked = []
  #watch
  #agent = new Agent({ keepAlive: true, maxSockets: sockets })

  constructor({ server, remote, targets, tip }) {
    this.#server = server
    this.#remote = remote
    this.#targets = targets
    this.#start = tip
    this.#tip = tip
    this.#watch = setInterval(() => this.#look(), lookMs)
  }

  #look() {
    let tip = this.#tip
    try {
      tip = pushedTipOf(this.#remote)
    } catch {
      // The branch is still among the packed refs: nothing was pushed yet.
    }
    if (tip === this.#tip || tip.length !== 40) return
    this.#tip = tip
    this.#moves.push({ tip, atMs: performance.now() })
  }

  /** How often the branch moved, which is how many pushes landed. */
  get pushes() {
    return this.#moves.length
  }

  get asked() {
    return this.#asked.length
  }

  /** Asks for the next release; resolves with the 201. Targets take turns. */
  async ask() {
    const target = this.#targets[this.#asked.length % this.#targets.length]
    const one = { acceptedMs: Number.NaN, id: '' }
    this.#asked.push(one)
    const { id } = await this.#post('/api/releases', target)
    Object.assign(one, { id, acceptedMs: performance.now() })
  }

  #post(path, body) {
    return new Promise((done, failed) => {
      const text = JSON.stringify(body)
      const headers = {
        authorization: 'Bearer bench-administrator-token',
        ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      }
      const asked = request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.#server.port,
          path,
          method: 'POST',
          headers,
        },
        async (response) => {
          const chunks = await response.toArray()
          const answer = Buffer.concat(chunks).toString()
          if (response.statusCode === 201) done(JSON.parse(answer))
          else failed(new Error(`${response.statusCode}: ${answer}`))
        },
      )
      asked.once('error', failed)
      asked.end(text)
    })
  }

  /** Asks at this rate for so long, however slowly it is answered. */
  async offer(perSecond, ms) {
    const startedAt = performance.now()
    const answers = []
    for (;;) {
      const past = performance.now() - startedAt
      const due = Math.floor((Math.min(past, ms) * perSecond) / 1000)
      while (answers.length < due) answers.push(this.ask())
      if (past >= ms) break
      await pause(sendMs)
    }
    await Promise.all(answers)
    return { startedAt, endedAt: performance.now() }
  }

  /** Waits until everything that was asked for has landed, for at most so long, and answers what has. */
  async settle(limitMs) {
    const endMs = performance.now() + limitMs
    for (;;) {
      const seen = this.pushes
      const landed = await this.landed()
      if (landed.length >= this.asked) return landed
      // To look costs a process, so only a push is a reason to.
      while (this.pushes === seen) {
        if (performance.now() > endMs) return landed
        await pause(lookMs)
      }
    }
  }

  /** Every release that is on the remote, in order, with when it was accepted and when it was there. */
  async landed() {
    const format = '--format=%H %(trailers:key=Release-Id,valueonly,separator=)'
    const range = `${this.#start}..${this.#tip}`
    const lines = (await git(this.#remote, ['log', '--reverse', format, range])).split('\n')
    const accepted = new Map(this.#asked.map(({ id, acceptedMs }) => [id, acceptedMs]))
    const moves = new Map(this.#moves.map(({ tip, atMs }) => [tip, atMs]))
    const landed = []
    let atMs = Number.NaN
    for (const line of lines.filter(Boolean).reverse()) {
      const [sha, id] = line.split(' ')
      atMs = moves.get(sha) ?? atMs
      landed.push({ id, atMs, acceptedMs: accepted.get(id) ?? Number.NaN })
    }
    return landed.reverse()
  }

  /** The most memory that the server ever had, in MiB. */
  peakMb() {
    const status = readFileSync(`/proc/${this.#server.pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024
  }

  async stop(signal = 'SIGTERM') {
    clearInterval(this.#watch)
    this.#agent.destroy()
    await this.#server.end(signal)
  }
}
