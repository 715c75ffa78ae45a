import { z } from 'zod'
import { type Actor, loginSchema } from '../../domain/actor.ts'
import type { Command } from '../../domain/command.ts'
import { type Refusal, refuse } from '../../domain/fault.ts'
import type { GithubPorts, Repository } from './ports.ts'

/** GitHub itself, where it says what happened to branches and workflows: the signature is its licence. */
export const githubItself: Actor = {
  login: 'github',
  kind: 'token',
  roles: ['ci'],
  teams: [],
  repositories: [],
}

/** GitHub's words for those who can write. */
const writers: ReadonlySet<string> = new Set(['admin', 'maintain', 'write'])
const permissionShape = z.looseObject({ permission: z.string(), role_name: z.string().optional() })

/** What a person may do whom people.json does not know: release the apps of this repository. */
const forWriters: ReadonlySet<Command['verb']> = new Set([
  'release',
  'status',
  'history',
  'artifacts',
  'event',
  'decision',
  'reject',
  'whoami',
])

type Asking = { readonly login: string; readonly repository: Repository }

/**
 * Who someone on GitHub is: the person whom people.json knows, else whoever can write to the repository
 * now. Nobody else, and nobody when GitHub does not say: a comment's author_association is no licence.
 */
export async function whoIs(
  { commands, api }: GithubPorts,
  { login, repository }: Asking,
): Promise<Actor | Refusal> {
  const { people } = await commands.sources.policies(await commands.gitops.lastTip())
  const person = people.ofGithub(login)
  const known = person && (await commands.identify(person.login, people))
  if (known) return known
  const [owner = '', repo = ''] = repository.name.split('/')
  const route = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission'
  const answer = await api.call(repository.installation, route, { owner, repo, username: login })
  if (answer.kind === 'unreachable' || answer.kind === 'limited')
    return refuse('overloaded', 'GitHub does not say now what you may do; ask again in a moment')
  const { data } = permissionShape.safeParse(answer.kind === 'ok' ? answer.data : null)
  const mayWrite =
    data !== undefined && (writers.has(data.permission) || writers.has(data.role_name ?? ''))
  if (!mayWrite || !isLogin(login))
    return refuse(
      'forbidden',
      `${login} may do nothing here: that takes write permission on ${repository.name}, or a place in people.json`,
    )
  return {
    login: `github:${login}`,
    kind: 'token',
    roles: ['releaser'],
    teams: [],
    repositories: [repository.name],
  }
}

const isLogin = (login: string) => loginSchema.safeParse(login).success

/** Why a person whom only GitHub knows may not do this; nothing for everyone else. */
export function beyondWriting(
  actor: Actor,
  command: Command,
  apps: readonly string[],
): Refusal | null {
  if (!actor.login.startsWith('github:')) return null
  const isForced = command.verb === 'release' && command.force === true
  const app = appIn(command)
  const isOwn = app === undefined ? command.verb !== 'status' : apps.includes(app)
  if (forWriters.has(command.verb) && isOwn && !isForced) return null
  return refuse(
    'forbidden',
    `${actor.login} may release the apps of this repository (${apps.join(', ') || 'none has a manifest'}) and nothing else; more takes a place in people.json`,
  )
}

function appIn(command: Command): string | undefined {
  if ('filter' in command) return 'app' in command.filter ? command.filter.app : undefined
  return 'app' in command ? command.app : undefined
}
