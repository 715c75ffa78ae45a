import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { Fault, type Refusal, type RefusalCode } from '../../domain/fault.ts'

/** The one table from what was refused to HTTP's word for it. */
const statuses: Readonly<Record<RefusalCode, ContentfulStatusCode>> = {
  invalid_json: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  invalid: 422,
  overloaded: 503,
}

export const statusOf = ({ code }: Refusal): ContentfulStatusCode => statuses[code]

/** A browser takes an answer for what it says that it is, though what people wrote in it looks like a page. */
export const asItSays = { 'x-content-type-options': 'nosniff' }

/** An answer that says no: one shape for all of them. */
export function errorAnswer(code: RefusalCode, message: string): Response {
  const headers: Record<string, string> = { ...asItSays }
  if (code === 'unauthenticated') headers['www-authenticate'] = 'Bearer'
  if (code === 'overloaded') headers['retry-after'] = '1'
  return Response.json({ error: { code, message } }, { status: statuses[code], headers })
}

/** The answer to what broke: the cause is for the log, not for the caller. */
export function brokenAnswer(error: unknown): Response {
  const doing = error instanceof Fault ? error.message : 'answering'
  return errorAnswer('overloaded', `The server had trouble ${doing}; try again in a moment`)
}
