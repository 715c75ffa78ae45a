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

/** What is kept up to date on every pull request. */
const onPull = ['sticky', 'check', 'artifact'] as const

/**
 * What is kept up to date on a pull request, each in the pace of its repository: the comment that tells
 * how things stand, the check run of what a merge would release, the status of the artifact.
 */
export const pullMessages = (
  repository: RepositoryName,
  { number, nowMs }: { number: number; nowMs: number },
): NewMessage[] => onPull.map((what) => pullMessage(repository, { what, number, nowMs }))

/** The check runs of a pull request, to be made anew whatever they show. */
export const rerunMessages = (
  repository: RepositoryName,
  { number, nowMs }: { number: number; nowMs: number },
): NewMessage[] =>
  ['check', 'policies'].map((what) => ({
    ...pullMessage(repository, { what, number, nowMs }),
    shown: '',
  }))

/** The check run of the policies that a pull request of the GitOps repository proposes. */
export const policiesMessage = (
  repository: RepositoryName,
  { number, nowMs }: { number: number; nowMs: number },
): NewMessage => pullMessage(repository, { what: 'policies', number, nowMs })

const pullMessage = (
  repository: RepositoryName,
  { what, number, nowMs }: { what: string; number: number; nowMs: number },
): NewMessage => ({
  ...{ ...live, subject: null },
  key: `github ${what} ${repository.id} ${number}`,
  place: placeAt(repository, what),
  dueMs: nowMs + settleMs,
})

/** Where a message about a pull request goes: what is of one kind goes in order. */
export const placeAt = ({ name, installation }: RepositoryName, what: string): string =>
  `${installation} ${name} ${what}`

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

/** The pull request that is told about. */
export function pullIn({ key }: { readonly key: string }): {
  what: string
  repositoryId: number
  number: number
} {
  const [, what = '', repositoryId, number] = key.split(' ')
  return { what, repositoryId: Number(repositoryId), number: Number(number) }
}
