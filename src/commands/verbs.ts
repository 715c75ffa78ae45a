import { loginSchema, roles } from '../domain/actor.ts'
import { limitDefault, limitMax } from '../domain/command.ts'
import { isArtifactId, isLabel, isRepository, isShaPrefix, labelRule } from '../domain/names.ts'
import { auditVerbs } from './audit-verbs.ts'
import { command, only, unix } from './build.ts'
import { controlVerbs } from './control-verbs.ts'
import { type Invocation, type Problem, problem } from './invocation.ts'
import { userVerbs } from './user-verbs.ts'
import { none, type Table, type Values, type Verb } from './verb.ts'

/** Every verb of the grammar, in the order of the help. */
export const verbs: readonly Verb[] = [
  {
    ...none,
    name: 'status',
    usage: 'status [app] [--env E] [--at T]',
    summary: 'what runs where, or ran at a time',
    positions: ['app'],
    flags: ['env', 'at'],
    example: 'status web',
    build: ({ app, env, at }) =>
      command({ verb: 'status', env: env ?? '*', ...only({ app, atUnix: unix(at) }) }),
  },
  {
    ...none,
    name: 'artifacts',
    usage: 'artifacts [app] [--branch B] [--event E] [--sha S] [--limit N]',
    summary: 'what can be released',
    positions: ['app'],
    flags: [
      'branch',
      'event',
      'sha',
      'repository',
      'sourcebranch',
      'since',
      'until',
      'limit',
      'offset',
    ],
    switches: ['reverse'],
    example: 'artifacts web --branch main',
    build({ sha, since, until, limit, offset, sourcebranch: sourceBranch, reverse, ...rest }) {
      const times = { sinceUnix: unix(since), untilUnix: unix(until) }
      const shas = sha === undefined ? undefined : [sha]
      const filter = only({ ...rest, sourceBranch, shas, ...times })
      const page = { limit: Number(limit ?? limitDefault), offset: Number(offset ?? 0) }
      return command({ verb: 'artifacts', filter: { ...filter, ...page } })
    },
  },
  {
    ...none,
    name: 'artifact',
    usage: 'artifact <artifact id>',
    summary: 'one artifact',
    positions: ['artifact'],
    required: 1,
    example: 'artifact web-6f1b2a9c',
    build: ({ artifact = '' }) => command({ verb: 'artifact', id: artifact }),
  },
  {
    ...none,
    name: 'release',
    usage:
      'release <app>[@<sha>] <env> | release <artifact id> <env> [--reason TEXT] [--dry-run] [--force]',
    summary: 'release the newest artifact of the default branch, or the one that is named',
    positions: ['what', 'env'],
    required: 2,
    flags: ['app', 'artifact', 'sha', 'reason'],
    switches: ['dryrun', 'force'],
    example: 'release web production --reason "fixes the prices"',
    build: (values) => release(values, values.dryrun !== undefined),
  },
  {
    ...none,
    name: 'promote',
    usage: 'promote <app> <from-env> <to-env> [--reason TEXT] [--dry-run]',
    summary: 'release to the second what runs in the first',
    positions: ['app', 'from', 'to'],
    required: 3,
    flags: ['reason'],
    switches: ['dryrun'],
    example: 'promote web staging production',
    build: ({ app = '', from = '', to: env = '', reason, dryrun }) =>
      command({ verb: 'release', app, from, env, ...only({ reason, ...dryRunIf(dryrun) }) }),
  },
  {
    ...none,
    name: 'diff',
    usage: 'diff <app or artifact id> <env>',
    summary: 'the decision and the changes of a release, without making it',
    positions: ['what', 'env'],
    required: 2,
    flags: ['app', 'artifact', 'sha', 'reason'],
    example: 'diff web production',
    build: (values) => release(values, true),
  },
  {
    ...none,
    name: 'rollback',
    usage: 'rollback <app> <env> [sha] [--reason TEXT]',
    summary: 'go back to the release before, or to a GitOps commit',
    positions: ['app', 'env', 'sha'],
    required: 2,
    flags: ['reason'],
    example: 'rollback web production',
    build: ({ app = '', env = '', sha, reason }) =>
      command({ verb: 'rollback', app, env, ...only({ sha, reason }) }),
  },
  {
    ...none,
    name: 'history',
    usage: 'history <app> <env> [--filter TEXT] [--repository R] [--limit N]',
    summary: 'the releases of an app, newest first',
    positions: ['app', 'env'],
    flags: ['filter', 'repository', 'limit', 'offset', 'since', 'until'],
    switches: ['reverse'],
    example: 'history web production',
    build({ app, env, filter, repository, limit, offset, since, until }) {
      if (env === undefined) return problem('Name the environment', ['history web production'])
      const times = { sinceUnix: unix(since), untilUnix: unix(until) }
      const page = {
        limit: Number(limit ?? limitDefault),
        ...(offset ? { offset: Number(offset) } : {}),
      }
      const filters = { env, ...only({ app, filter, repository, ...times }), ...page }
      return command({ verb: 'history', filter: filters })
    },
  },
  {
    ...none,
    name: 'delete',
    usage: 'delete <app> <env> [--reason TEXT]',
    summary: 'take an app away from an environment',
    positions: ['app', 'env'],
    required: 2,
    flags: ['reason'],
    example: 'delete web staging',
    build: ({ app = '', env = '', reason }) =>
      command({ verb: 'delete', app, env, ...only({ reason }) }),
  },
  ...controlVerbs,
  {
    ...none,
    name: 'track',
    usage: 'track <request or artifact id>',
    summary: 'follow a request to its end',
    positions: ['id'],
    required: 1,
    example: 'track r-01kbrc3vq8m2x4t',
    build: ({ id = '' }) => ({ kind: 'track', id }),
  },
  {
    ...none,
    name: 'explain',
    usage: 'explain <request, artifact or decision id>',
    summary: 'why a release went, waits or was refused',
    positions: ['id'],
    required: 1,
    example: 'explain r-01kbrc3vq8m2x4t',
    build: ({ id = '' }) => ({ kind: 'explain', id }),
  },
  {
    ...none,
    name: 'whoami',
    usage: 'whoami',
    summary: 'who the server thinks you are, and what you may do',
    example: 'whoami',
    build: () => command({ verb: 'whoami' }),
  },
  {
    ...none,
    name: 'help',
    usage: 'help [command]',
    summary: 'this list, or one command',
    positions: ['topic'],
    example: 'help release',
    build: ({ topic }) => ({ kind: 'help', ...only({ topic }) }),
  },
]

