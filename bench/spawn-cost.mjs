import { fork, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from './figures.mjs'

const samples = 30
const mib = 2 ** 20

/** Milliseconds for which `spawn` keeps a process of this size from doing anything else. */
export function spawnCost(rssMb) {
  return new Promise((done, failed) => {
    const child = fork(fileURLToPath(import.meta.url), ['--spawn', String(rssMb)])
    child.once('message', done)
    child.once('error', failed)
  })
}

if (process.argv[2] === '--spawn') {
  const wanted = Number(process.argv[3]) * mib
  const held = []
  while (process.memoryUsage.rss() < wanted) held.push(Buffer.alloc(4 * mib, 1))
  const taken = []
  for (let at = 0; at < samples; at++) {
    const startedAt = performance.now()
    const child = spawn('git', ['version'], { stdio: 'ignore' })
    taken.push(performance.now() - startedAt)
    await new Promise((ended) => child.once('close', ended))
  }
  process.send(median(taken), () => process.exit(held.length < 0 ? 1 : 0))
}
