import type { HaltChange } from '../domain/halt.ts'
import type { NewMessage } from '../domain/message.ts'
import type { SlackContext } from '../messages/slack/context.ts'
import { haltMessage } from '../messages/slack/halt.ts'

type Ports = {
  readonly context: () => Promise<SlackContext>
  readonly admins: () => Promise<readonly string[]>
  readonly channelOf: (place: { env: string; app: string | null }) => string | null
}

/**
 * Tells the channels of a repository's environments, and everyone who may resume, that writing is halted
 * or goes on. Every server tells of it: by their keys one message a place comes of that.
 */
export async function haltPosts(
  change: HaltChange,
  { context, admins, channelOf }: Ports,
): Promise<NewMessage[]> {
  const { url, halt, isOver, environments } = change
  // The first repository has environments that nobody has named: theirs is the channel for everything.
  const envs = environments.isAllBut ? ['*'] : environments.names
  const channels = envs.flatMap((env) => channelOf({ env, app: null }) ?? [])
  const body = haltMessage(change, await context())
  return [...new Set([...channels, ...(await admins())])].map((place) => ({
    key: `halt ${url} ${halt.seenTip} ${halt.foundTip} ${isOver ? 'over' : 'begun'} ${place}`,
    ...{ surface: 'slack', kind: 'post', subject: null, place, thread: null },
    ...{ body, dueMs: 0, untilMs: null },
  }))
}
