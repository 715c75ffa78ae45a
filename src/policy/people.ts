import { z } from 'zod'
import { type Actor, type Grant, loginSchema, roles, type User } from '../domain/actor.ts'
import { isRefusal } from '../domain/fault.ts'
import { compileGlob } from '../domain/glob.ts'
import { parseJson } from './json-text.ts'
import { below, type Problem, quote, report, type Spot, suggestion } from './problem.ts'

/** One person, whatever the surface: `login` is the name that commits, audits and facts carry. */
export type Person = {
  readonly login: string
  readonly github?: string | undefined
  readonly slack?: { readonly team: string; readonly user: string } | undefined
  readonly email?: string | undefined
  /** Owners of tokens that are this person too, besides the one of the same login. */
  readonly tokens: readonly string[]
  readonly teams: readonly string[]
  readonly roles: readonly Grant[]
}

export const peopleFile = 'people.json'

const pattern = z
  .string({ error: 'must be a name or a pattern such as web-*' })
  .refine(
    (text) => !isRefusal(compileGlob(text)),
    'is no pattern: write a name, or one such as web-*',
  )
const patterns = z.union(
  [
    pattern,
    z
      .array(pattern)
      .min(1, 'is an empty list: remove it to mean all')
      // Side by side, `!a` and `!b` would together match everything.
      .refine(
        (list) => list.length < 2 || !list.some((one) => one.startsWith('!')),
        'has a ! in a list: write one pattern such as !{one,other}',
      ),
  ],
  {
    error: 'must be a name, a pattern such as web-*, or a list of these',
  },
)
const role = z.enum(roles, { error: `must be one of ${roles.join(', ')}` })
const grant = z.union(
  [role, z.strictObject({ role, env: patterns.optional(), app: patterns.optional() })],
  { error: `must be one of ${roles.join(', ')}, or { "role": one of them, "env": …, "app": … }` },
)
const word = z
  .string({ error: 'must be text' })
  .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'must be one word')
const slack = z.strictObject({ team: word, user: word }, 'must be { "team": "T…", "user": "U…" }')
/** The owner of the administrator's token is no person: it would be two people at once. */
const personLogin = loginSchema.refine(
  (login) => login !== 'admin',
  'must not be admin, which is the owner of the administrator’s token',
)
const person = z.strictObject(
  {
    login: personLogin,
    github: word.optional(),
    slack: slack.optional(),
    email: z.email('must be an e-mail address').optional(),
    tokens: z.array(personLogin).default([]),
    teams: z.array(word, 'must be a list of names').default([]),
    roles: z.array(grant, 'must be a list of roles').default([]),
  },
  'must be an object with login',
)
const shape = z.strictObject({
  $schema: z.string().optional(),
  people: z.array(person, 'must be a list of people'),
})

/** Who stands in `people.json`. */
export class People {
  readonly #byKey = new Map<string, Person>()
  readonly #all: readonly Person[]

  constructor(people: readonly Person[] = []) {
    this.#all = people
    for (const one of people) for (const key of keysOf(one)) this.#byKey.set(key, one)
  }

  all(): readonly Person[] {
    return this.#all
  }

  /** The person that a token's owner is. */
  ofToken(login: string): Person | undefined {
    return this.#byKey.get(`login ${login}`)
  }

  /** GitHub takes names of any case for the same. */
  ofGithub(login: string): Person | undefined {
    return this.#byKey.get(`github ${login.toLowerCase()}`)
  }

  ofSlack({ team, user }: { team: string; user: string }): Person | undefined {
    return this.#byKey.get(`slack ${team} ${user}`)
  }
}

/** Everything that stands for a person: no two people may share one. */
const keysOf = ({ login, github, slack: account, tokens }: Person): string[] => [
  ...new Set([login, ...tokens].map((one) => `login ${one}`)),
  ...(github === undefined ? [] : [`github ${github.toLowerCase()}`]),
  ...(account === undefined ? [] : [`slack ${account.team} ${account.user}`]),
]

/** Reads `people.json`: of a file with any problem nobody is known. */
export function readPeople(text: string): { people: People; problems: readonly Problem[] } {
  const spot: Spot = { pointer: '', depth: 0, problems: [] }
  const parsed = parseJson(text)
  if (parsed.kind === 'broken') report(spot, parsed.message)
  const checked = parsed.kind === 'broken' ? null : shape.safeParse(parsed.value)
  for (const issue of checked?.error?.issues ?? []) reportIssue(issue, spot)
  const people = checked?.data?.people ?? []
  reportShared(people, spot)
  return spot.problems.length === 0
    ? { people: new People(people), problems: [] }
    : { people: new People(), problems: spot.problems }
}

const keys = ['people', ...Object.keys(person.shape), 'role', 'env', 'app', 'team', 'user']

function reportIssue(issue: z.core.$ZodIssue, spot: Spot): void {
  const at = below(spot, ...issue.path.map(String))
  if (issue.code !== 'unrecognized_keys') report(at, issue.message)
  else
    for (const key of issue.keys)
      report(
        below(at, key),
        `there is no key ${quote(key)}${suggestion(
          key,
          keys.filter((one) => one !== key),
        )}`,
      )
}

/** Who counts as two people could approve their own request. */
function reportShared(people: readonly Person[], spot: Spot): void {
  const seen = new Map<string, string>()
  for (const [at, one] of people.entries())
    for (const key of keysOf(one)) {
      const other = seen.get(key.toLowerCase())
      if (other !== undefined)
        report(below(spot, 'people', at), `${key} is ${other} already: one person, one entry`)
      seen.set(key.toLowerCase(), one.login)
    }
}

/** Who a token's owner is: the person, with the roles of both. Nobody without either. */
export function actorOf(user: User | undefined, owner: Person | undefined): Actor | undefined {
  if (!user && !owner) return undefined
  return {
    login: owner?.login ?? user?.login ?? '',
    kind: 'token',
    roles: [...new Set([...(user?.roles ?? []), ...(owner?.roles ?? [])])],
    teams: owner?.teams ?? [],
    repositories: user?.repositories ?? [],
    ...(user?.verbs && user.verbs.length > 0 ? { verbs: user.verbs } : {}),
  }
}
