import type { NewMessage, Subject } from '../../domain/message.ts'

/** Where a repository is, and how its messages are called. */
export type RepositoryName = {
  readonly id: number
  readonly name: string
  readonly installation: number
}

/** How long a change of what runs is waited for to be followed by others: they are told together. */
const settleMs = 1_000

const live = { surface: 'github', kind: 'live', thread: null, body: null, untilMs: null } as const

/** The deployment of a request and the status of its commit, in the order of the environment. */
export const shipMessages = (
  { name, installation }: RepositoryName,
  { subject, env, dueMs }: { subject: Subject; env: string; dueMs: number },
): NewMessage[] =>
  ['deployment', 'status'].map((what) => ({
    ...{ ...live, subject, dueMs },
    key: `github ${what} ${subject.id}`,
    place: `${installation} ${name} deployment-${env}`,
  }))

/** The one comment on a pull request that tells how things stand, in the pace of its repository. */
export const stickyMessage = (
  { id, name, installation }: RepositoryName,
  { number, nowMs }: { number: number; nowMs: number },
): NewMessage => ({
  ...{ ...live, subject: null },
  key: `github sticky ${id} ${number}`,
  place: `${installation} ${name} stickies`,
  dueMs: nowMs + settleMs,
})

export type Place = {
  readonly installation: number
  readonly of: { readonly owner: string; readonly repo: string }
  /** Of a pull request, where it is one. */
  readonly number: number
}

/** Where a message goes. */
export function placeOf({ place }: { readonly place: string }): Place {
  const [installation = '', name = '', number = ''] = place.split(' ')
  const [owner = '', repo = ''] = name.split('/')
  return { installation: Number(installation), of: { owner, repo }, number: Number(number) }
}

/** The pull request that a comment about how things stand is on. */
export function pullIn({ key }: { readonly key: string }): {
  repositoryId: number
  number: number
} {
  const [, , repositoryId, number] = key.split(' ')
  return { repositoryId: Number(repositoryId), number: Number(number) }
}
