import { clean } from '../messages/paint.ts'
import { fileIn, heldText } from './backup.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import type { Restored } from './serve.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

const example = 'restore /backups/gimlet-monday.db'
/** So many of each kind are printed; `--output json` has more. */
const namedMax = 10

/** Puts a backup in the place of the database of the server of this folder, which must not run. */
export async function restore({ words, isJson }: Options, terminal: Terminal): Promise<number> {
  const file = fileIn(words)
  if (file === undefined) return usage(terminal, 'Name the one backup to restore', [example])
  const { environment, out, err, paint } = terminal
  // The server is loaded only by what needs it: every other command starts in a tenth of the time.
  const { restoreHere } = await import('./serve.ts')
  const told = ({ url, commits, of }: { url: string; commits: number; of: number }) => {
    if (commits === of) err(clean(`read ${of} commits of ${url}`))
  }
  const restored = await restoreHere({ environment, file, told })
  if ('problems' in restored) {
    for (const problem of restored.problems) err(paint.red(clean(problem)))
    return exitCodes.failed
  }
  if (isJson) out(JSON.stringify(restored, null, 2))
  else for (const line of linesOf(restored)) out(clean(line))
  return exitCodes.done
}

function linesOf(restored: Restored): string[] {
  const { from, database, before, newReleases, ended, waiting } = restored
  const made = from.madeMs === null ? 'at an unknown time' : `at ${utc(from.madeMs)}`
  return [
    `Restored ${database} from a backup made ${made}: ${heldText(from)}`,
    ...restored.repositories.flatMap(({ url, releases, tip, rewoundFrom }) => [
      `${releases} releases on the branch of ${url}, up to ${tip.slice(0, 8)}`,
      ...(rewoundFrom === null
        ? []
        : [
            `That branch no longer holds ${rewoundFrom.slice(0, 8)}, which the backup had seen on it`,
          ]),
    ]),
    `${newReleases} of them went out after the backup, and are known from the branch`,
    ...some(
      `${ended.length} requests were open in the backup, and none is carried out now:`,
      ended.map(endLine),
    ),
    ...(waiting.deliveries + waiting.messages === 0
      ? []
      : [
          `${waiting.deliveries} deliveries of Slack and GitHub that were open are not carried out, and ${waiting.messages} messages that were not sent are not sent twice`,
        ]),
    ...lostLines(restored),
    ...(before === null ? [] : [`The database before is kept: ${before}`]),
    `The record of changes goes on from the backup’s; from now on look at it by: ${verifying(restored)}`,
    'Start the server now.',
  ]
}

/** Commits before the restore name records that only the database before has. */
const verifying = ({ repositories }: Restored): string =>
  ['gimlet audit verify', ...repositories.map(({ tip }) => `--after ${tip.slice(0, 12)}`)].join(' ')

function endLine({ id, env, app, login, end, why }: Restored['ended'][number]): string {
  const where = env === null ? '' : `(${app} in ${env}) `
  return `${id} ${where}by ${login}: ${end}, ${why}`
}

function lostLines({ lost, from, before }: Restored): string[] {
  if (lost !== null)
    return lost.flatMap(({ what, count, lost: named }) => {
      const lines = named.map(({ name, next }) => `${name}: ${next}`)
      return some(`${what}, after the backup: ${count}`, lines, count)
    })
  const since = from.madeMs === null ? 'since the backup' : `since ${utc(from.madeMs)}`
  return [
    `${before === null ? 'There is no database before' : 'The database before cannot be read'}, so what was lost cannot be listed. Look what people did ${since}: users and tokens that were removed or renewed work as they did, and locks, blocks, approvals, artifacts and requests of that time are gone`,
  ]
}

/** A head and the first of its lines, of so many; nothing when there are none. */
function some(head: string, lines: readonly string[], count = lines.length): string[] {
  if (count === 0) return []
  const rest = count - namedMax
  return [
    head,
    ...lines.slice(0, namedMax).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  and ${rest} more: see them with --output json`] : []),
  ]
}

const utc = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
