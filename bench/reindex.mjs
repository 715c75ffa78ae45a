import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../dist/store/client.js'
import { migrate } from '../dist/store/migrate.js'
import { git } from './git.mjs'
import { copyOf, workFolder } from './repositories.mjs'
import { target, unmeasured } from './targets.mjs'
import { bareClone } from './write-strategies.mjs'

const lookMs = 20
const gimlet = fileURLToPath(new URL('../dist/cli/gimlet.js', import.meta.url))

/** R5: the index from nothing, by the program that does it, with an empty database. */
export async function reindex(size) {
  const what = `reindex of ${size.commits} commits`
  const folder = join(workFolder(), 'reindex')
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const remote = await copyOf(size, join('reindex', 'remote.git'))
  await bareClone({ remote, clone: join(data, 'clone.git') })
  await git(join(data, 'clone.git'), ['remote', 'add', 'origin', remote])
  const empty = await openDatabase(`file:${join(data, 'gimlet.db')}`)
  await migrate(empty)
  empty.close()
  const ended = await start(['reindex'], {
    ...{
      GIMLET_DATA_DIR: data,
      GITOPS_REPO: remote,
      GIMLET_ADMIN_TOKEN: 'bench-administrator-token',
    },
    ...{ POLICIES: data, MANIFESTS: data, HOME: folder },
  })
  if (ended.code === usage) return [unmeasured({ id: 'R5', what, why: 'not there yet' })]
  if (ended.code !== 0) console.log(`DEFECT: reindex ended with ${ended.code}: ${ended.said}`)
  const seconds = ended.code === 0 ? ended.ms / 1000 : Number.NaN
  return [
    target({ id: 'R5', what, value: seconds, atMost: 15, unit: ' s' }),
    target({
      id: 'R5',
      what: 'reindex, most memory',
      value: ended.peakMb,
      atMost: 300,
      unit: ' MiB',
    }),
  ]
}

/** What the program ends with when it does not know a command. */
const usage = 2

function start(args, env) {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [gimlet, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-500)
    })
  let peakMb = 0
  const look = setInterval(() => {
    peakMb = Math.max(peakMb, peakOf(child.pid))
  }, lookMs)
  return new Promise((done) => {
    child.once('close', (code) => {
      clearInterval(look)
      done({ code, said, peakMb, ms: performance.now() - startedAt })
    })
  })
}

function peakOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}
