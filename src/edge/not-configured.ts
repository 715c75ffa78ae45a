import type { ConfigProblems } from '../config.ts'

/** Says what is wrong with the settings: nothing works until that is corrected. */
export function notConfigured({ problems }: ConfigProblems): Response {
  // biome-ignore lint/suspicious/noConsole: a Worker without settings has no log yet
  console.error(JSON.stringify({ level: 'error', msg: 'gimletd cannot start', problems }))
  const message = `gimletd cannot start; correct these settings: ${problems.join('; ')}`
  return Response.json({ error: { code: 'overloaded', message } }, { status: 503 })
}
