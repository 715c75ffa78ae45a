import type { CommandPorts } from '../../commands/ports.ts'
import type { NewMessage } from '../../domain/message.ts'
import type { Sha } from '../../domain/names.ts'
import type { GithubApi } from '../../messages/github/api.ts'

type Delivery = {
  readonly key: string
  readonly surface: string
  readonly requestId: string
  readonly body: string
  readonly receivedMs: number
}

/** How a delivery is kept: under another name besides, or as carried out. */
type Keeping = { readonly alias?: string | undefined; readonly isDone?: boolean }

/** A pull request as GitHub told of it last. */
export type Pull = {
  readonly repositoryId: number
  readonly number: number
  readonly headSha: Sha
  readonly headBranch: string
  readonly baseBranch: string
  readonly isFork: boolean
  readonly isOpen: boolean
  readonly labels: readonly string[]
}

/** With when GitHub said so, in Unix seconds. */
export type TimedPull = Pull & { readonly updatedUnix: number }

/** A repository that the app is installed in. */
export type Repository = {
  readonly id: number
  /** With its owner: `owner/web`. */
  readonly name: string
  readonly installation: number
  readonly defaultBranch: string
}

/** What GitHub's ingress needs of the rest of the product. */
export type GithubPorts = {
  readonly commands: CommandPorts
  readonly deliveries: {
    accept(delivery: Delivery & Keeping): Promise<boolean>
    has(key: string): Promise<boolean>
    done(key: string, answer: string): Promise<void>
    open(surface: string): Promise<readonly Delivery[]>
  }
  readonly pulls: {
    find(repositoryId: number, number: number): Promise<Pull | undefined>
    keep(pull: Pull, nowUnix: number): Promise<void>
  }
  readonly outbox: { put(messages: readonly NewMessage[]): Promise<void> }
  readonly api: GithubApi
  readonly log: {
    debug(fields: object, text: string): void
    info(fields: object, text: string): void
    warn(fields: object, text: string): void
    error(fields: object, text: string): void
  }
}

/** What comparing our record with GitHub's needs besides. */
export type RecordPorts = Omit<GithubPorts, 'pulls'> & {
  readonly pulls: {
    find(repositoryId: number, number: number): Promise<Pull | undefined>
    /** The same with the head that it had at a moment. */
    findAt(repositoryId: number, number: number, unix: number): Promise<Pull | undefined>
    open(repositoryId: number): Promise<readonly TimedPull[]>
    keep(pull: Pull, nowUnix: number): Promise<void>
    forgetHeads(beforeUnix: number): Promise<void>
    repositories(): Promise<readonly Repository[]>
    repository(id: number): Promise<Repository | undefined>
    /** `moves`: it has another name up to now, or another repository has this one. */
    knows(repository: Repository): Promise<'same' | 'new' | 'moves'>
    keepRepository(repository: Repository): Promise<void>
    /** Forgets repositories of an installation; one that has another by now stays. */
    removeRepositories(installation: number, ids: readonly number[]): Promise<void>
  }
  readonly known: {
    find(name: string): Promise<string | undefined>
    keep(name: string, value: string): Promise<void>
    forget(name: string): Promise<void>
    names(prefix: string): Promise<readonly string[]>
  }
}
