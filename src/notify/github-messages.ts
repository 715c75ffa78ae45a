import type { NewMessage, Subject } from '../domain/message.ts'
import type { Sha } from '../domain/names.ts'
import { pullMessages, type RepositoryName, shipMessages } from '../messages/github/places.ts'
import { isDeployment, type Shipment } from '../messages/github/shipment.ts'
import type { Changes } from './notifier.ts'

/** A request that ends within this time is told of once, as ended. */
const settleMs = 1_000

export type GithubPull = {
  readonly repositoryId: number
  readonly number: number
  readonly headSha: Sha
  readonly headBranch: string
  readonly baseBranch: string
  readonly isFork: boolean
  readonly isOpen: boolean
}

export type GithubNewsPorts = {
  /** A request that brings a commit somewhere. */
  readonly shipment: (id: string) => Promise<Shipment | undefined>
  /** Which of these repositories something is news for. */
  readonly touched: (
    subjects: readonly Subject[],
    repositories: readonly string[],
  ) => Promise<readonly string[]>
  readonly pulls: {
    repositories(): Promise<readonly RepositoryName[]>
    repository(id: number): Promise<RepositoryName | undefined>
    repositoryNamed(name: string): Promise<RepositoryName | undefined>
    find(repositoryId: number, number: number): Promise<GithubPull | undefined>
    /** The open ones that have something to tell. */
    withNews(repositoryId: number): Promise<readonly GithubPull[]>
  }
}

/** The messages that GitHub does not have yet about what changed. */
export const githubMessages = async (
  ports: GithubNewsPorts,
  changes: Changes,
): Promise<NewMessage[]> => [...(await ships(ports, changes)), ...(await onPulls(ports, changes))]

/** Of each request that waits or did something: a deployment, and the status of its commit. */
async function ships(
  { shipment, pulls }: GithubNewsPorts,
  { subjects, known, nowMs }: Changes,
): Promise<NewMessage[]> {
  const keys = new Set(known.map(({ key }) => key))
  const added: NewMessage[] = []
  for (const subject of subjects) {
    if (subject.kind !== 'request' || keys.has(`github deployment ${subject.id}`)) continue
    const found = await shipment(subject.id)
    if (!found || !isDeployment(found.card)) continue
    const repository = await pulls.repositoryNamed(found.repository)
    if (!repository) continue
    const dueMs = found.card.event.status === 'new' ? nowMs + settleMs : nowMs
    added.push(...shipMessages(repository, { subject, env: found.env, dueMs }))
  }
  return added
}

/** What is kept up to date on the open pull requests of every repository that something is news for. */
async function onPulls(
  { touched, pulls }: GithubNewsPorts,
  { subjects, nowMs }: Changes,
): Promise<NewMessage[]> {
  const repositories = await pulls.repositories()
  if (repositories.length === 0) return []
  const names = repositories.map(({ name }) => name)
  const news = new Set(await touched(subjects, names))
  const added: NewMessage[] = []
  for (const repository of repositories.filter(({ name }) => news.has(name)))
    for (const { number } of await pulls.withNews(repository.id))
      added.push(...pullMessages(repository, { number, nowMs }))
  return added
}
