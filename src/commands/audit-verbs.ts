import { limitDefault } from '../domain/command.ts'
import { command, only, unix } from './build.ts'
import { none, type Verb } from './verb.ts'

/** The verb that shows the record of every change. */
export const auditVerbs: readonly Verb[] = [
  {
    ...none,
    name: 'audit',
    usage: 'audit [--since T] [--until T] [--actor A] [--app A] [--limit N] [--offset N]',
    summary: 'what was changed by whom, newest first; for admins',
    flags: ['since', 'until', 'actor', 'app', 'limit', 'offset'],
    example: 'audit --app web --since 2d',
    build({ since, until, actor, app, limit, offset }) {
      const asked = only({ actor, app, sinceUnix: unix(since), untilUnix: unix(until) })
      const page = { limit: Number(limit ?? limitDefault), offset: Number(offset ?? 0) }
      return command({ verb: 'audit', filter: { ...asked, ...page } })
    },
  },
]
