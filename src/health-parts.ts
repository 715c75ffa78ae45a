import type { CommandPorts } from './commands/ports.ts'
import type { LocalWriter } from './gitops/local.ts'
import type { Health } from './ingress/http/health.ts'
import type { Database } from './store/client.ts'

/** What is looked at to say whether the server can work; who leads it is told apart. */
export function healthOf(
  database: Database,
  writer: LocalWriter,
  sources: CommandPorts['sources'],
): Omit<Health, 'isLeader'> {
  return {
    database: () => database.read('select 1'),
    gitops: () => writer.check(),
    async problems() {
      const tip = await writer.tip()
      const { invalid } = await sources.policies(tip)
      const { problems } = await sources.manifests(tip)
      return [
        ...invalid.flatMap(({ file, problems: found }) =>
          found.map(({ pointer, message }) => `policy ${file} ${pointer}: ${message}`),
        ),
        ...problems.map(({ message }) => `manifest ${message}`),
      ]
    },
  }
}
