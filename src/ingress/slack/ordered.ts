import { handle } from '../../commands/handle.ts'
import type { Actor } from '../../domain/actor.ts'
import type { Command } from '../../domain/command.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { SlackPorts } from './ports.ts'
import { commandsFor } from './who.ts'

type By = { readonly actor: Actor; readonly requestId: string }

/** Gives a command that came by Slack to the command layer. What is refused is recorded: R25. */
export async function ordered(
  ports: SlackPorts,
  { actor, requestId }: By,
  command: Command,
): Promise<Outcome> {
  const outcome = await handle(commandsFor(ports, requestId), actor, command)
  if (outcome.kind === 'refusal')
    ports.log.info(
      { login: actor.login, verb: command.verb, code: outcome.code },
      'refused what was asked for in Slack',
    )
  return outcome
}
