/** How long a command that was told to end may take to put its locks away before it is killed. */
const graceMs = 2_000

/** What is needed of a child process. */
type Child = {
  readonly pid?: number | undefined
  readonly stdout: Stream | null
  readonly stderr: Stream | null
  on(event: 'exit', told: (code: number | null) => void): unknown
}
type Stream = { on(event: 'data', told: () => void): unknown }

/** The part of simple-git that knows its children; it has no public way to them. */
type Plugins = {
  append(type: 'spawn.options', action: (options: object) => object): unknown
  append(type: 'spawn.after', action: (data: undefined, child: Started) => undefined): unknown
}
type Started = { readonly spawned: Child; kill(reason: Error): void }

/** The groups whose leaders run now, by process id. */
const running = new Set<number>()

/**
 * Makes each command the head of a process group of its own. git starts others, such as ssh, that
 * would go on, hold its pipes or push without it: all of them end when it was silent for `silenceMs`,
 * when it breaks, and when this process ends. Killed outright, this process ends nothing.
 */
export function inGroup<T extends object>(git: T, silenceMs: number): T {
  const { _plugins: plugins } = git as unknown as { readonly _plugins: Plugins }
  plugins.append('spawn.options', (options) => ({ ...options, detached: true }))
  plugins.append('spawn.after', (_, { spawned, kill }) => watch(spawned, { silenceMs, kill }))
  return git
}

type Watch = { readonly silenceMs: number; readonly kill: (reason: Error) => void }

function watch(child: Child, { silenceMs, kill }: Watch): undefined {
  const { pid } = child
  if (pid === undefined) return
  const gone = endsWithUs(pid)
  const end = () => {
    kill(new Error(`it was silent for ${silenceMs / 1000} seconds`))
    endGroup(pid)
  }
  const silence = setTimeout(end, silenceMs)
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', () => silence.refresh())
  child.on('exit', (code) => {
    clearTimeout(silence)
    gone()
    if (code !== 0) endGroup(pid)
  })
}

/** Ends a group when this process ends, until what is answered is called: its leader has ended. */
export function endsWithUs(pid: number): () => void {
  if (running.size === 0) process.once('exit', endAll)
  running.add(pid)
  return () => {
    running.delete(pid)
    if (running.size === 0) process.off('exit', endAll)
  }
}

/** Lets git put its locks away, in a repository of this machine as well, before the rest is killed. */
function endGroup(pid: number): void {
  if (!signal(pid, 'SIGTERM')) return
  setTimeout(() => signal(pid, 'SIGKILL'), graceMs).unref()
}

function endAll(): void {
  for (const pid of running) signal(pid, 'SIGTERM')
}

/** False when nobody of the group is left. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, name)
    return true
  } catch {
    return false
  }
}
