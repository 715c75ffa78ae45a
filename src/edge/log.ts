import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import { redactor } from '../redact.ts'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
type Level = keyof Logger
type Written = Readonly<Record<Level, (line: string) => void>>

/**
 * The log on Workers: one JSON object a line by the console, which Cloudflare keeps by its level. The
 * same redactor as on Node stands behind everything that is written.
 */
export function edgeLog(level: string, secrets: readonly string[], to: Written = console): Logger {
  const redact = redactor(secrets)
  const at = (own: Level) =>
    levels.indexOf(own) < levels.indexOf(level)
      ? () => undefined
      : (fields: object, text: string) => to[own](redact(lineOf(own, fields, text)))
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** The log by the settings. */
export const logOf = ({ logLevel, secrets }: Pick<Config, 'logLevel' | 'secrets'>): Logger =>
  edgeLog(logLevel, secrets)

function lineOf(level: Level, fields: object, msg: string): string {
  const start = { level, time: new Date().toISOString() }
  try {
    return JSON.stringify({ ...start, ...fields, msg }, readable)
  } catch {
    // What has no JSON, such as a ring, must not end the work that it tells of.
    return JSON.stringify({ ...start, msg, fields: 'not shown: they have no JSON' })
  }
}

/** An error's own words, which JSON leaves out. */
const readable = (_: string, value: unknown): unknown =>
  value instanceof Error
    ? {
        type: value.name,
        message: value.message,
        ...('code' in value ? { code: value.code } : {}),
        ...('status' in value ? { status: value.status } : {}),
        stack: value.stack,
        cause: value.cause,
        ...(value instanceof AggregateError ? { errors: value.errors } : {}),
      }
    : value
