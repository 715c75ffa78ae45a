import { type ChildProcess, execFile, fork } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Works } from './generator.ts'

type Kind = keyof Works
type Result<K extends Kind> = Awaited<ReturnType<Works[K]>>
type Message<K extends Kind> = { readonly ready?: true; readonly result?: Result<K> }

/** Work that goes on in a process of its own. */
export type Started<R> = {
  readonly result: Promise<R>
  /** Tells it to end, and answers what it has to say. */
  readonly stop: () => Promise<R>
}

const running = new Set<ChildProcess>()

/** Starts work in a process of its own, and ends when that has begun. */
export async function start<K extends Kind>(
  kind: K,
  job: Parameters<Works[K]>[0],
): Promise<Started<Result<K>>> {
  await compiled()
  const program = resolve('node_modules/.cache/load/test/faults/load/generator.js')
  const child = fork(program, { serialization: 'advanced', execArgv: [] })
  running.add(child)
  const said = <T>(of: (message: Message<K>) => T | undefined) =>
    new Promise<T>((done, failed) => {
      child.on('message', (message: Message<K>) => {
        const value = of(message)
        if (value !== undefined) done(value)
      })
      child.once('exit', () => failed(new Error(`what was to ${kind} ended without a result`)))
    })
  child.once('exit', () => running.delete(child))
  const result = said((message) => message.result)
  result.catch(() => undefined)
  const began = said((message) => message.ready)
  child.send({ kind, job })
  await began
  const stop = () => {
    if (child.connected) child.send({ kind: 'stop' })
    return result
  }
  return { result, stop }
}

/** The same, and waits for its end. */
export const run = async <K extends Kind>(
  kind: K,
  job: Parameters<Works[K]>[0],
): Promise<Result<K>> => (await start(kind, job)).result

/** Ends what a failed test left running. */
export function endLoad(): void {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
}

let compiling: Promise<unknown> | undefined

function compiled(): Promise<unknown> {
  compiling ??= promisify(execFile)('node_modules/.bin/tsc', [
    '-p',
    join('test/faults/load', 'tsconfig.json'),
  ])
  return compiling
}
