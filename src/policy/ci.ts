import { z } from 'zod'
import type { CiRun } from '../domain/ci-run.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { compileGlob } from '../domain/glob.ts'
import { isRepository } from '../domain/names.ts'
import { parseJson } from './json-text.ts'
import { below, type Problem, quote, report, type Spot, suggestion } from './problem.ts'

/** What runs of one repository may post artifacts without a secret. A list that is absent means any. */
export type CiEntry = {
  readonly issuer: string
  readonly repository: string
  readonly repositoryId: number
  /** In full, such as `refs/heads/main`, or patterns. */
  readonly refs?: readonly string[] | undefined
  /** The CI's own words for what began the run. */
  readonly events: readonly string[]
  /** The file that says what runs, with its ref, or patterns. */
  readonly workflows?: readonly string[] | undefined
  readonly environments?: readonly string[] | undefined
}

export const ciFile = 'ci.json'

const listText = 'must be a list of names and patterns such as refs/tags/v*'
const pattern = z
  .string({ error: listText })
  .refine((text) => !isRefusal(compileGlob(text)), 'is no pattern: write a name, or one such as v*')
const patterns = z
  .array(pattern, listText)
  .min(1, 'is an empty list: remove it to mean all')
  // Side by side, `!a` and `!b` would together match everything.
  .refine(
    (list) => list.length < 2 || !list.some((one) => one.startsWith('!')),
    'has a ! in a list: write one pattern such as !{one,other}',
  )

/** Began by anybody who can open a pull request, and run with the rights of the repository. */
const openToAll = 'pull_request_target'
const event = z
  .string({ error: 'must be a list of words such as push' })
  .regex(/^[a-z_]{1,50}$/, 'must be your CI’s own word, such as push')
  .refine(
    (word) => word !== openToAll,
    `must not be ${openToAll}: anyone’s code could be its build`,
  )

const entry = z.strictObject(
  {
    issuer: z.url({
      protocol: /^https?$/,
      error: 'must be the URL of the issuer, as in its tokens',
    }),
    repository: z
      .string({ error: 'must be a repository name such as owner/name' })
      .refine(isRepository, 'must be a repository name such as owner/name'),
    repositoryId: z
      .number({ error: 'must be the number that your host has for the repository' })
      .int('must be a whole number')
      .positive('must be a number above 0'),
    refs: patterns.optional(),
    events: z.array(event, 'must be a list of words such as push').min(1).default(['push']),
    workflows: patterns.optional(),
    environments: patterns.optional(),
  },
  'must be { "issuer": …, "repository": …, "repositoryId": … }',
)
const shape = z.strictObject({
  $schema: z.string().optional(),
  ci: z.array(entry, 'must be a list of entries'),
})

/** What stands in `ci.json`: whose runs may post artifacts by their CI's own tokens. */
export class CiEntries {
  readonly #all: readonly CiEntry[]

  constructor(entries: readonly CiEntry[] = []) {
    this.#all = entries
  }

  /** True when any entry is of this issuer. */
  hasIssuer(issuer: string): boolean {
    return this.#all.some((one) => one.issuer === issuer)
  }

  /** Why a run may not post, in words that say what to write; or nothing. */
  problemOf(run: CiRun): Refusal | null {
    const ofIssuer = this.#all.filter(({ issuer }) => issuer === run.issuer)
    const own = ofIssuer.filter(
      ({ repository, repositoryId }) =>
        repository === run.repository && repositoryId === run.repositoryId,
    )
    if (own.length === 0) return refuse('forbidden', unknownRepository(ofIssuer, run))
    const problems = own.map((one) => entryProblem(one, run))
    const [first = null] = problems
    return problems.includes(null) || first === null ? null : refuse('forbidden', first)
  }
}

/** The number decides, and the name must be the one that people have read: neither stands alone. */
function unknownRepository(entries: readonly CiEntry[], run: CiRun): string {
  const { repository, repositoryId } = run
  const sameName = entries.some((one) => one.repository === repository)
  if (sameName)
    return `${ciFile} has ${repository} as another repository; the token is of repository ${repositoryId}, which has that name now`
  const sameId = entries.find((one) => one.repositoryId === repositoryId)
  if (sameId)
    return `${ciFile} calls repository ${repositoryId} ${sameId.repository}, the token ${repository}; if it was renamed, write "repository": ${quote(repository)}`
  return `No entry of ${ciFile} lets ${repository} post; put this into its list "ci": ${lineOf(run)}`
}

const lineOf = ({ issuer, repository, repositoryId, event: began }: CiRun): string =>
  JSON.stringify({
    ...{ issuer, repository, repositoryId },
    ...(began === 'push' || began === openToAll ? {} : { events: [began] }),
  })

function entryProblem(entry: CiEntry, run: CiRun): string | null {
  const { repository } = run
  const { refs, events, workflows, environments } = entry
  const lists = [
    { what: 'the event', list: 'events', allowed: events, given: run.event },
    { what: 'the ref', list: 'refs', allowed: refs, given: run.ref },
    { what: 'the workflow', list: 'workflows', allowed: workflows, given: run.workflow },
    {
      what: 'the environment',
      list: 'environments',
      allowed: environments,
      given: run.environment,
    },
  ]
  const wrong = lists.find(
    ({ allowed, given }) => allowed !== undefined && !(given && fitsAny(allowed, given)),
  )
  if (wrong === undefined) return null
  const given = wrong.given ? quote(wrong.given) : 'none'
  return `The entry of ${repository} in ${ciFile} does not take ${wrong.what} of the token, ${given}; its "${wrong.list}" are ${wrong.allowed?.join(', ')}`
}

const fitsAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((one) => {
    const glob = compileGlob(one)
    return !isRefusal(glob) && glob.matches(text)
  })

/** Reads `ci.json`: of a file with any problem nobody may post. */
export function readCi(text: string): { ci: CiEntries; problems: readonly Problem[] } {
  const spot: Spot = { pointer: '', depth: 0, problems: [] }
  const parsed = parseJson(text)
  if (parsed.kind === 'broken') report(spot, parsed.message)
  const checked = parsed.kind === 'broken' ? null : shape.safeParse(parsed.value)
  for (const issue of checked?.error?.issues ?? []) reportIssue(issue, spot)
  const entries = checked?.data?.ci ?? []
  reportMixed(entries, spot)
  return spot.problems.length === 0
    ? { ci: new CiEntries(entries), problems: [] }
    : { ci: new CiEntries(), problems: spot.problems }
}

const keys = ['ci', ...Object.keys(entry.shape)]

function reportIssue(issue: z.core.$ZodIssue, spot: Spot): void {
  const at = below(spot, ...issue.path.map(String))
  if (issue.code !== 'unrecognized_keys') report(at, issue.message)
  else
    for (const key of issue.keys)
      report(below(at, key), `there is no key ${quote(key)}${suggestion(key, keys)}`)
}

/** A name is of one repository, and a repository has one name. */
function reportMixed(entries: readonly CiEntry[], spot: Spot): void {
  const seen = new Map<string, string>()
  for (const [at, { issuer, repository, repositoryId }] of entries.entries()) {
    const pair = `${repository} ${repositoryId}`
    for (const key of [`${issuer} ${repository}`, `${issuer} ${repositoryId}`]) {
      if ((seen.get(key) ?? pair) !== pair)
        report(
          below(spot, 'ci', at),
          `${repository} and ${repositoryId} stand elsewhere with another: keep the one that is right now`,
        )
      seen.set(key, pair)
    }
  }
}
