import { Fault } from '../domain/fault.ts'

/** How long a libSQL server may take for an answer, in milliseconds. */
const answerMs = 10_000

/** A call to whose end nobody knows: what it asked for may have been done. */
export class AnswerLost extends Error {
  constructor(cause: unknown) {
    super('the answer of the database was lost', { cause })
    this.name = 'AnswerLost'
  }
}

/** A call that was not taken: nothing of it was done, and it may be made again. */
export class NotTaken extends Error {
  constructor(status: number) {
    super(`the database answered with status ${status}`)
    this.name = 'NotTaken'
  }
}

/**
 * `fetch` for a libSQL server. It tells what was surely not done from what nobody knows about, and
 * reads answers whole, so that one that breaks off counts as lost.
 */
export async function remoteFetch(request: Request): Promise<Response> {
  let status = 0
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(answerMs) })
    status = response.status
    const body = await response.arrayBuffer()
    if (response.ok) return new Response(body, { headers: response.headers })
  } catch (cause) {
    throw new AnswerLost(cause)
  }
  if (status === 429) throw new NotTaken(status)
  if (status === 401 || status === 403)
    throw new Fault(
      'database_broken',
      'using the database: it refuses the token; put a valid one into GIMLET_DB_TOKEN',
    )
  if (status >= 500) throw new AnswerLost(new Error(`the database answered with status ${status}`))
  throw new Fault(
    'database_broken',
    `using the database: it answers with status ${status}; check GIMLET_DB_URL`,
  )
}
