import type { Decision } from '../domain/decision.ts'
import { clean } from '../messages/paint.ts'
import { outcomeText } from '../messages/text.ts'
import { explainTrace } from '../policy/explain.ts'
import { loadPolicies } from '../policy/policy.ts'
import { type Replayed, replay } from '../policy/replay.ts'
import type { Client } from './client.ts'
import { exitCodes } from './exit-codes.ts'
import { readPolicyFiles } from './policy-files.ts'
import { styleOf, type Terminal } from './terminal.ts'

const pageRows = 500

type Asked = { readonly client: Client; readonly folder: string; readonly sinceMs: number }

/** Decides the past again with the policies of a folder, and shows what would have gone differently. */
export async function policyReplay(asked: Asked, terminal: Terminal): Promise<number> {
  const { out, err, paint } = terminal
  const sources = readPolicyFiles(asked.folder)
  if (!sources) {
    err(paint.red(`There is no folder ${asked.folder} to read policies from`))
    return exitCodes.usage
  }
  const decisions = await allSince(asked, terminal)
  if (!decisions) return exitCodes.failed
  const policies = loadPolicies(sources)
  for (const { file } of policies.invalid)
    err(paint.yellow(`${file} cannot be used: see gimlet policy check ${asked.folder}`))
  const all = decisions.map((decision) => replay(policies, decision))
  const different = all.filter(({ isDifferent }) => isDifferent)
  for (const one of different) printDifference(one, terminal)
  const skipped = all.filter(({ now }) => now === null).length
  out(
    `${all.length - skipped} decisions decided again: ${different.length} would have gone differently` +
      (skipped > 0 ? `; ${skipped} were not the policies' to decide (locks, blocks, objects)` : ''),
  )
  return exitCodes.done
}

async function allSince(
  { client, sinceMs }: Asked,
  terminal: Terminal,
): Promise<Decision[] | null> {
  const sinceUnix = Math.floor((Date.now() - sinceMs) / 1000)
  const all: Decision[] = []
  for (;;) {
    const filter = { sinceUnix, limit: pageRows, offset: all.length }
    const { outcome } = await client.send({ verb: 'decisions', filter })
    if (outcome.kind !== 'decisions') {
      terminal.err(outcomeText(outcome, styleOf(terminal)))
      return null
    }
    all.push(...outcome.decisions)
    if (outcome.decisions.length < pageRows) return all
  }
}

function printDifference({ then, now }: Replayed, { out, paint }: Terminal): void {
  if (!now) return
  const at = new Date(then.created * 1000).toISOString().replace('.000', '')
  out(
    `${at}  ${clean(then.app ?? '')} → ${clean(then.env ?? '')}  ${then.verdict} → ${paint.bold(now.verdict)}  ${paint.dim(then.eventId)}`,
  )
  out(`  then: ${clean(then.message)}`)
  out(`  now:  ${clean(now.message)}`)
  const deciding = now.trace.filter(({ policy }) => policy === now.policy)
  for (const line of explainTrace(deciding)) out(paint.dim(`    ${line}`))
}
