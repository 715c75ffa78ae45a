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

/** A pull request as GitHub told of it last. */
export type Pull = {
  readonly repositoryId: number
  readonly number: number
  readonly headSha: Sha
  readonly headBranch: string
  readonly baseBranch: string
  readonly isFork: boolean
  readonly isOpen: boolean
}

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
    accept(delivery: Delivery): Promise<boolean>
    done(key: string, answer: string): Promise<void>
    open(surface: string): Promise<readonly Delivery[]>
  }
  readonly pulls: {
    find(repositoryId: number, number: number): Promise<Pull | undefined>
    keep(pull: Pull, nowUnix: number): Promise<void>
    keepRepository(repository: Repository): Promise<void>
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
