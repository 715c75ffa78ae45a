import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { redactor } from './redact.ts'

/**
 * The log: one JSON object a line on standard output. The redactor stands behind everything that is
 * written, so that a secret inside an error message or a URL is caught as well.
 */
export const makeLog = (
  level: string,
  secrets: readonly string[],
  to: DestinationStream = destination({ fd: 1, sync: true }),
): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: redactor(secrets) },
    },
    to,
  )