/** GimletD's words, and other spellings of a verb. */
export const otherNames: ReadonlyMap<string, string> = new Map([
  ['rollbackto', 'rollback'],
  ['release make', 'release'],
  ['release list', 'history'],
  ['release history', 'history'],
  ['release status', 'status'],
  ['release rollback', 'rollback'],
  ['release track', 'track'],
  ['release delete', 'delete'],
  ['artifact list', 'artifacts'],
  ['artifact show', 'artifact'],
  ['artifact track', 'track'],
])

/** What is understood in chats, and in comments of pull requests. */
export const chatTable: Table = { verbs, otherNames }

/** What the command line understands: a token that is made is not for a chat, nor is who did what. */
export const programTable: Table = {
  verbs: [...verbs, ...userVerbs, ...auditVerbs],
  otherNames: new Map([...otherNames, ['user delete', 'user remove'], ['user show', 'user get']]),
}

/** Other spellings of a flag, in lower case and without dashes: `-a`, `-r` and `--to` are GimletD's. */
export const otherFlags: ReadonlyMap<string, string> = new Map([
  ['a', 'artifact'],
  ['r', 'reverse'],
  ['artifactid', 'artifact'],
  ['repo', 'repository'],
  ['to', 'sha'],
])

/** What each value must look like. Checked before any verb sees it. */
export const checks: Readonly<Record<string, (value: string) => string | null>> = {
  app: (value) => (isLabel(value) ? null : `an app is ${labelRule}`),
  from: (value) => (isLabel(value) ? null : `an environment is ${labelRule}`),
  to: (value) => (isLabel(value) ? null : `an environment is ${labelRule}`),
  env: (value) => (isLabel(value) || value === '*' ? null : `an environment is ${labelRule}`),
  artifact: (value) => (isArtifactId(value) ? null : 'that is no artifact id'),
  sha: (value) =>
    isShaPrefix(value) ? null : 'a commit id has 7 to 40 lower-case hexadecimal characters',
  event: (value) => (['push', 'tag', 'pr'].includes(value) ? null : 'an event is push, tag or pr'),
  limit: (value) =>
    /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= limitMax
      ? null
      : `a limit is from 1 to ${limitMax}`,
  offset: (value) => (/^\d{1,9}$/.test(value) ? null : 'an offset is a whole number'),
  login: (value) => {
    const read = loginSchema.safeParse(value)
    return read.success ? null : `a login ${read.error.issues[0]?.message}`
  },
  actor: (value) =>
    /^[^\p{Cc}]{1,100}$/u.test(value) ? null : 'an actor is a name of at most 100 characters',
  roles: (value) =>
    value.split(',').every((one) => roles.some((role) => role === one))
      ? null
      : `roles are of ${roles.join(', ')}, with commas between them`,
  repositories: (value) =>
    value.split(',').every(isRepository)
      ? null
      : 'repositories are names such as owner/name, with commas between them',
  at: (value) => timeProblem(value),
  since: (value) => timeProblem(value),
  until: (value) => timeProblem(value),
}

const timeProblem = (value: string) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value))
    ? null
    : 'a time is such as 2026-11-23T09:30:00Z, or a while such as 30m, 2h or 3d'

const dryRunIf = (given: string | undefined) => (given === undefined ? {} : { dryRun: true })

/** CI names an artifact by its app and commit; such an id can look like an app's name. */
const endsInCommit = /-[0-9a-f]{39,}$/

function release(values: Values, dryRun: boolean): Invocation {
  const { what, env = '', reason } = values
  const named = what === undefined ? {} : namedBy(what)
  if ('kind' in named) return named
  const artifactId = values.artifact ?? named.artifact
  const app = values.app ?? named.app
  const sha = values.sha ?? named.sha
  if (artifactId === undefined && app === undefined)
    return problem('Name an app or an artifact to release', ['release web staging'])
  const asked = only({ app, artifactId, sha, reason })
  const force = values.force === undefined ? {} : { force: true }
  return command({ verb: 'release', env, ...asked, ...force, ...(dryRun ? { dryRun } : {}) })
}

function namedBy(what: string): { app?: string; sha?: string; artifact?: string } | Problem {
  const [app = '', sha] = what.split('@', 2)
  if (isLabel(app) && sha !== undefined && isShaPrefix(sha)) return { app, sha }
  if (isLabel(what) && !endsInCommit.test(what)) return { app: what }
  if (isArtifactId(what)) return { artifact: what }
  return problem(`"${what}" is neither an app nor an artifact id; an app is ${labelRule}`, [])
}
