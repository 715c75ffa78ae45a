import type { CommandPorts } from './commands/ports.ts'
import type { Health } from './ingress/http/health.ts'
import type { ManifestSet } from './manifest/manifest-set.ts'
import type { Repositories, Repository } from './repository-parts.ts'

type Looked = Pick<CommandPorts, 'sources'> & {
  /** Throws when the database cannot be read, or takes nothing. */
  readonly check: () => Promise<unknown>
  readonly repositories: Repositories
  /** Why no chart can be rendered here; `null` where it can. */
  readonly noHelm: string | null
}

/**
 * What is looked at to say whether the server can work; who leads it is told apart. One repository that
 * cannot be reached is a problem of its environments, unless it is the first: the others go on.
 */
export function healthOf({ noHelm, ...looked }: Looked): Omit<Health, 'isLeader'> {
  const { check, repositories, sources } = looked
  const [{ writer }, ...others] = repositories
  return {
    database: check,
    gitops: () => writer.check(),
    async problems() {
      const tip = await writer.tip()
      const { invalid } = await sources.policies(tip)
      const manifests = await sources.manifests(tip)
      return [
        ...(await Promise.all(repositories.map(indexProblem))).flat(),
        ...(await Promise.all(others.map(troubleOf))).flat(),
        ...invalid.flatMap(({ file, problems: found }) =>
          found.map(({ pointer, message }) => `policy ${file} ${pointer}: ${message}`),
        ),
        ...manifests.problems.map(({ message }) => `manifest ${message}`),
        ...(noHelm === null ? [] : withHelm(manifests)).map(
          (file) => `manifest ${file}: ${noHelm}`,
        ),
      ]
    },
  }
}

/** The files of manifests whose charts helm is to render. */
const withHelm = ({ manifests, previews, templated }: ManifestSet): string[] =>
  [...manifests, ...previews, ...templated]
    .filter(({ chart, render }) => chart !== null && render === 'helm')
    .map(({ file }) => file)

const named = ({ writer }: Repository): string => `the GitOps repository ${writer.url}`

const indexProblem = async (one: Repository): Promise<readonly string[]> =>
  (await one.follower.isMade()) ? [] : [`the index of ${named(one)} is being made`]

async function troubleOf(one: Repository): Promise<readonly string[]> {
  try {
    await one.writer.check()
    return []
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [`${named(one)} of ${one.environments.names.join(', ')}: ${why}`]
  }
}
