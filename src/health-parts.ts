import type { CommandPorts } from './commands/ports.ts'
import type { Health } from './ingress/http/health.ts'
import type { Repositories, Repository } from './repository-parts.ts'
import type { Database } from './store/client.ts'

type Looked = Pick<CommandPorts, 'sources'> & {
  readonly database: Database
  readonly repositories: Repositories
}

/**
 * What is looked at to say whether the server can work; who leads it is told apart. One repository that
 * cannot be reached is a problem of its environments, unless it is the first: the others go on.
 */
export function healthOf({ database, repositories, sources }: Looked): Omit<Health, 'isLeader'> {
  const [{ writer }, ...others] = repositories
  return {
    database: () => database.read('select 1'),
    gitops: () => writer.check(),
    async problems() {
      const tip = await writer.tip()
      const { invalid } = await sources.policies(tip)
      const { problems } = await sources.manifests(tip)
      return [
        ...(await Promise.all(repositories.map(indexProblem))).flat(),
        ...(await Promise.all(others.map(troubleOf))).flat(),
        ...invalid.flatMap(({ file, problems: found }) =>
          found.map(({ pointer, message }) => `policy ${file} ${pointer}: ${message}`),
        ),
        ...problems.map(({ message }) => `manifest ${message}`),
      ]
    },
  }
}

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
