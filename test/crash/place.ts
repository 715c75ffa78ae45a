import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createClient } from '@libsql/client'
import { makeLog } from '../../src/log.ts'
import { startServer as startParts } from '../../src/main.ts'
import { readSettings } from '../../src/read-settings.ts'
import type { Told } from './rest-evidence.ts'

/** How long a push waits on the host, in seconds: written into the remote for the next push only. */
export const slowPushFile = 'slow-push'
export const adminToken = 'crash-administrator-token'
/** A server that says nothing for so long is stuck. */
const startMsMax = 60_000
const answerMsMax = 30_000

/** A folder with all that a server has: its data, its remote, its policies and manifests. */
export type Place = {
  readonly folder: string
  readonly dataDir: string
  readonly database: string
  readonly remote: string
  /** Who the server talks to, apart from git. */
  readonly world?: World
}

/** Slack or GitHub as a stand-in, which outlives every server. */
export type World = {
  /** What a server is told of it. */
  readonly environment: Readonly<Record<string, string>>
  /** What people do there. Run again on the next server when one has ended meanwhile. */
  run(server: Server, memory: Memory): Promise<void>
  /** What it has of the app that it should not have, or lacks. */
  problems(): readonly string[]
  told(): readonly Told[]
  stop(): Promise<void>
}

/** What a flow has come to so far; it outlives every server. */
export type Memory = Map<string, Answer>

export const placeIn = (folder: string): Place => ({
  folder,
  dataDir: join(folder, 'data'),
  database: join(folder, 'data/gimlet.db'),
  remote: join(folder, 'remote.git'),
})

/** Before a push lands: waits as it was told to, once, so that a push can outlive its server. */
const preReceive = `#!/bin/sh
cat > /dev/null
if mv ${slowPushFile} ${slowPushFile}.taken 2> /dev/null; then sleep "$(cat ${slowPushFile}.taken)"; fi
exit 0
`

type Files = Readonly<Record<string, string>>

/** Lays a place out, with a first commit that somebody else made. */
export async function layPlace(place: Place, files: Files): Promise<void> {
  layFiles(place, files)
  const init = ['init', '--quiet', '--bare', '--initial-branch=main']
  await someonesGit(place.folder, ...init, place.remote)
  const hook = join(place.remote, 'hooks/pre-receive')
  mkdirSync(dirname(hook), { recursive: true })
  writeFileSync(hook, preReceive)
  chmodSync(hook, 0o755)
  await someoneCommits(place, 'README.md', 'What runs where.\n')
}

/** Policies and manifests only: the server is to make its own repository. */
export function layFiles(place: Place, files: Files): void {
  for (const name of ['data', 'policies', 'manifests'])
    mkdirSync(join(place.folder, name), { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place.folder, path)), { recursive: true })
    writeFileSync(join(place.folder, path), text)
  }
}

export function copyPlace(from: Place, to: Place): void {
  rmSync(to.folder, { recursive: true, force: true, maxRetries: 5 })
  cpSync(from.folder, to.folder, { recursive: true })
}

/** Commits one file as a person would, and answers the commit; a lost race is run again. */
export async function someoneCommits(
  { folder, remote }: Place,
  path: string,
  text: string,
): Promise<string> {
  const tree = join(folder, 'tree')
  for (;;) {
    rmSync(tree, { recursive: true, force: true, maxRetries: 5 })
    await someonesGit(folder, 'clone', '--quiet', '--depth=1', `file://${remote}`, tree)
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '--quiet', '--allow-empty', `--message=${path} by hand`)
    try {
      await someonesGit(tree, 'push', '--quiet', 'origin', 'HEAD:main')
    } catch {
      continue
    }
    return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
  }
}

async function someonesGit(cwd: string, ...args: readonly string[]): Promise<string> {
  const names = ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'Someone'],
    [`GIT_${who}_EMAIL`, 'someone@example.com'],
  ])
  const env = { PATH: process.env.PATH, HOME: cwd, ...Object.fromEntries(names) }
  return (await promisify(execFile)('git', [...args], { cwd, env })).stdout
}

export type Answer = { readonly status: number; readonly json: Readonly<Record<string, unknown>> }

export type Server = {
  readonly url: string
  /** Throws when the server ends before it has answered. */
  post(path: string, asked?: { readonly body?: unknown; readonly token?: string }): Promise<Answer>
  get(path: string): Promise<Answer>
  /** Nothing is left to do, so nothing is going on. */
  isIdle(): Promise<boolean>
  kill(): Promise<void>
  /** Ends when the process does, with what it said at last. */
  readonly ended: Promise<string>
}

