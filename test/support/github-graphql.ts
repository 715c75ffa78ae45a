import { type Answer, type Ask, message, ok, Refused } from './github-answers.ts'
import { moveRef } from './github-git.ts'
import { objects } from './github-reads.ts'
import { type Json, nodeId } from './github-state.ts'

const classifiers = ['ABUSE', 'DUPLICATE', 'LOW_QUALITY', 'OFF_TOPIC', 'OUTDATED', 'RESOLVED', 'SPAM'] // biome-ignore format: one list

/** Hides comments, moves branches and reads objects; what else is asked gets the answer in `graphqlAnswers`, or nothing. GraphQL faults are 200. */
export function graphql(ask: Ask): Answer | Promise<Answer> {
  const { state, body } = ask
  const { query } = body
  if (typeof query !== 'string') return message(400, 'A query attribute must be specified')
  const other = state.graphqlAnswers.find((one) => one.query.test(query))
  if (other) return ok(other.answer)
  if (/\bupdateRefs\b/.test(query)) return updateRefs(ask)
  if (/\bobject\(/.test(query)) return objects(ask, query)
  const name = /\b(un)?minimizeComment\b/.exec(query)
  if (!name) return ok({ data: {} })
  const field = name[0]
  const errorOf = (type: string, text: string) => {
    state.problems.push(`graphql ${field}: ${text}`)
    return ok({ data: { [field]: null }, errors: [{ type, path: [field], message: text }] })
  }
  const subjectId = argument(body, 'subjectId')
  const comment = state.storedComments.find(({ node_id }) => node_id === subjectId)
  if (!comment) return errorOf('NOT_FOUND', `Could not resolve to a node with the global id of '${subjectId}'`) // biome-ignore format: one line
  const classifier = argument(body, 'classifier') ?? ''
  const isHiding = name[1] === undefined
  if (isHiding && !classifiers.includes(classifier)) return errorOf('INVALID', `classifier ${classifier} is none of ${classifiers}`) // biome-ignore format: one line
  comment.minimized = isHiding ? classifier.toLowerCase().replace('_', '-') : undefined
  const seen = { isMinimized: isHiding, minimizedReason: comment.minimized ?? null }
  return ok({ data: { [field]: { [`${name[1] ?? ''}minimizedComment`]: seen } } })
}

/** An argument written in the query, given as a variable, or inside an `input` variable. */
function argument({ query, variables }: Json, name: string): string | undefined {
  const given = (variables ?? {}) as Record<string, unknown>
  const written = new RegExp(`${name}:\\s*(\\$?)"?([\\w=-]+)`).exec(String(query))
  const input = (given.input ?? {}) as Record<string, unknown>
  const value = written ? (written[1] ? given[written[2] ?? ''] : written[2]) : input[name]
  return value === undefined ? undefined : String(value)
}

const refusedWith = (type: string, text: string): Answer =>
  ok({ data: { updateRefs: null }, errors: [{ type, path: ['updateRefs'], message: text }] })

type RefUpdate = Readonly<Record<'name' | 'beforeOid' | 'afterOid', string>> & { force?: boolean }

/** Moves one branch from where it is expected; a host that is older does not know how. */
async function updateRefs(ask: Ask): Promise<Answer> {
  const { state, body } = ask
  if (!state.knowsUpdateRefs) {
    const text = "Field 'updateRefs' doesn't exist on type 'Mutation'"
    return ok({ errors: [{ message: text, extensions: { code: 'undefinedField' } }] })
  }
  const { input } = body.variables as { input: { repositoryId: string; refUpdates: RefUpdate[] } }
  const isSeen = ({ id, installationId }: { id: number; installationId: number }) =>
    nodeId('R', id) === input.repositoryId && installationId === ask.installationId
  const repository = state.repositories.find(isSeen)
  const [update] = input.refUpdates
  if (!repository || !update) return refusedWith('NOT_FOUND', 'Could not resolve to a node')
  if (state.permissions.contents !== 'write')
    return refusedWith('FORBIDDEN', 'Resource not accessible by integration')
  const { name, afterOid: to, beforeOid: before, force = false } = update
  try {
    await moveRef({ ...ask, repository }, { name, to, force, before })
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { message: text } = error.answer.body as { message: string }
    return refusedWith('UNPROCESSABLE', text)
  }
  return ok({ data: { updateRefs: { clientMutationId: null } } })
}
