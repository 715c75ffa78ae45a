import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { bundleOf, type WorkerName, wrangler } from './edge-bundle.ts'
import { eventually } from './eventually.ts'
import { type Member, membersOf } from './process-group.ts'
import { type Later, tempFolder } from './temp.ts'

/** The runtime of Cloudflare on this machine, with a Worker in it. */
export type Workerd = {
  /** Stays the same over restarts. */
  readonly url: string
  /** All that wrangler and the Worker have written, over all starts. */
  readonly log: () => string
  /** What the Worker logged, a JSON object each. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[]
  /** Ends everything at once, as a machine that is lost. */
  readonly kill: () => Promise<void>
  /** Stops everything where it is, as a machine that hangs, until `thaw`. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Starts anew on what was kept; ends what runs first. */
  readonly restart: () => Promise<void>
  /** A minute is over: what a cron trigger does. */
  readonly tick: () => Promise<Response>
  /** How long a start took until it was ready, in ms. */
  readonly startMs: () => number
  /** The processor time that the Worker's own runtime took so far, in ms. */
  readonly cpuMs: () => number
}

type Given = {
  /** Settings and secrets. Stand-ins are reached at 127.0.0.1, as from any program here. */
  readonly vars?: Readonly<Record<string, string>>
  /** Where objects keep what they keep; another start on it goes on. */
  readonly folder?: string
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) endGroup(child)
})

/**
 * Starts a bundled Worker by `wrangler dev`, which knows its objects, queues and crons. Other than at
 * Cloudflare, a kill loses what waits in the queue: here it lies in memory.
 */
export async function startWorkerd(name: WorkerName, given: Given, later: Later): Promise<Workerd> {
  const folder = given.folder ?? (await tempFolder(later))
  const vars = Object.entries(given.vars ?? {}).flatMap(([key, value]) => [
    '--var',
    `${key}:${value}`,
  ])
  const written: string[] = []
  let [port, startMs] = [0, 0]
  let child: ChildProcess
  const start = async () => {
    const startedMs = performance.now()
    child = spawn(process.execPath, argumentsOf({ name, folder, port, vars }), {
      env: { ...wrangler.env, XDG_CONFIG_HOME: join(folder, 'wrangler') },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, which ends as one: wrangler starts workerd twice, and esbuild.
      detached: true,
    })
    running.add(child)
    let own = ''
    const keep = (chunk: Buffer) => {
      own += chunk
      written.push(stripVTControlCharacters(String(chunk)))
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    port = await eventually(() => {
      if (child.exitCode !== null) throw new Error(`wrangler ended with ${child.exitCode}: ${own}`)
      const ready = /Ready on http:\/\/[^:]+:(\d+)/.exec(own)
      if (!ready) throw new Error(`not ready yet: ${own}`)
      return Number(ready[1])
    })
    startMs = performance.now() - startedMs
  }
  const kill = async () => {
    const isGone = child.exitCode !== null || child.signalCode !== null
    const gone = isGone ? undefined : once(child, 'exit')
    endGroup(child)
    await gone
    running.delete(child)
    await eventually(() => {
      const left = membersOf(child.pid ?? 0)
      if (left.length > 0) throw new Error(`still there: ${left[0]?.words.join(' ')}`)
    })
  }
  await start()
  later(kill)
  const url = `http://127.0.0.1:${port}`
  const log = () => written.join('')
  return {
    ...{ url, log, kill },
    freeze: () => signalGroup(child, 'SIGSTOP'),
    thaw: () => signalGroup(child, 'SIGCONT'),
    lines: () => linesIn(log()),
    async restart() {
      await kill()
      await start()
    },
    tick: () => fetch(`${url}/cdn-cgi/handler/scheduled`),
    startMs: () => startMs,
    cpuMs: () =>
      membersOf(child.pid ?? 0)
        .filter(isWorker)
        .reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  }
}

type Start = {
  readonly name: WorkerName
  readonly folder: string
  readonly port: number
  readonly vars: readonly string[]
}

const argumentsOf = ({ name, folder, port, vars }: Start): string[] => [
  ...[wrangler.file, 'dev', bundleOf(name), '--no-bundle', '--local'],
  ...['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
  ...['--persist-to', join(folder, 'state'), '--show-interactive-dev-session', 'false'],
  ...vars,
]

/** Of the two that wrangler starts, the one that runs the Worker; the other one only passes requests on. */
const isWorker = ({ words }: Member): boolean =>
  words.some((word) => word.endsWith('/workerd')) &&
  words.some((word) => word.startsWith('--debug-port'))

const endGroup = (child: ChildProcess): void => signalGroup(child, 'SIGKILL')

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // It has ended already.
  }
}

/** The lines of JSON among what wrangler says itself; it puts a word before those of warnings. */
const linesIn = (log: string): Readonly<Record<string, unknown>>[] =>
  log.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line.slice(Math.max(0, line.indexOf('{"level"'))))]
    } catch {
      return []
    }
  })
