import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killAtRandom, killFirstStarts } from './kills.ts'
import { killServers } from './place.ts'
import { Report } from './report.ts'
import { type Crash, sweep, sweepOne } from './sweep.ts'

/** How much of the time is the sweep's; the rest is the random kills'. */
const sweepShare = 2 / 3

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    deep: { type: 'boolean', default: false },
    /** One run of the sweep: the flow; its crashes follow as `step:where:seconds`. */
    case: { type: 'string' },
    kills: { type: 'string', default: '500' },
    /** How long it may take; what does not fit in is left out, and said. */
    minutes: { type: 'string', default: '15' },
    /** One round of the random kills, and nothing else. */
    round: { type: 'string' },
    /** The sweep of this flow only. */
    flow: { type: 'string', multiple: true, default: [] },
    /** Only the sweep, or only the random kills. */
    only: { type: 'string' },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const folder = mkdtempSync(join(tmpdir(), 'gimletd-crash-'))
const report = new Report(seed)
process.on('exit', () => {
  killServers()
  if (report.isGood) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    report.end()
    process.exit(130)
  })

const crashOf = (text: string): Crash => {
  const [step, where, slowSeconds = '0'] = text.split(':')
  if (where !== 'before' && where !== 'amid' && where !== 'after')
    throw new Error(`${text} is no crash: write step:before, step:amid or step:after`)
  return { step: Number(step), where, slowSeconds: Number(slowSeconds) }
}

report.say(`seed ${seed}`)
const { deep: isDeep, case: one, only } = values
const round = values.round === undefined ? undefined : Number(values.round)
const end = performance.now() + Number(values.minutes) * 60_000
if (!(end > performance.now())) throw new Error('--minutes takes a number above 0, such as 9')
const isKilling = only !== 'sweep' && values.flow.length === 0
const sweepEnd = isKilling ? performance.now() + (end - performance.now()) * sweepShare : end
const until = (ms: number) => (isDeep ? Number.POSITIVE_INFINITY : ms)
const sweeping = { folder, report, isDeep, only: values.flow, until: until(sweepEnd) }
if (one !== undefined) await sweepOne(sweeping, one, positionals.map(crashOf))
else {
  if (round === undefined && only !== 'kills') await sweep(sweeping)
  if (isKilling) {
    const kills = Number(values.kills)
    const killing = { folder, report, seed, kills, round, until: until(end) }
    if (round === undefined) await killFirstStarts(killing)
    await killAtRandom(killing)
  }
}
report.end()
process.exitCode = report.isGood ? 0 : 1
