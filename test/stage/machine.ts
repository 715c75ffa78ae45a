import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import type { Later } from '../support/temp.ts'

const isRoot = process.getuid?.() === 0
const libraries = ['x86_64', 'aarch64'].flatMap((machine) =>
  [`/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`].filter(existsSync),
)

/** What this machine cannot do for a test, which is then skipped. */
export const isWithout = {
  smallDisk: !isRoot || !readFileSync('/proc/filesystems', 'utf8').includes('tmpfs'),
  movableClock: libraries.length === 0,
  strace: !isRoot || !existsSync('/usr/bin/strace'),
}

/** A disk of so many MB. What lies on it goes with the test. */
export async function smallDisk(
  folder: string,
  { megabytes }: { megabytes: number },
  later: Later,
) {
  await mkdir(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder])
  later(() => void execFileSync('umount', ['-l', folder]))
  const filler = join(folder, 'filler')
  return {
    folder,
    /** Leaves no byte of room. */
    fill: () =>
      writeFile(filler, Buffer.alloc(megabytes << 20)).then(
        () => Promise.reject(new Error('the disk is larger than it says')),
        () => undefined,
      ),
    makeRoom: () => rm(filler),
  }
}

/**
 * A clock on the wall that is moved while a server runs; what it measures time with goes on. `environment`
 * starts a server with it.
 */
export async function movableClock(folder: string) {
  const file = join(folder, 'clock')
  let moves = 0
  const to = async (offset: string) => {
    await writeFile(file, `${offset}\n`)
    // It is read again when it was changed, to the second.
    const changedUnix = Math.floor(Date.now() / 1000) + ++moves
    await utimes(file, changedUnix, changedUnix)
  }
  await to('+0')
  return {
    /** As far from the real time as this says: `+10m`, `-1d`. */
    to,
    environment: {
      LD_PRELOAD: libraries[0] ?? '',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  }
}

/** Makes calls of the system fail in a process, until it is healed. */
export async function failingCalls(pid: number, calls: string, error: string) {
  const inject = `inject=${calls}:error=${error}`
  const tracer = spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-e', inject, '-p', `${pid}`], {
    stdio: 'ignore',
  })
  await eventually(() => {
    const [, by] = /^TracerPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    if (by === '0') throw new Error('nobody looks at it yet')
  })
  return { heal: () => ended(tracer) }
}

async function ended(tracer: ChildProcess): Promise<void> {
  if (tracer.exitCode !== null || tracer.signalCode !== null) return
  const exit = once(tracer, 'exit')
  tracer.kill('SIGTERM')
  await exit
}
