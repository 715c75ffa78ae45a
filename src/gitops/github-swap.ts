import type { Sha } from '../domain/names.ts'
import {
  type GithubAnswer,
  type GithubBranch,
  type GithubCall,
  part,
  textIn,
} from './github-git.ts'

/** The branch moves from here to there, or not at all. */
export type Swap = { readonly from: Sha; readonly to: Sha }

type Moved = GithubAnswer | { readonly kind: 'unknown' }

const mutation =
  'mutation ($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }'

/** GraphQL's words for what it says no to, as REST would number it. */
const statuses: Readonly<Record<string, number>> = { FORBIDDEN: 403, NOT_FOUND: 404 }

/** Compare-and-swap of a branch, which only GitHub's GraphQL has; older hosts do not know it. */
export class GithubSwap {
  readonly #call: GithubCall
  readonly #at: GithubBranch
  /** The repository as GraphQL names it. */
  #id: unknown
  #isUnknown = false

  constructor(call: GithubCall, at: GithubBranch) {
    this.#call = call
    this.#at = at
  }

  /** What GitHub answered; `unknown` when this host has no such call, and nothing was done. */
  async move({ from, to }: Swap): Promise<Moved> {
    if (this.#isUnknown) return { kind: 'unknown' }
    const { owner, repo, branch } = this.#at
    if (this.#id === undefined) {
      const found = await this.#call('GET /repos/{owner}/{repo}', { owner, repo })
      if (found.kind !== 'ok') return found
      this.#id = part(found.data, 'node_id')
    }
    const update = { name: `refs/heads/${branch}`, beforeOid: from, afterOid: to, force: false }
    const variables = { input: { repositoryId: this.#id, refUpdates: [update] } }
    const answer = await this.#call('POST /graphql', { query: mutation, variables })
    const result = answer.kind === 'ok' ? resultOf(answer.data) : answer
    this.#isUnknown = result.kind === 'unknown'
    // A repository that was made anew under its name has another id.
    if (result.kind === 'refused' && result.status === 404) this.#id = undefined
    return result
  }
}

/** GraphQL answers 200 to what it does not do, too. */
function resultOf(data: unknown): Moved {
  const errors = part(data, 'errors')
  const [error] = Array.isArray(errors) ? errors : []
  if (error === undefined)
    return part(part(part(data, 'data'), 'updateRefs'), 'clientMutationId') !== undefined
      ? { kind: 'ok', data }
      : { kind: 'unreachable', problem: 'the answer is none of GitHub’s' }
  if (part(part(error, 'extensions'), 'code') === 'undefinedField') return { kind: 'unknown' }
  const [type, message] = [part(error, 'type'), textIn(error, 'message')]
  // Without a type it is GitHub's own trouble, which passes.
  return typeof type === 'string'
    ? { kind: 'refused', status: statuses[type] ?? 422, message }
    : { kind: 'unreachable', problem: message }
}
