import { type Paint, plain } from '../messages/paint.ts'
import type { Style } from '../messages/style.ts'

/** Where the program writes, and what it knows of the place. */
export type Terminal = {
  /** Results. */
  out(text: string): void
  /** Everything else: with --output json nothing but JSON goes to `out`. */
  err(text: string): void
  readonly paint: Paint
  readonly environment: Readonly<Record<string, string | undefined>>
}

type Stream = { write(text: string): unknown; readonly isTTY?: boolean }

/** The terminal that the program was started from. NO_COLOR and FORCE_COLOR are heeded. */
export function terminalOf(
  { stdout, stderr }: { stdout: Stream; stderr: Stream },
  environment: Terminal['environment'],
): Terminal {
  const isForced = Boolean(environment.FORCE_COLOR) && environment.FORCE_COLOR !== '0'
  const isColoured = isForced || (stdout.isTTY === true && !environment.NO_COLOR)
  return {
    out: (text) => stdout.write(`${text}\n`),
    err: (text) => stderr.write(`${text}\n`),
    paint: isColoured ? coloured : plain,
    environment,
  }
}

const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`

export const coloured: Paint = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  green: sgr(32, 39),
  red: sgr(31, 39),
  yellow: sgr(33, 39),
}

/** How texts are written for this terminal, now. */
export const styleOf = ({ paint }: Terminal): Style => ({
  paint,
  nowUnix: Math.floor(Date.now() / 1000),
})
