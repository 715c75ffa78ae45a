import { auditLookText } from '../messages/audit-text.ts'
import { clean } from '../messages/paint.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

const example = 'audit verify --after 5b0f9c2'

/**
 * Looks on the server's own machine whether anybody changed the record of changes, and names the first
 * thing that does not fit. The server may run meanwhile; nothing is written.
 */
export async function auditVerify({ words, isJson }: Options, terminal: Terminal): Promise<number> {
  const after = afterOf(words.slice(2))
  if (after === null)
    return usage(terminal, 'audit verify takes --after and a commit, or nothing', [example])
  const { environment, out, err, paint } = terminal
  // The server is loaded only by what needs it: every other command starts in a tenth of the time.
  const { verifyHere } = await import('./serve.ts')
  const look = await verifyHere(environment, after)
  if ('problems' in look) {
    for (const problem of look.problems) err(paint.red(clean(problem)))
    return exitCodes.failed
  }
  out(isJson ? JSON.stringify(look, null, 2) : auditLookText(look, paint))
  return look.findings.length === 0 ? exitCodes.done : exitCodes.failed
}

/** The commits behind which is looked, one of a repository; `null` for words that say something else. */
function afterOf(words: readonly string[]): readonly string[] | null {
  const said = words.join(' ').replaceAll('--after=', '--after ')
  if (said === '') return []
  const parts = said.split(/ ?--after /)
  const isRight = parts[0] === '' && parts.slice(1).every((part) => /^[0-9a-f]{7,64}$/.test(part))
  return isRight ? parts.slice(1) : null
}
