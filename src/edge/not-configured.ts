import type { ConfigProblems } from '../config.ts'
import { edgeLog } from './log.ts'

/** Says what is wrong with the settings: nothing works until that is corrected. */
export function notConfigured({ problems }: ConfigProblems): Response {
  // What is wrong never quotes a secret.
  edgeLog('error', []).error({ problems }, 'gimletd cannot start')
  const message = `gimletd cannot start; correct these settings: ${problems.join('; ')}`
  return Response.json({ error: { code: 'overloaded', message } }, { status: 503 })
}
