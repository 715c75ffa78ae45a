import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { outcomeText } from '../../messages/text.ts'
import { type Reply, Unreachable } from '../client.ts'
import { clientOf } from '../client-of.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import type { Options } from '../options.ts'
import { styleOf, type Terminal } from '../terminal.ts'
import type { ArtifactFile } from './artifact-file.ts'
import { reportToGithub } from './github-report.ts'
import { sendSurely, unreachable } from './send.ts'
import { exitCodeAt, type Until, watch } from './watch.ts'

/** How long the policies' answer is waited for when nobody asked to wait, and with `--wait`. */
const decidedMs = 10_000
const waitMs = 600_000

/** How far to follow: `--wait` is to the releases, `--wait=healthy` to the cluster. */
export function untilOf(wait: string | undefined): Until | null | Refusal {
  if (wait === undefined) return 'decided'
  if (wait === 'true' || wait === 'released') return 'released'
  if (wait === 'healthy') return 'healthy'
  if (wait === 'no') return null
  return refuse('invalid', `--wait is --wait=released or --wait=healthy, not ${wait}`)
}

type Pushing = {
  readonly artifact: ArtifactFile
  readonly options: Options
  /** `null`: not at all. */
  readonly until: Until | null
}

/** Posts an artifact, tells what the policies did with it, and answers the exit code. */
export async function push({ artifact, options, until }: Pushing, terminal: Terminal) {
  const client = clientOf(options, terminal)
  const body = JSON.stringify(artifact)
  const told = (sentence: string) => terminal.err(terminal.paint.yellow(sentence))
  const post = () => client.pushArtifact(body)
  const stored = await sendSurely({ post, told }).catch((error: unknown) => {
    if (error instanceof Unreachable) reportToGithub({ problem: error.message }, terminal)
    throw error
  })
  const { outcome } = stored
  if (outcome.kind !== 'artifact-stored') return failed(stored, options, terminal)
  if (!options.isJson) terminal.out(outcomeText(outcome, styleOf(terminal)))
  const { id } = outcome.artifact
  const timeoutMs = options.timeoutMs ?? (until === 'decided' ? decidedMs : waitMs)
  const followed =
    until === null
      ? null
      : await watch({ client, artifactId: id, until, timeoutMs }, terminal).catch(unreachable)
  if (followed instanceof Unreachable && until !== 'decided') throw followed
  if (followed instanceof Unreachable) {
    terminal.err(followed.message)
    return exitCodes.done
  }
  const event = followed?.outcome.kind === 'event' ? followed.outcome.event : null
  if (options.isJson) terminal.out(JSON.stringify({ ...object(stored), event }, null, 2))
  reportToGithub({ artifactId: id, isNew: outcome.isNew, event }, terminal)
  if (until === null || followed === null) return exitCodes.done
  if (event !== null) return ended(event, until, { id, terminal })
  terminal.err(outcomeText(followed.outcome, styleOf(terminal)))
  return until === 'decided' ? exitCodes.done : exitCodeOf(followed.outcome)
}

const object = ({ json }: Reply) => json as Readonly<Record<string, unknown>>

type View = Extract<Outcome, { kind: 'event' }>['event']

function ended(event: View, until: Until, { id, terminal }: { id: string; terminal: Terminal }) {
  const code = exitCodeAt(event, until)
  if (code === exitCodes.waiting) terminal.err(`It goes on without this build: gimlet track ${id}`)
  const isAskedFor = event.events.length > 0
  if (code !== exitCodes.done || !isAskedFor) terminal.err(`Why: gimlet explain ${id}`)
  return code
}

/** On GitHub the reason stands at the top of the run, too. */
function failed({ json, outcome }: Reply, { isJson }: Options, terminal: Terminal): number {
  if (isJson) terminal.out(JSON.stringify(json, null, 2))
  else terminal.err(outcomeText(outcome, styleOf(terminal)))
  if (isRefusal(outcome)) reportToGithub({ problem: outcome.message }, terminal)
  return exitCodeOf(outcome)
}
