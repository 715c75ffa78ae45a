import type { Config, RepositoryConfig } from './config.ts'
import { githubRepositoryAt } from './domain/github-repository.ts'
import type { Sources } from './domain/sources.ts'
import { ours } from './gitops/author.ts'
import { GithubWriter } from './gitops/github.ts'
import { GithubGit } from './gitops/github-git.ts'
import { GithubHistory } from './gitops/github-history.ts'
import { GithubPace } from './gitops/github-pace.ts'
import { proposedOnGithub } from './gitops/github-pulls.ts'
import { GithubReader } from './gitops/github-read.ts'
import { githubSources, readGithubFolder } from './gitops/github-sources.ts'
import type { GitopsAccess } from './gitops-access.ts'
import { githubCallOf, type RepositoryCall } from './ingress/github/repository-call.ts'
import type { Led } from './lead-parts.ts'
import type { Logger } from './logger.ts'
import type { GithubApi } from './messages/github/api.ts'
import type { Database } from './store/client.ts'
import { KeptSourcesStore } from './store/kept-sources.ts'
import { SeenBranches } from './store/seen-branches.ts'

const clock = { nowMs: () => Date.now() }

type Given = {
  readonly database: Database
  /** Only who leads keeps what was seen of a branch. */
  readonly led: Led
  readonly log: Logger
}
type Asking = {
  readonly app: GithubApi | null
  readonly paceOf: (token: string | undefined) => GithubPace
}
type Opening = Given & Asking & { readonly author: string | undefined }

/** A folder of policies or manifests as the first repository's branch has it now; no server is needed. */
export async function sourcesOnGithub(
  config: Config,
  folder: string,
  log: Logger,
): Promise<Sources> {
  const asking = { app: await appOf(config, log), paceOf: pacesOf() }
  const { at, github, reader } = readingOf(config.gitops.repositories[0], asking)
  const tip = await new GithubGit(github.call, { ...at, author: null }).tip()
  return githubSources(reader, folder)(tip)
}

/** Reaches the GitOps repositories by GitHub's API, the first one first: without a program or a disk. */
export async function openByGithub(config: Config, given: Given): Promise<GitopsAccess[]> {
  const { repositories, author } = config.gitops
  const app = await appOf(config, given.log)
  const paceOf = pacesOf()
  return Promise.all(repositories.map((one) => openOne(one, { ...given, app, author, paceOf })))
}

/** A pace for the app and for each token: GitHub counts what an account asks, whatever the repository. */
function pacesOf(): (token: string | undefined) => GithubPace {
  const paces = new Map<string | undefined, GithubPace>()
  return (token) => {
    const pace = paces.get(token) ?? new GithubPace(clock)
    paces.set(token, pace)
    return pace
  }
}

/** The GitHub App, which is loaded only where there is one. */
async function appOf({ github }: Config, log: Logger): Promise<GithubApi | null> {
  if (github === null) return null
  const { githubApi, probotOf } = await import('./ingress/github/api.ts')
  const { appId, privateKey, secrets, baseUrl } = github
  return githubApi(() => probotOf({ appId, privateKey, secret: secrets[0], baseUrl, log }))
}

async function openOne(
  config: RepositoryConfig,
  { database, led, log, app, author, paceOf }: Opening,
): Promise<GitopsAccess> {
  const { name, branch, root, environments, token } = config
  const { url, at, github, reader } = readingOf(config, { app, paceOf })
  const memory = await SeenBranches.load(
    { database, fence: () => led.fence },
    { repository: name, url, branch },
  )
  // GitHub signs what its app commits, as long as nobody says who it is by.
  const by = author ?? (token === undefined ? null : ours)
  return {
    ...{ config, url, memory },
    writer: () => new GithubWriter({ github, memory, log }, { ...at, url, root, author: by }),
    history: new GithubHistory(reader, { environments, root }),
    files: readGithubFolder(reader),
    sources: (folder) => githubSources(reader, folder, new KeptSourcesStore(database, folder)),
    proposed: (folder) => proposedOnGithub(reader, folder),
  }
}

/** What reads a repository, and who asks. */
function readingOf({ url: address, branch, token }: RepositoryConfig, { app, paceOf }: Asking) {
  const url = address ?? ''
  const { ask, at } = wayTo(url, { app, token })
  const github = paceOf(token).of(ask)
  return {
    url,
    at: { ...at, branch },
    github,
    reader: new GithubReader(github.call, { ...at, branch }),
  }
}

type Asked = Pick<Opening, 'app'> & { readonly token: string | undefined }

/** Who asks, of which repository: a token that was given for it goes before the app. */
function wayTo(url: string, { app, token }: Asked) {
  const { origin } = new URL(url)
  const at = githubRepositoryAt(url, origin)
  const asking =
    token === undefined
      ? app && ({ kind: 'app', api: app } as const)
      : ({ kind: 'token', token } as const)
  // What the configuration has refused.
  if (!at || !asking) throw new Error(`${url} cannot be reached by GitHub’s API`)
  const baseUrl = origin === 'https://github.com' ? undefined : `${origin}/api/v3`
  const ask: RepositoryCall = githubCallOf(asking, { ...at, baseUrl })
  return { ask, at }
}
