import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPolicies, type PolicySet } from '../../../src/policy/policy.ts'

const folder = join(import.meta.dirname, '../../../policies')

/** Loads policies that are given by name. */
export const load = (policies: Readonly<Record<string, unknown>>): PolicySet =>
  loadPolicies({
    version: 'v1',
    files: new Map(
      Object.entries(policies).map(([name, policy]) => [
        `${name}.json`,
        typeof policy === 'string' ? policy : JSON.stringify(policy),
      ]),
    ),
  })

/** The text of every JSON file in the repository's `policies`, by its path below it. */
export const shippedFiles = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.json'))
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  )

export const problemsOf = ({ invalid }: PolicySet): string[] =>
  invalid.flatMap(({ file, problems }) =>
    problems.map(({ pointer, message }) => `${file} ${pointer} ${message}`),
  )
