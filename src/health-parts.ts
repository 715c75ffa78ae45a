import type { CommandPorts } from './commands/ports.ts'
import type { LocalWriter } from './gitops/local.ts'
import type { Health } from './ingress/http/health.ts'
import type { Follower } from './release/follow.ts'
import type { Database } from './store/client.ts'

type Looked = Pick<CommandPorts, 'sources'> & {
  readonly database: Database
  readonly writer: LocalWriter
  readonly follower: Follower
}

/** What is looked at to say whether the server can work; who leads it is told apart. */
export function healthOf({
  database,
  writer,
  sources,
  follower,
}: Looked): Omit<Health, 'isLeader'> {
  return {
    database: () => database.read('select 1'),
    gitops: () => writer.check(),
    async problems() {
      const tip = await writer.tip()
      const isIndexed = await follower.isMade()
      const { invalid } = await sources.policies(tip)
      const { problems } = await sources.manifests(tip)
      return [
        ...(isIndexed ? [] : ['the index of the GitOps repository is being made']),
        ...invalid.flatMap(({ file, problems: found }) =>
          found.map(({ pointer, message }) => `policy ${file} ${pointer}: ${message}`),
        ),
        ...problems.map(({ message }) => `manifest ${message}`),
      ]
    },
  }
}
