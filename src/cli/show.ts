import { outcomeText } from '../messages/text.ts'
import type { Reply } from './client.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { styleOf, type Terminal } from './terminal.ts'

/** Prints what the server said, and answers the exit code that it means. */
export function show({ json, outcome }: Reply, { isJson }: Options, terminal: Terminal): number {
  if (isJson) terminal.out(JSON.stringify(json, null, 2))
  else if (outcome.kind === 'refusal') terminal.err(outcomeText(outcome, styleOf(terminal)))
  else terminal.out(outcomeText(outcome, styleOf(terminal)))
  return exitCodeOf(outcome)
}

/** Says what is wrong with the words, with lines to copy. */
export function usage(
  { err, paint }: Terminal,
  message: string,
  lines: readonly string[] = [],
): number {
  err(paint.red(message))
  for (const line of lines) err(`  gimlet ${line}`)
  return exitCodes.usage
}
