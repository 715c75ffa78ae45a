import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const out = resolve('node_modules/.cache/libsql-host')

type Given = { readonly file: string; readonly token?: string; readonly port?: number }

/** A libSQL server in a process of its own: what ends it, ends it in the middle of whatever it does. */
export type LibsqlChild = {
  readonly url: string
  readonly port: number
  kill(): Promise<void>
}

/** Compiles the server once a run, and starts it. Faults are planned by `PUT /faults`. */
export async function startLibsqlChild({
  file,
  token = '',
  port = 0,
}: Given): Promise<LibsqlChild> {
  await compiled()
  const program = join(out, 'test/support/libsql-program.js')
  const child = spawn(process.execPath, [program, file, String(port)], {
    env: { ...process.env, LIBSQL_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstLine(child)
  return {
    url,
    port: Number(new URL(url).port),
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the libSQL server says nothing')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error('the libSQL server ended before it listened')
}

let compiling: Promise<unknown> | undefined

function compiled(): Promise<unknown> {
  const options = ['--outDir', out, '--incremental', '--tsBuildInfoFile', join(out, 'info')]
  compiling ??= promisify(execFile)('node_modules/.bin/tsc', [
    ...['-p', 'test/support/tsconfig.libsql.json', ...options],
  ])
  return compiling
}
