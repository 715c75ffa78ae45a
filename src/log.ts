import { type DestinationStream, destination, type Logger, pino } from 'pino'

/** What a secret becomes wherever it would be written. */
const redacted = '[redacted]'

/** Tokens of ours, and tokens in query strings, whoever made them. */
const tokenShapes = /gimlet_[\w-]{40,}|(?<=access_token=)[^&"\s]+|(?<=Basic |Bearer )[\w+/=.-]{8,}/g

/**
 * The log: one JSON object a line on standard output. The redactor stands behind everything that is
 * written, so that a secret inside an error message or a URL is caught as well.
 */
export function makeLog(
  level: string,
  secrets: readonly string[],
  to: DestinationStream = destination({ fd: 1, sync: true }),
): Logger {
  // In the JSON of a line a secret stands escaped; the longest first, for one may hold another.
  const values = secrets
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .sort((a, b) => b.length - a.length)
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        streamWrite: (line) =>
          values
            .reduce((text, value) => text.replaceAll(value, redacted), line)
            .replaceAll(tokenShapes, redacted),
      },
    },
    to,
  )
}
