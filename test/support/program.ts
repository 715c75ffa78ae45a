import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type Answer = { readonly status: number; readonly json: never }

export type Program = {
  readonly url: string
  readonly token: string
  readonly dataDir: string
  readonly gitops: string
  readonly pid: number
  /** Lines of standard output, as far as they came. */
  readonly lines: readonly string[]
  /** What came on standard error. */
  readonly errors: readonly string[]
  call(method: string, path: string, body?: unknown): Promise<Answer>
  kill(): Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>
  /** Sends a signal that ends it; answers the exit code, and what it said on standard error. */
  endBy(name: NodeJS.Signals): Promise<{ code: number | null; errors: string }>
}

const started = new Set<ChildProcess>()

/** Starts the compiled server on a free port, as a user does, and waits for its ready line. */
export async function startProgram(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const child = spawn(process.execPath, [resolve('dist/main.js')], {
    env: { PATH: process.env.PATH, PORT: '0', GIMLET_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  const lines: string[] = []
  const errors: string[] = []
  child.stderr.on('data', (chunk) => errors.push(String(chunk)))
  const url = await new Promise<string>((done, failed) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line)
      const { msg, url } = JSON.parse(line) as { msg: string; url: string }
      if (msg === 'listening') done(url)
    })
    child.once('exit', (code) => failed(new Error(`ended with ${code}: ${errors.join('')}`)))
  })
  const endBy: Program['endBy'] = async (name) => {
    child.kill(name)
    if (child.exitCode === null) await once(child, 'close')
    return { code: child.exitCode, errors: errors.join('') }
  }
  const token = env.GIMLET_ADMIN_TOKEN ?? readFileSync(join(dataDir, 'admin.token'), 'utf8').trim()
  return {
    url,
    token,
    dataDir,
    pid: child.pid ?? 0,
    lines,
    errors,
    gitops: env.GITOPS_REPO ?? join(dataDir, 'gitops.git'),
    async call(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, connection: 'close' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, json: (await response.json()) as never }
    },
    async kill() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
    signal: (name) => void child.kill(name),
    stop: async () => (await endBy('SIGTERM')).code,
    endBy,
  }
}

/** Ends what a failed test left running. */
export function endPrograms(): void {
  for (const child of started) child.kill('SIGKILL')
  started.clear()
}

/** Runs a program to its end; a code other than 0 is an answer, not an error. */
export async function runToEnd(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const [file = '', ...args] = command
  try {
    const full = { PATH: process.env.PATH ?? '', ...env }
    return { code: 0, ...(await run(file, args, { env: full })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return (await run('git', ['-C', folder, ...args])).stdout.trimEnd()
}

/** Asks until the answer counts as one; the test's own time limit ends it. */
export async function until<T>(probe: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const got = await probe()
    if (got) return got
    await new Promise((done) => setTimeout(done, 10))
  }
}
