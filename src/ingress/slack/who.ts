import type { CommandPorts } from '../../commands/ports.ts'
import type { Actor } from '../../domain/actor.ts'
import type { Speaker } from './answerer.ts'
import type { SlackPorts } from './ports.ts'

/**
 * Who someone in Slack is: the person whom people.json knows by workspace and user, never by a name.
 * Everyone else, guests and people of other workspaces among them, is nobody.
 */
export async function whoIs(
  { commands }: SlackPorts,
  { team, user }: Pick<Speaker, 'team' | 'user'>,
): Promise<Actor | undefined> {
  const { people } = await commands.sources.policies(await commands.gitops.lastTip())
  const person = people.ofSlack({ team, user })
  return person && commands.identify(person.login, people)
}

/**
 * The commands, as Slack gives them: a request that they make has the id of the delivery, so that the
 * same delivery carried out twice is one request.
 */
export const commandsFor = ({ commands }: SlackPorts, requestId: string): CommandPorts => ({
  ...commands,
  source: 'slack',
  ids: {
    next(kind) {
      if (kind === 'event') return requestId
      return kind === 'lock' ? requestId.replace(/^r-/, 'l-') : commands.ids.next(kind)
    },
  },
})