/** What a place tells its server. */
export const settingsOf = ({ folder, dataDir, remote, world }: Place) => ({
  PATH: process.env.PATH,
  ...{ PORT: '0', HOST: '127.0.0.1', GIMLET_DATA_DIR: dataDir },
  // The repository that a server makes for itself is not configured.
  ...(remote.startsWith(dataDir) ? {} : { GITOPS_REPO: remote }),
  ...{ POLICIES: join(folder, 'policies'), MANIFESTS: join(folder, 'manifests') },
  GIMLET_ADMIN_TOKEN: adminToken,
  ...world?.environment,
})

const started = new Set<ChildProcess>()

/** A server that nobody kills: the same parts, in this process, which saves the start of another. */
export async function startHere(place: Place): Promise<Server> {
  const config = readSettings({ ...settingsOf(place), LOG_LEVEL: 'silent' })
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  const { url, stop } = await startParts(config, makeLog(config.logLevel, config.secrets))
  return { ...serverAt(url, place), ended: new Promise(() => undefined), kill: stop }
}

/** Starts a server at a place. Answers its last words when it ended before it listened. */
export async function startServer(
  place: Place,
  command: readonly string[],
  onSpawn: (kill: () => void) => void = () => undefined,
): Promise<Server | string> {
  const { child, ended } = spawned(place, command)
  onSpawn(() => child.kill('SIGKILL'))
  const url = await Promise.race([listening(child), ended.then(() => undefined)])
  if (url === undefined) return ended
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { ...serverAt(url, place), ended, kill }
}

/** How a server is spoken to that listens at an address. */
export function serverAt(given: string, place: Place): Omit<Server, 'ended' | 'kill'> {
  const url = given.replace('localhost', '127.0.0.1')
  return {
    url,
    post: (path, { body, token } = {}) => call(`${url}${path}`, { method: 'POST', body, token }),
    get: (path) => call(`${url}${path}`, { method: 'GET' }),
    isIdle: () => isIdle(place),
  }
}

function spawned(place: Place, command: readonly string[]) {
  const child = spawn(process.execPath, [...command], {
    cwd: place.folder,
    env: settingsOf(place),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  let words = ''
  child.stderr.on('data', (chunk) => {
    words = (words + String(chunk)).slice(-2_000)
  })
  const ended = once(child, 'exit').then(([code, signal]) => {
    started.delete(child)
    // A server that gives up by itself is broken, and not killed.
    if (signal !== 'SIGKILL') throw new Error(`a server ended with ${code ?? signal}: ${words}`)
    return words.trim()
  })
  // Who waits for it hears of it; until then nobody may.
  ended.catch(() => undefined)
  return { child, ended }
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error('a server did not start')), startMsMax)
    child.once('exit', () => clearTimeout(late))
    if (!child.stdout) return
    createInterface(child.stdout).on('line', (line) => {
      const { msg, url } = JSON.parse(line) as { msg: string; url: string }
      if (msg !== 'listening') return
      clearTimeout(late)
      done(url)
    })
  })
}

/** Ends what is left of this program's servers. */
export function killServers(): void {
  for (const child of started) child.kill('SIGKILL')
}

type Call = { method: string; body?: unknown; token?: string | undefined }

async function call(url: string, { method, body, token = adminToken }: Call): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
    signal: AbortSignal.timeout(answerMsMax),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: (await response.json()) as Answer['json'] }
}

/** What a server still has to do: requests, calls from outside, changes to tell of, and messages. */
const open = `select 1 from events where status = 'new'
  union all select 1 from deliveries where is_done = 0
  union all select 1 from readers where seq < (select max(seq) from changes)
  union all select 1 from messages where changed > sent limit 1`

async function isIdle({ database }: Place): Promise<boolean> {
  const client = createClient({ url: `file:${database}` })
  try {
    const { rows } = await client.execute(open)
    return rows.length === 0
  } finally {
    client.close()
  }
}

/** Asks until the answer is yes. Throws after `msMax`. */
export async function until(
  what: string,
  msMax: number,
  probe: () => Promise<boolean>,
): Promise<void> {
  const late = performance.now() + msMax
  while (!(await probe())) {
    if (performance.now() > late) throw new Error(`${what}: not within ${msMax / 1000} s`)
    await pause(15)
  }
}
