import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A program to run to its end. */
export type ProgramRun = {
  /** A path, or a name that is looked for in PATH. */
  readonly program: string
  readonly args: readonly string[]
  readonly folder: string
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly input: string
}

export type ProgramLimits = {
  readonly timeMs: number
  /** Of all its threads; held by the kernel, even when this process is gone. */
  readonly cpuSeconds: number
  readonly memoryKib: number
  readonly outputBytes: number
}

/** How a program ended; with `stopped` by a limit, or by somebody. */
export type ProgramEnd =
  | {
      readonly kind: 'ended'
      readonly exitCode: number
      readonly stdout: string
      readonly stderr: string
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'stopped'; readonly by: 'time' | 'output' | 'kernel' }

/** What a shell answers for a program that it cannot find, or may not start. */
const missingCodes = [126, 127]
/** The shell sets what Node cannot, and becomes the program. A limit that is lower already stays. */
const withLimits = 'ulimit -t "$1" 2>/dev/null; ulimit -v "$2" 2>/dev/null; shift 2; exec "$0" "$@"'
const stderrBytesMax = 16_384

type Child = ChildProcessByStdio<Writable, Readable, Readable>
type Stop = (by: 'time' | 'output') => void

/**
 * Runs a program as the head of a process group of its own, which is killed at a limit and when this
 * process ends. Never throws for what the program does.
 */
export function runProgram(run: ProgramRun, limits: ProgramLimits): Promise<ProgramEnd> {
  const { program, args, folder, environment, input } = run
  const { cpuSeconds, memoryKib } = limits
  const words = ['-c', withLimits, program, String(cpuSeconds), String(memoryKib), ...args]
  const child = spawn('sh', words, {
    cwd: folder,
    env: environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  // A program that ends before it has read everything says why by its exit code.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return endOf(child, limits)
}

function endOf(child: Child, { timeMs, outputBytes }: ProgramLimits): Promise<ProgramEnd> {
  let by: 'time' | 'output' | undefined
  const stop: Stop = (why) => {
    by ??= why
    killGroup(child)
  }
  const gone = endsWithUs(child)
  const patience = setTimeout(stop, timeMs, 'time')
  const stdout = gathered(child.stdout, { bytesMax: outputBytes, full: () => stop('output') })
  const stderr = gathered(child.stderr, { bytesMax: stderrBytesMax, full: () => undefined })
  return new Promise((done, failed) => {
    const ended = () => {
      clearTimeout(patience)
      gone()
    }
    child.once('error', (error) => {
      ended()
      failed(error)
    })
    // What it has started may hold its pipes: they end with it.
    child.once('exit', () => killGroup(child))
    child.once('close', (code) => {
      ended()
      if (by) return done({ kind: 'stopped', by })
      if (code === null) return done({ kind: 'stopped', by: 'kernel' })
      if (missingCodes.includes(code)) return done({ kind: 'missing' })
      done({ kind: 'ended', exitCode: code, stdout: stdout(), stderr: stderr() })
    })
  })
}

type Gather = { readonly bytesMax: number; readonly full: () => void }

/** The text of a stream so far: its beginning, up to a limit. */
function gathered(stream: Readable, { bytesMax, full }: Gather): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, Math.max(0, bytesMax - bytes)))
    bytes += chunk.length
    if (bytes > bytesMax) full()
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function killGroup({ pid }: Child): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}

/** Those that run now. */
const running = new Set<Child>()
const endAll = (): void => running.forEach(killGroup)

function endsWithUs(child: Child): () => void {
  if (running.size === 0) process.once('exit', endAll)
  running.add(child)
  return () => {
    running.delete(child)
    if (running.size === 0) process.off('exit', endAll)
  }
}
