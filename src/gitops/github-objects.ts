import { Fault } from '../domain/fault.ts'
import { faultOf, type GithubCall, odd, part, textIn } from './github-git.ts'

/** So many objects are asked for at once. */
const atOnceMax = 100

type Asked = {
  /** What is being done, for whoever reads of a fault. */
  readonly doing: string
  readonly by: 'oid' | 'expression'
  readonly names: readonly string[]
  /** What of an object is told, in GraphQL. */
  readonly fields: string
}

/** Many objects of a repository in one call, by GitHub's GraphQL: its REST API has a call for each. */
export class GithubObjects {
  readonly #call: GithubCall
  readonly #variables: { readonly owner: string; readonly repo: string }

  constructor(call: GithubCall, { owner, repo }: { owner: string; repo: string }) {
    this.#call = call
    this.#variables = { owner, repo }
  }

  /** What GitHub tells of these objects, by their names, without those that are not there. */
  async told({ names, ...asked }: Asked): Promise<ReadonlyMap<string, unknown>> {
    const told = new Map<string, unknown>()
    for (let at = 0; at < names.length; at += atOnceMax) {
      const some = names.slice(at, at + atOnceMax)
      const found = await this.#ask({ ...asked, names: some })
      for (const [at, name] of some.entries()) {
        const object = part(found, `o${at}`)
        if (object !== null && object !== undefined) told.set(name, object)
      }
    }
    return told
  }

  async #ask({ doing, by, names, fields }: Asked): Promise<unknown> {
    const objects = names.map((name, at) => `o${at}:object(${by}:${JSON.stringify(name)}){...told}`)
    const query = `query($owner:String!,$repo:String!){repository(owner:$owner,name:$repo){${objects.join(' ')}}}
fragment told on GitObject{__typename ${fields}}`
    const answer = await this.#call('POST /graphql', { query, variables: this.#variables })
    if (answer.kind !== 'ok') throw faultOf(answer, doing)
    const errors = part(answer.data, 'errors')
    // Of an answer that is one in part nobody knows what is missing.
    if (Array.isArray(errors) && errors.length > 0) throw graphqlFault(errors[0], doing)
    const repository = part(part(answer.data, 'data'), 'repository')
    if (typeof repository !== 'object' || repository === null) throw odd(doing)
    return repository
  }
}

const forbidden = ['FORBIDDEN', 'NOT_FOUND', 'INSUFFICIENT_SCOPES']

function graphqlFault(error: unknown, doing: string): Fault {
  const isForbidden = forbidden.includes(textIn(error, 'type'))
  const code = isForbidden ? 'gitops_forbidden' : 'gitops_unreachable'
  return new Fault(code, `${doing}: GitHub answers ${textIn(error, 'message')}`)
}
