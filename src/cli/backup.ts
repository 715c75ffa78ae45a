import { clean } from '../messages/paint.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import type { BackedUp } from './serve.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

const example = 'backup /backups/gimlet-monday.db'

/** Copies the database of the server of this folder into a new file. The server may run meanwhile. */
export async function backup({ words, isJson }: Options, terminal: Terminal): Promise<number> {
  const file = fileIn(words)
  if (file === undefined) return usage(terminal, 'Name the one file to make', [example])
  const { environment, out, err, paint } = terminal
  // The server is loaded only by what needs it: every other command starts in a tenth of the time.
  const { backupHere } = await import('./serve.ts')
  const made = await backupHere(environment, file)
  if ('problems' in made) {
    for (const problem of made.problems) err(paint.red(clean(problem)))
    return exitCodes.failed
  }
  if (isJson) out(JSON.stringify(made, null, 2))
  else tell(made, terminal)
  return exitCodes.done
}

/** The one file that is named, if it is one. */
export function fileIn([, ...rest]: readonly string[]): string | undefined {
  const [file, ...more] = rest
  return file === undefined || file.startsWith('-') || more.length > 0 ? undefined : file
}

/** What a backup holds, in words. */
export const heldText = ({ counts, schema }: Pick<BackedUp, 'counts' | 'schema'>): string =>
  [...Object.entries(counts).map(([name, count]) => `${count} ${name}`), `schema ${schema}`].join(
    ', ',
  )

function tell(made: BackedUp, { out, err }: Terminal): void {
  const size = `${(made.bytes / (1 << 20)).toFixed(1)} MiB`
  out(clean(`${made.file}: whole, ${size}; ${heldText(made)}`))
  for (const path of made.beside) err(clean(`Not in it, and needed as well: ${path}`))
}
