import { z } from 'zod'
import type { RecordPorts, Repository } from './ports.ts'
import { repositoryNow } from './repository-now.ts'
import type { SweepCalls } from './sweep-calls.ts'

const installationPagesMax = 5
const repositoryPagesMax = 20

const id = z.number().int().positive()
const fullName = z.string().regex(/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/)
const named = z
  .array(z.looseObject({ id, full_name: fullName }))
  .max(20_000)
  .default([])
const base = { action: z.string(), installation: z.looseObject({ id }) }
const installed = z.looseObject({ ...base, repositories: named })
const changed = z.looseObject({ ...base, repositories_added: named, repositories_removed: named })
const installationShape = z.looseObject({ id, suspended_at: z.string().nullish() })
const repositoryShape = z.looseObject({
  id,
  full_name: fullName,
  default_branch: z.string().max(255),
})
const repositoriesShape = z.looseObject({ repositories: z.array(z.unknown()) })

type InstallationPorts = Pick<RecordPorts, 'pulls'>
type NamePorts = Pick<RecordPorts, 'pulls' | 'api'>

/** The app was installed, or is no more. */
export async function onInstallation(ports: NamePorts, payload: unknown) {
  const { data } = installed.safeParse(payload)
  if (!data) return
  const { id: installation } = data.installation
  if (data.action === 'created') await keepNames(ports, data.repositories, installation)
  if (data.action === 'deleted')
    await removeWhere(ports.pulls, (one) => one.installation === installation)
}

/** The app sees more repositories, or fewer. */
export async function onInstallationRepositories(ports: NamePorts, payload: unknown) {
  const { data } = changed.safeParse(payload)
  if (!data) return
  const { id: installation } = data.installation
  await keepNames(ports, data.repositories_added, installation)
  await ports.pulls.removeRepositories(
    installation,
    data.repositories_removed.map((one) => one.id),
  )
}

/** Keeps names; the default branch stays as it is known, and is guessed of a new repository. */
async function keepNames(
  ports: NamePorts,
  list: z.output<typeof named>,
  installation: number,
): Promise<void> {
  for (const { id: one, full_name: name } of list) {
    const defaultBranch = (await ports.pulls.repository(one))?.defaultBranch ?? 'main'
    await repositoryNow(ports, { id: one, name, installation, defaultBranch })
  }
}

async function removeWhere(
  pulls: InstallationPorts['pulls'],
  isGone: (repository: Repository) => boolean,
): Promise<void> {
  for (const { id: one, installation } of (await pulls.repositories()).filter(isGone))
    await pulls.removeRepositories(installation, [one])
}

/** Keeps which repositories the app sees, under their names of now. */
export class Installations {
  readonly #pulls: InstallationPorts['pulls']
  /** In which sweep an installation was looked at last. */
  readonly #lookedAt = new Map<number, number>()
  #sweeps = 0

  constructor({ pulls }: InstallationPorts) {
    this.#pulls = pulls
  }

  async look(calls: SweepCalls): Promise<void> {
    this.#sweeps++
    // Before GitHub is asked: what a webhook tells meanwhile is newer than the answer.
    const known = await this.#pulls.repositories()
    const listed = await calls.list('app', 'GET /app/installations', {
      parameters: {},
      pagesMax: installationPagesMax,
      read: readAll(installationShape),
    })
    if (listed === null) return
    const ids = new Set(listed.items.map((one) => one.id))
    const before = new Set(known.map((one) => one.id))
    if (listed.isComplete)
      await removeWhere(this.#pulls, (one) => before.has(one.id) && !ids.has(one.installation))
    for (const { id: installation } of this.#inOrder(listed.items)) {
      this.#lookedAt.set(installation, this.#sweeps)
      const own = known.filter((one) => one.installation === installation)
      await this.#lookAt(calls, installation, own)
    }
  }

  /** Those first that were not looked at for longest; one that is suspended says nothing. */
  #inOrder(all: readonly z.output<typeof installationShape>[]) {
    const ageOf = (one: { readonly id: number }) => this.#lookedAt.get(one.id) ?? 0
    return all
      .filter(({ suspended_at: at }) => at === null || at === undefined)
      .sort((one, other) => ageOf(one) - ageOf(other))
  }

  async #lookAt(
    calls: SweepCalls,
    installation: number,
    known: readonly Repository[],
  ): Promise<void> {
    const listed = await calls.list(installation, 'GET /installation/repositories', {
      parameters: {},
      pagesMax: repositoryPagesMax,
      read: (data) =>
        readAll(repositoryShape)(repositoriesShape.safeParse(data).data?.repositories),
    })
    if (listed === null) return
    const before = new Map(known.map((one) => [one.id, one]))
    for (const { id: one, full_name: name, default_branch: defaultBranch } of listed.items) {
      const old = before.get(one)
      before.delete(one)
      if (old?.name !== name || old.defaultBranch !== defaultBranch)
        await this.#pulls.keepRepository({ id: one, name, installation, defaultBranch })
    }
    if (listed.isComplete) await this.#pulls.removeRepositories(installation, [...before.keys()])
  }
}

const readAll =
  <T>(shape: z.ZodType<T>) =>
  (data: unknown): T[] =>
    Array.isArray(data) ? data.flatMap((one) => shape.safeParse(one).data ?? []) : []
