import { z } from 'zod'
import type { GithubApi } from '../messages/github/api.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { listOf, type NoAnswer, unknownText } from './github-answer.ts'
import type { App, AskedApp } from './github-app.ts'

const installationPagesMax = 3
const repositoryPagesMax = 5
/** So many installations are looked into. */
const installationsMax = 5

export type Installation = {
  readonly id: number
  readonly account: string
  /** Where it is configured. */
  readonly page: string
  readonly isSuspended: boolean
  readonly permissions: Readonly<Record<string, string>>
  /** Full names; `null` when it was not looked into. */
  readonly repositories: readonly string[] | null
}

/** Where the app is installed. */
export type Installed = {
  readonly kind: 'known'
  readonly all: readonly Installation[]
  /** False when there are repositories that were not looked at. */
  readonly isComplete: boolean
}
export type AskedInstallations = Installed | NoAnswer

const installationShape = z
  .looseObject({
    id: z.number().int(),
    account: z.looseObject({ login: z.string().default('') }).nullish(),
    html_url: z.string().default(''),
    suspended_at: z.string().nullish(),
    permissions: z.record(z.string(), z.string()).default({}),
  })
  .transform((one) => ({
    id: one.id,
    account: one.account?.login || `installation ${one.id}`,
    page: one.html_url,
    isSuspended: typeof one.suspended_at === 'string',
    permissions: one.permissions,
  }))
const repositoriesShape = z.looseObject({
  repositories: z.array(z.looseObject({ full_name: z.string() })),
})

/** Asks where the app is installed, and which repositories it sees there. */
export async function askInstallations(api: GithubApi): Promise<AskedInstallations> {
  const listed = await listOf({
    ask: (page) => api.callAsApp('GET /app/installations', page),
    pagesMax: installationPagesMax,
    read: (data) => z.array(installationShape).safeParse(data).data,
  })
  if (listed.kind !== 'list') return listed
  const active = listed.items.filter(({ isSuspended }) => !isSuspended)
  const seen = new Map(
    await Promise.all(
      active.slice(0, installationsMax).map(async ({ id }) => [id, await seenBy(api, id)] as const),
    ),
  )
  return {
    kind: 'known',
    all: listed.items.map((one) => ({ ...one, repositories: seen.get(one.id)?.names ?? null })),
    isComplete: listed.isComplete && active.every(({ id }) => seen.get(id)?.isComplete ?? false),
  }
}

async function seenBy(api: GithubApi, installation: number) {
  const listed = await listOf({
    ask: (page) => api.call(installation, 'GET /installation/repositories', page),
    pagesMax: repositoryPagesMax,
    read: (data) => repositoriesShape.safeParse(data).data?.repositories,
  })
  if (listed.kind !== 'list') return { names: null, isComplete: false }
  return {
    names: listed.items.map((one) => one.full_name),
    isComplete: listed.isComplete,
  }
}

/** Says where the app is installed, and what is amiss there. */
export function installationChecks(asked: AskedInstallations, app: AskedApp): Check[] {
  if (asked.kind !== 'known')
    return [warning('installations', `are not known: ${unknownText(asked)}`)]
  if (asked.all.length === 0) {
    const page = app.kind === 'known' ? app.page : ''
    const where = page === '' ? 'from its page on GitHub' : `at ${page}/installations/new`
    return [wrong('installations', `there is none, so nothing is heard; install the app ${where}`)]
  }
  const permissions = app.kind === 'known' ? app.permissions : {}
  return asked.all.map((one) => installationCheck(one, permissions))
}

function installationCheck(one: Installation, wanted: App['permissions']): Check {
  const { account, isSuspended, permissions, repositories } = one
  const at = one.page === '' ? 'in the settings of the installation' : `at ${one.page}`
  if (isSuspended)
    return warning(
      'installations',
      `${account} has suspended the app, so nothing works there; unsuspend it ${at}`,
    )
  const behind = Object.keys(wanted).filter((name) => permissions[name] !== wanted[name])
  if (behind.length > 0)
    return warning(
      'installations',
      `${account} has not accepted the app’s permissions of now (${behind.join(', ')}); accept them ${at}`,
    )
  if (repositories === null)
    return warning('installations', `the repositories of ${account} were not looked at; look ${at}`)
  const count = repositories.length === 1 ? '1 repository' : `${repositories.length} repositories`
  return fine('installations', `the app is installed in ${account}, with ${count}`)
}

/** The installation that sees a repository. */
export const installationOf = ({ all }: Installed, repository: string): Installation | undefined =>
  all.find(({ repositories }) =>
    repositories?.some((one) => one.toLowerCase() === repository.toLowerCase()),
  )
