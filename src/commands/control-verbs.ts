import { command, only, unix } from './build.ts'
import { problem } from './invocation.ts'
import { none, type Verb } from './verb.ts'

/** The verbs that put something in the way of releases, or out of it. */
export const controlVerbs: readonly Verb[] = [
  {
    ...none,
    name: 'approve',
    usage: 'approve <request id>',
    summary: 'say yes to a request that waits for it; not to your own',
    positions: ['id'],
    required: 1,
    example: 'approve r-01kbrc3vq8m2x4t',
    build: ({ id = '' }) => command({ verb: 'approve', id }),
  },
  {
    ...none,
    name: 'reject',
    usage: 'reject <request id> [reason]',
    summary: 'say no to a request, or take your own back',
    positions: ['id', 'reason'],
    required: 1,
    text: 'reason',
    example: 'reject r-01kbrc3vq8m2x4t "not before the migration"',
    build: ({ id = '', reason }) => command({ verb: 'reject', id, ...only({ reason }) }),
  },
  {
    ...none,
    name: 'block',
    usage: 'block <artifact id> --reason TEXT',
    summary: 'keep an artifact from ever being released again',
    positions: ['artifact', 'reason'],
    required: 2,
    text: 'reason',
    example: 'block web-6f1b2a9c --reason "loses orders"',
    build: ({ artifact: artifactId = '', reason = '' }) =>
      command({ verb: 'block', artifactId, reason }),
  },
  {
    ...none,
    name: 'unblock',
    usage: 'unblock <artifact id>',
    summary: 'let an artifact be released again',
    positions: ['artifact'],
    required: 1,
    example: 'unblock web-6f1b2a9c',
    build: ({ artifact: artifactId = '' }) => command({ verb: 'unblock', artifactId }),
  },
  {
    ...none,
    name: 'lock',
    usage: 'lock <env> [app] --reason TEXT [--until TIME]',
    summary: 'stop every release to an environment, or of one app in it',
    positions: ['env', 'app'],
    required: 1,
    flags: ['reason', 'until'],
    example: 'lock production --reason "incident 42"',
    build({ env = '', app, reason, until }) {
      if (!reason?.trim())
        return problem('A lock needs a reason', [`lock ${env} --reason "incident 42"`])
      return command({ verb: 'lock', env, reason, ...only({ app, untilUnix: unix(until) }) })
    },
  },
  {
    ...none,
    name: 'unlock',
    usage: 'unlock <env> [app]',
    summary: 'end the locks on an environment, or on an app in it',
    positions: ['env', 'app'],
    required: 1,
    example: 'unlock production',
    build: ({ env = '', app }) => command({ verb: 'unlock', env, ...only({ app }) }),
  },
  {
    ...none,
    name: 'locks',
    usage: 'locks',
    summary: 'what is locked, by whom and why',
    example: 'locks',
    build: () => command({ verb: 'locks' }),
  },
]
