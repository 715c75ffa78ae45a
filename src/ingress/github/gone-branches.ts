import { z } from 'zod'
import { handle } from '../../commands/handle.ts'
import { builtBranch } from '../../domain/artifact.ts'
import { isRefusal } from '../../domain/fault.ts'
import type { GithubResult } from '../../messages/github/api.ts'
import type { RecordPorts, Repository } from './ports.ts'
import type { SweepCalls } from './sweep-calls.ts'
import { githubItself } from './who.ts'

/** So many sweeps one after the other have to find a branch gone. */
const sweepsMin = 2
const toldPrefix = 'github gone '

type Branch = { readonly repository: Repository; readonly branch: string }
type BranchPorts = Pick<RecordPorts, 'commands' | 'known' | 'pulls' | 'log'>
type Ask = (route: string, parameters: Readonly<Record<string, unknown>>) => Promise<GithubResult>

const repositoryShape = z.looseObject({ id: z.number(), default_branch: z.string() })

/** `gone` only when GitHub shows the repository, not this branch in it, and another as the default. */
export async function lookAtBranch(
  ask: Ask,
  { repository, branch }: Branch,
): Promise<'there' | 'gone' | 'unknown'> {
  const [owner, repo] = repository.name.split('/')
  const found = await ask('GET /repos/{owner}/{repo}/branches/{branch}', { owner, repo, branch })
  if (found.kind === 'ok') return 'there'
  if (found.kind !== 'refused' || found.status !== 404) return 'unknown'
  const answer = await ask('GET /repos/{owner}/{repo}', { owner, repo })
  const { data } = repositoryShape.safeParse(answer.kind === 'ok' ? answer.data : null)
  return data?.id === repository.id && data.default_branch !== branch ? 'gone' : 'unknown'
}

/** Tells the cleanup policies that a branch is gone, once for as long as something runs from it. */
export async function tellGone(
  ports: Pick<BranchPorts, 'commands' | 'known' | 'log'>,
  gone: Branch,
  requestId: string,
): Promise<void> {
  const { commands, known, log } = ports
  const { repository, branch } = gone
  const name = toldName(gone)
  const before = await known.find(name)
  if (before?.startsWith('told ')) return
  // A crash in between must not ask twice: the second time it is the same request.
  const id = before?.startsWith('telling ') ? before.slice('telling '.length) : requestId
  await known.keep(name, `telling ${id}`)
  const ids = {
    next: (kind: 'event' | 'decision' | 'lock') =>
      kind === 'event' ? id : commands.ids.next(kind),
  }
  const command = { verb: 'branch-deleted', repository: repository.name, branch } as const
  const outcome = await handle({ ...commands, ids }, githubItself, command)
  if (isRefusal(outcome)) log.warn({ code: outcome.code }, 'a deleted branch was not taken')
  await known.keep(name, `told ${id}`)
  // Something that is released from it later is to be told of.
  if (!(await running(commands)).has(keyOf(repository.name, branch))) await known.forget(name)
}

/** A branch that is there again may go again. */
export async function branchIsThere(
  { known }: Pick<BranchPorts, 'known'>,
  branch: Branch,
): Promise<void> {
  const name = toldName(branch)
  if ((await known.find(name)) !== undefined) await known.forget(name)
}

const toldName = ({ repository, branch }: Branch) => `${toldPrefix}${repository.id} ${branch}`
const keyOf = (repository: string, branch: string) => `${repository} ${branch}`

/** What runs is of these branches, by the names that CI gave. */
async function running({ releases }: RecordPorts['commands']): Promise<Set<string>> {
  const versions = (await releases.running({})).map(({ version }) => version)
  return new Set(
    versions
      .filter((version) => builtBranch(version) !== '')
      .map((version) => keyOf(version.repositoryName, builtBranch(version))),
  )
}

/** Looks for branches that are gone while something of them runs. */
export class GoneBranches {
  readonly #ports: BranchPorts
  /** How often in a row a branch was not found, by its name in `known`. */
  readonly #misses = new Map<string, number>()
  /** In which sweep a branch was looked at last. */
  #lookedAt = new Map<string, number>()
  #sweeps = 0

  constructor(ports: BranchPorts) {
    this.#ports = ports
  }

  /** Looks at the branches of these repositories, those first that were not looked at for longest. */
  async look(calls: SweepCalls, repositories: readonly Repository[]): Promise<void> {
    this.#sweeps++
    const branches = await this.#candidates(repositories)
    const looked = branches.map(
      (one) => [toldName(one), this.#lookedAt.get(toldName(one)) ?? 0] as const,
    )
    this.#lookedAt = new Map(looked)
    branches.sort((one, other) => this.#ageOf(one) - this.#ageOf(other))
    for (const one of branches) {
      this.#lookedAt.set(toldName(one), this.#sweeps)
      await this.#lookAt(calls, one)
    }
  }

  #ageOf = (branch: Branch): number => this.#lookedAt.get(toldName(branch)) ?? 0

  async #candidates(repositories: readonly Repository[]): Promise<Branch[]> {
    const { commands, known } = this.#ports
    const keys = await running(commands)
    const all = repositories.flatMap((repository) =>
      [...keys]
        .filter((key) => key.startsWith(keyOf(repository.name, '')))
        .map((key) => ({ repository, branch: key.slice(repository.name.length + 1) })),
    )
    const names = new Set(all.map(toldName))
    for (const name of this.#misses.keys()) if (!names.has(name)) this.#misses.delete(name)
    const ids = new Set(repositories.map(({ id }) => String(id)))
    for (const name of await known.names(toldPrefix))
      if (!names.has(name) && ids.has(name.split(' ')[2] ?? '')) await known.forget(name)
    return all.filter(({ repository, branch }) => branch !== repository.defaultBranch)
  }

  async #lookAt(calls: SweepCalls, one: Branch): Promise<void> {
    const { commands, log, pulls } = this.#ports
    const { repository, branch } = one
    const name = toldName(one)
    // The branch of a fork's open pull request is in the fork.
    const open = await pulls.open(repository.id)
    if (open.some(({ isFork, headBranch }) => isFork && headBranch === branch)) return
    const ask: Ask = (route, parameters) => calls.ask(repository.installation, route, parameters)
    const misses = this.#misses.get(name) ?? 0
    // An error in between breaks the row.
    this.#misses.delete(name)
    const seen = await lookAtBranch(ask, one)
    if (seen === 'there') return branchIsThere(this.#ports, one)
    if (seen === 'unknown') return
    this.#misses.set(name, misses + 1)
    if (misses + 1 < sweepsMin) return
    log.info({ repository: repository.name, branch }, 'a branch is gone')
    await tellGone(this.#ports, one, commands.ids.next('event'))
  }
}
