import { clean } from '../messages/paint.ts'
import { table } from '../messages/table.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import type { Migrated, Tally } from './serve.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

/** So many reasons are printed; `--output json` has all. */
const reasonsMax = 20
const example = 'migrate gimletd.sqlite --dry-run'

/**
 * Brings over artifacts, requests, users and health from the SQLite file of a GimletD before us, on the
 * server's own machine. The server may run meanwhile.
 */
export async function migrate({ words, isJson }: Options, terminal: Terminal): Promise<number> {
  const [, ...rest] = words
  const files = rest.filter((word) => !word.startsWith('-'))
  const unknown = rest.find((word) => word.startsWith('-') && word !== '--dry-run')
  if (unknown !== undefined) return usage(terminal, `There is no option ${unknown}`, [example])
  const [file, ...more] = files
  if (file === undefined || more.length > 0)
    return usage(terminal, 'Name the one file of the GimletD before', [example])
  const isDry = rest.includes('--dry-run')
  const { environment, out, err, paint } = terminal
  // The server is loaded only by what needs it: every other command starts in a tenth of the time.
  const { migrateHere } = await import('./serve.ts')
  const migrated = await migrateHere({ environment, file, isDry })
  if ('problems' in migrated) {
    for (const problem of migrated.problems) err(paint.red(clean(problem)))
    return exitCodes.failed
  }
  if (isJson) out(JSON.stringify(migrated, null, 2))
  else tell(migrated, { isDry, terminal })
  return exitCodes.done
}

function tell(
  { left, ...tallies }: Migrated,
  { isDry, terminal }: { isDry: boolean; terminal: Terminal },
): void {
  const { out, err, paint } = terminal
  const row = (what: string, { brought, known, left: not }: Tally) =>
    [what, brought, known, not].map(String)
  const rows = Object.entries(tallies).map(([what, tally]) => row(what, tally))
  out(table(['', isDry ? 'WOULD COME' : 'CAME OVER', 'HERE ALREADY', 'LEFT'], rows, paint))
  for (const { what, why } of left.slice(0, reasonsMax)) err(clean(`${what}: ${why}`))
  if (left.length > reasonsMax)
    err(`and ${left.length - reasonsMax} more: see them all with --output json`)
  if (isDry) err('Nothing was changed. Without --dry-run it is.')
}
