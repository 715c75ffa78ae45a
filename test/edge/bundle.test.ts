import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { weigh } from '../support/edge-bundle.ts'
import { startWorkerd } from '../support/workerd.ts'

/** A third of what the free plan takes. */
const gzipBytesMax = 1024 * 1024
/** The processor time that Cloudflare gives a Worker to start in. */
const startCpuMsMax = 1_000
const shown = 12

/** What would say that something reached the bundle that cannot run there, or brings far too much. */
const strangers = [
  /node_modules\/simple-git\//,
  /node_modules\/(?:libsql|@libsql\/(?:linux|darwin|win32)[^/]*|@libsql\/client\/lib-esm\/(?:node|sqlite3)\.js)/,
  /node_modules\/(?:pino-http|@probot\/pino|@slack\/socket-mode|express|raw-body|undici)\//,
  /node_modules\/@hono\/node-server\//,
  /^src\/(?:main|data-folder|setup-parts|chart-parts|gitops-parts|log)\.ts$/,
  /^src\/(?:charts|cli|doctor)\//,
  /^src\/(?:manifest\/programs|gitops\/(?:git|process-group))\.ts$/,
]
/** What Probot asks for when someone makes an app on its own page, or runs it as a program. */
const idle = ['node_modules/npx-import-light/index.js', 'node_modules/probot/lib/apps/setup.js']

const tell = (text: string) => void process.stdout.write(`${text}\n`)

describe('the Worker that ships', () => {
  let bundle: Awaited<ReturnType<typeof weigh>>
  beforeAll(async () => {
    bundle = await weigh('ships')
  })

  it('weighs at most 1 MiB compressed', () => {
    const kib = (bytes: number) => `${Math.round(bytes / 1024)} KiB`
    const largest = bundle.parts.slice(0, shown).map(([part, bytes]) => `${part} ${kib(bytes)}`)
    tell(`bundle: ${kib(bundle.gzipBytes)} compressed, ${kib(bundle.bytes)} as it is`)
    tell(`the largest parts: ${largest.join(', ')}`)
    expect(bundle.gzipBytes).toBeLessThanOrEqual(gzipBytesMax)
  })

  it('holds nothing that opens files of a machine, or that a shim stands for', () => {
    const found = bundle.files.filter((file) => strangers.some((stranger) => stranger.test(file)))
    expect(found).toEqual([])
  })

  it('starts no programs, and has no database of its own', () => {
    expect(bundle.importersOf('child_process').filter((file) => !idle.includes(file))).toEqual([])
    for (const name of ['sqlite', 'worker_threads']) expect(bundle.importersOf(name)).toEqual([])
  })

  it('asks for the behaviour of a date that the runtime of the tests knows', async () => {
    const settings = await readFile('wrangler.toml', 'utf8')
    const runtime = await readFile('node_modules/workerd/package.json', 'utf8')
    const asked = /^compatibility_date = "(\d{4})-(\d\d)-(\d\d)"$/m.exec(settings)
    const known = /"version": "\d+\.(\d{8})\./.exec(runtime)
    expect(Number(asked?.slice(1).join(''))).toBeLessThanOrEqual(Number(known?.[1]))
  })

  it('answers its first request within the time to start in', async () => {
    const worker = await startWorkerd('ships', {}, onTestFinished)
    expect((await fetch(`${worker.url}/healthz`)).status).not.toBe(500)
    const cpuMs = worker.cpuMs()
    tell(`start: ${cpuMs} ms of processor time for the runtime and a first answer`)
    tell(`start: ${Math.round(worker.startMs())} ms until wrangler dev was ready`)
    expect(cpuMs).toBeLessThanOrEqual(startCpuMsMax)
  })
})
