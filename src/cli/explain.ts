import type { Decision } from '../domain/decision.ts'
import { refuse } from '../domain/fault.ts'
import { planText } from '../messages/event-text.ts'
import { outcomeText } from '../messages/text.ts'
import { explainTrace } from '../policy/explain.ts'
import type { Client } from './client.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { show } from './show.ts'
import { styleOf, type Terminal } from './terminal.ts'

type Asked = { readonly client: Client; readonly options: Options; readonly id: string }

/** Shows why: the decision of a request, of an artifact's arrival, or by its own id. */
export async function explain({ client, options, id }: Asked, terminal: Terminal): Promise<number> {
  const asked = id.startsWith('d-') ? null : await client.send({ verb: 'event', id })
  if (asked && asked.outcome.kind !== 'event') return show(asked, options, terminal)
  const event = asked?.outcome.kind === 'event' ? asked.outcome.event : null
  const decisionId = event === null ? id : event.decisionId
  if (asked && !options.isJson) terminal.out(outcomeText(asked.outcome, styleOf(terminal)))
  if (decisionId === null) return exitCodes.done
  const reply = await client.send({ verb: 'decision', id: decisionId })
  if (reply.outcome.kind !== 'decision' || options.isJson) return show(reply, options, terminal)
  printDecision(reply.outcome.decision, terminal)
  return exitCodes.done
}

type Place = { readonly artifactId: string; readonly env: string; readonly app: string | undefined }

/**
 * Shows what the policies would say if an artifact were released now, whether anyone asked or not, and
 * what the triggers said about it when it arrived.
 */
export async function explainPlace(
  { client, options, artifactId, env, app }: Omit<Asked, 'id'> & Place,
  terminal: Terminal,
): Promise<number> {
  const asked = { env, artifactId, dryRun: true, ...(app === undefined ? {} : { app }) }
  const reply = await client.send({ verb: 'release', ...asked })
  if (reply.outcome.kind !== 'plans' || options.isJson) return show(reply, options, terminal)
  for (const plan of reply.outcome.plans) {
    terminal.out(planText({ ...plan, diff: '' }, terminal.paint))
    printDecision(plan.decision, terminal)
  }
  const arrival = await client.send({ verb: 'event', id: artifactId })
  const decisionId = arrival.outcome.kind === 'event' ? arrival.outcome.event.decisionId : null
  const decided = decisionId && (await client.send({ verb: 'decision', id: decisionId }))
  const { outcome } = decided || { outcome: nothing }
  const triggers = outcome.kind === 'decision' ? (outcome.decision.triggers ?? []) : []
  const here = triggers.filter((one) => one.env === env && (app === undefined || one.app === app))
  terminal.out('When it arrived, the triggers said:')
  printTriggers(here, terminal)
  return exitCodes.done
}

const nothing = refuse('not_found', '')

function printDecision(decision: Decision, terminal: Terminal): void {
  const { trace, triggers = [], policyVersion, tip } = decision
  for (const line of explainTrace(trace)) terminal.out(line)
  if (triggers.length > 0) printTriggers(triggers, terminal)
  terminal.out(terminal.paint.dim(`policies ${policyVersion}, decided on ${tip.slice(0, 8)}`))
}

function printTriggers(triggers: NonNullable<Decision['triggers']>, { out }: Terminal): void {
  if (triggers.length === 0) out('  nothing: it has no manifest for this place')
  for (const { app, env, trace, problem } of triggers) {
    out(`${app} → ${env}${problem === null ? '' : `: ${problem}`}`)
    const lines = trace.length > 0 ? explainTrace(trace) : ['no trigger is for this place']
    for (const line of lines) out(`  ${line}`)
  }
}
