import { z } from 'zod'
import type { Config, GithubConfig, RepositoryConfig } from '../config.ts'
import type { GithubApi } from '../messages/github/api.ts'
import { type Check, fine, warning } from './check.ts'
import { type AskedInstallations, installationOf } from './github-installations.ts'

const check = 'GitOps repository'

type On = { readonly config: Config; readonly part: GithubConfig }

const rulesShape = z.array(z.looseObject({ type: z.string() }))
const branchShape = z.looseObject({
  protected: z.boolean().default(false),
  protection: z.looseObject({ enabled: z.boolean() }).optional(),
})

/** Looks whether the history of the GitOps branches may be rewritten (requirement R26). */
export async function branchChecks(
  api: GithubApi,
  { config, part }: On,
  asked: AskedInstallations,
): Promise<Check[]> {
  if (asked.kind !== 'known') return []
  const { repositories } = config.gitops
  const all = repositories.map((gitops) => branchCheck(api, { gitops, github: part }, asked))
  return (await Promise.all(all)).flat()
}

async function branchCheck(
  api: GithubApi,
  { gitops, github }: { gitops: RepositoryConfig; github: GithubConfig },
  asked: Extract<AskedInstallations, { kind: 'known' }>,
): Promise<Check[]> {
  const repository = repositoryAt(gitops.url ?? '', github)
  const installation = repository === null ? undefined : installationOf(asked, repository)
  if (repository === null || installation === undefined) return []
  const [owner = '', repo = ''] = repository.split('/')
  const at = { owner, repo, branch: gitops.branch }
  const [rules, branch] = await Promise.all([
    api.call(installation.id, 'GET /repos/{owner}/{repo}/rules/branches/{branch}', {
      ...at,
      per_page: 100,
    }),
    api.call(installation.id, 'GET /repos/{owner}/{repo}/branches/{branch}', at),
  ])
  const named = `${gitops.branch} of ${repository}`
  const types = rulesShape.safeParse(rules.kind === 'ok' ? rules.data : null).data
  const found = branchShape.safeParse(branch.kind === 'ok' ? branch.data : null).data
  // Any rule at all makes a branch "protected", also one about commit messages.
  const isProtected = found?.protection?.enabled ?? found?.protected ?? false
  const forbids = (type: string) =>
    isProtected || types?.some((rule) => rule.type === type) === true
  const allowed = [
    ...(forbids('non_fast_forward') ? [] : ['be rewritten by a force push']),
    ...(forbids('deletion') ? [] : ['be deleted']),
  ]
  if (allowed.length === 0) return [fine(check, `${named} can neither be rewritten nor deleted`)]
  // What the one that answered does not forbid, the other may.
  if (types === undefined || found === undefined)
    return [
      warning(
        check,
        `${named} could not be looked at; see that its rules on GitHub forbid force pushes and deletion`,
      ),
    ]
  return [
    warning(
      check,
      `${named} can ${allowed.join(' and ')}; forbid it with a ruleset, in the repository’s settings under Rules`,
    ),
  ]
}

/** `owner/name` of an address on the same GitHub; `null` for every other. */
function repositoryAt(address: string, { baseUrl }: GithubConfig): string | null {
  const host = baseUrl === undefined ? 'github.com' : new URL(baseUrl).hostname
  const pattern =
    /^(?:(?:https?|ssh):\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/|(?:[^@/]*@)?([^/:]+):)([^/]+\/[^/]+?)(?:\.git)?\/*$/
  const [, byUrl, byScp, name = null] = pattern.exec(address) ?? []
  return (byUrl ?? byScp)?.toLowerCase() === host.toLowerCase() ? name : null
}
