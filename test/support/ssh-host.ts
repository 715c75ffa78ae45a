import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { makeKey } from './keys.ts'
import { putFiles, putScript } from './temp.ts'

const program = '/usr/sbin/sshd'
const portsMost = 5

/** Where there is no sshd a person is told what to do; the CI installs it. */
export const isWithoutSshd = !existsSync(program)
if (isWithoutSshd) process.stderr.write(`${program} is not there: apt-get install openssh-server\n`)

/** What a session runs: what was asked for. */
const serves = 'exec sh -c "$SSH_ORIGINAL_COMMAND"'
/** Takes all and says nothing, until its peer goes away. */
export const silent = 'exec cat >/dev/null'

/** A git host over ssh: a real sshd for the repositories of this machine, on a free port. */
export async function sshHost(folder: string) {
  const place = join(folder, 'sshd')
  await mkdir(place)
  const keyFile = await makeKey(place, 'user')
  let [hostKey, keys] = [await makeKey(place, 'host-0'), 1]
  await putFiles(place, { asked: '', authorized: await readFile(`${keyFile}.pub`, 'utf8') })
  const answerBy = (script: string) =>
    putScript(
      place,
      'session',
      `#!/bin/sh\necho "$SSH_ORIGINAL_COMMAND" >>${place}/asked\n${script}\n`,
    )
  await answerBy(serves)
  // Where sshd of a machine that never started it would refuse to run as root.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  let { child, port } = await startOnFreePort(place, hostKey)
  const stop = () => end(child)
  onTestFinished(stop)
  return {
    keyFile,
    port,
    url: (path: string) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`,
    /** The commands that sessions were asked to run. */
    asked: async () => (await readFile(join(place, 'asked'), 'utf8')).split('\n').filter(Boolean),
    answerBy,
    stop,
    /** Comes back on its port, with its old key or another one. */
    async startAgain(which: 'same key' | 'other key') {
      await stop()
      if (which === 'other key') hostKey = await makeKey(place, `host-${keys++}`)
      child = await start(place, { hostKey, port })
    },
  }
}

async function startOnFreePort(place: string, hostKey: string) {
  for (let tries = 1; ; tries++) {
    const port = await freePort()
    try {
      return { child: await start(place, { hostKey, port }), port }
    } catch (error) {
      // Somebody else may have been faster.
      if (tries === portsMost) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address ? address.port : 0
}

async function start(place: string, given: { hostKey: string; port: number }) {
  const file = join(place, 'config')
  await putFiles(place, { config: configOf(place, given) })
  const child = spawn(program, ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said: string[] = []
  await new Promise<void>((done, failed) => {
    child.once('error', failed)
    child.once('exit', () => failed(new Error(`sshd ended: ${said.join('\n')}`)))
    createInterface(child.stderr).on('line', (line) => {
      said.push(line)
      if (line.startsWith('Server listening')) done()
    })
  })
  return child
}

const configOf = (place: string, { hostKey, port }: { hostKey: string; port: number }) => `
ListenAddress 127.0.0.1:${port}
HostKey ${hostKey}
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile ${place}/authorized
ForceCommand ${place}/session
SetEnv "PATH=${process.env.PATH}" "HOME=${place}"
`

/** Ends it with the connections that it serves, each of which is a process of its own. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const serving = childrenOf(child.pid ?? 0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  for (const pid of serving) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)

function parentOf(pid: number): number | undefined {
  try {
    // The name, in brackets, may hold anything; after it come the state and the parent.
    const [, parent] =
      readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return Number(parent)
  } catch {
    return undefined
  }
}
