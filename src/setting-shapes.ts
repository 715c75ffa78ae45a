import { parse } from 'yaml'
import { z } from 'zod'

export const text = z.string().min(1)

/** A list in one setting. */
export const listText = text.transform((value, context): unknown => {
  try {
    return parse(value, { maxAliasCount: 0, prettyErrors: false, logLevel: 'error' })
  } catch {
    context.addIssue({ code: 'custom', message: 'a list, as YAML or JSON' })
    return z.NEVER
  }
})

/** True for a name that only this machine has for itself. */
export const isOfThisMachine = (hostname: string): boolean =>
  /^(?:(?:.*\.)?localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(hostname)

/** True for web addresses of one host, port and scheme. */
export const isSameOrigin = (one: string, other: string | null): boolean =>
  other !== null &&
  URL.canParse(one) &&
  URL.canParse(other) &&
  new URL(one).protocol.startsWith('http') &&
  new URL(one).origin === new URL(other).origin
