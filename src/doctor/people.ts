import type { Config } from '../config.ts'
import { Fault } from '../domain/fault.ts'
import { type Person, peopleFile } from '../policy/people.ts'
import { loadPolicies } from '../policy/policy.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import type { Environment } from './settings.ts'
import { sourcesOf } from './sources.ts'

const namesMax = 20

type Of = { readonly config: Config; readonly environment: Environment }

/** Who counts as known on a surface. */
export type Known = {
  /** Where the account is, such as `on GitHub`. */
  readonly where: string
  readonly hasAccount: (person: Person) => boolean
  /** What it means that nobody has one, and what to do. */
  readonly nobody: string
  /** What is amiss with those who have one, if anything is. */
  readonly amiss: (people: readonly Person[]) => string | null
}

/** Looks at who of `people.json` can be recognised. */
export async function peopleChecks(of: Of, known: Known): Promise<Check[]> {
  try {
    const sources = await sourcesOf('policies', of)
    if (sources === null)
      return [
        warning(
          'people',
          'are in the GitOps repository, which the server gets when it starts; start it',
        ),
      ]
    const { people, invalid } = loadPolicies(sources)
    const problems = invalid
      .filter(({ file }) => file === peopleFile)
      .flatMap((one) => one.problems)
    if (problems.length > 0)
      return problems.map(({ pointer, message }) =>
        wrong('people', `${peopleFile} ${pointer}: ${message}`),
      )
    return [knownCheck(people.all().filter(known.hasAccount), known)]
  } catch (error) {
    const why = error instanceof Fault ? error.message : 'something broke'
    return [wrong('people', `the policies could not be read (${why}); correct POLICIES`)]
  }
}

function knownCheck(here: readonly Person[], { where, nobody, amiss }: Known): Check {
  if (here.length === 0)
    return warning('people', `nobody of ${peopleFile} has an account ${where}, ${nobody}`)
  const logins = here.map(({ login }) => login)
  const more = here.length > namesMax ? ` and ${here.length - namesMax} more` : ''
  const have = here.length === 1 ? 'person has' : 'people have'
  const names = logins.slice(0, namesMax).join(', ')
  const count = `${here.length} ${have} an account ${where}: ${names}${more}`
  const problem = amiss(here)
  return problem === null ? fine('people', count) : warning('people', `${count}; ${problem}`)
}
