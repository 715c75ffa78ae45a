import { readFileSync } from 'node:fs'
import { parseWords } from '../commands/grammar.ts'
import { programTable } from '../commands/verbs.ts'
import { artifact, makingOf } from './artifact.ts'
import { auditVerify } from './audit-verify.ts'
import { backup } from './backup.ts'
import { type Reply, Unreachable } from './client.ts'
import { clientOf } from './client-of.ts'
import { completion } from './completion.ts'
import { doctor } from './doctor.ts'
import { clusterCodeOf, exitCodeOf, exitCodes } from './exit-codes.ts'
import { explain } from './explain.ts'
import { helpText } from './help.ts'
import { manifest } from './manifest.ts'
import { migrate } from './migrate.ts'
import { type Options, readOptions } from './options.ts'
import { policy } from './policy.ts'
import { reindex } from './reindex.ts'
import { restore } from './restore.ts'
import { show, usage } from './show.ts'
import type { Terminal } from './terminal.ts'
import { follow } from './track.ts'

/** How long a request that was just made is followed before the terminal is given back. */
const followMs = 30_000
/** How long `track` follows: GimletD's default. */
const trackMs = 600_000

/** Runs the program with these arguments and answers its exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const making = makingOf(args)
    return making ? await artifact(making, terminal) : await runOptions(args, terminal)
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    terminal.err(terminal.paint.red(error.message))
    return exitCodes.unreachable
  }
}

async function runOptions(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readOptions(args, terminal.environment)
  if (typeof options === 'string') return usage(terminal, options)
  if (options.isVersion) return say(terminal, version())
  const first = options.words[0]?.toLowerCase() ?? ''
  if (options.isHelp) return help(first || undefined, terminal)
  if (first === 'policy') return policy(options, terminal)
  if (first === 'doctor') return doctor(options, terminal)
  if (first === 'manifest') return manifest(options, terminal)
  if (first === 'completion') return completion(options, terminal)
  if (first === 'reindex') return reindex(options, terminal)
  if (first === 'migrate') return migrate(options, terminal)
  if (first === 'backup') return backup(options, terminal)
  if (first === 'restore') return restore(options, terminal)
  if (/^audit verify\b/i.test(options.words.join(' '))) return auditVerify(options, terminal)
  return runWords(options, terminal)
}

async function runWords(options: Options, terminal: Terminal): Promise<number> {
  const invocation = parseWords(options.words, Math.floor(Date.now() / 1000), programTable)
  switch (invocation.kind) {
    case 'help':
      return help(invocation.topic, terminal)
    case 'problem':
      return usage(terminal, invocation.message, invocation.suggestions)
    case 'track':
      return track(options, invocation.id, terminal)
    case 'explain':
      return explain({ client: clientOf(options, terminal), options, id: invocation.id }, terminal)
    case 'command': {
      const client = clientOf(options, terminal)
      const reply = await client.send(invocation.command)
      if (reply.outcome.kind !== 'accepted' || options.wait === false)
        return show(reply, options, terminal)
      const { id } = reply.outcome
      const timeoutMs = options.timeoutMs ?? followMs
      const followed = await follow({ client, id, timeoutMs }, terminal)
      return end(followed, options, terminal)
    }
  }
}

async function track(options: Options, id: string, terminal: Terminal): Promise<number> {
  const client = clientOf(options, terminal)
  const timeoutMs = options.timeoutMs ?? trackMs
  const isToCluster = options.wait === true
  const followed = await follow({ client, id, timeoutMs, isToCluster }, terminal)
  const code = end(followed, options, terminal)
  if (!isToCluster || code !== exitCodes.done) return code
  const inCluster = clusterCodeOf(followed.outcome)
  if (inCluster === exitCodes.waiting)
    terminal.err('The cluster has not said what became of it: docs/feedback.md connects it')
  return inCluster
}

/** What is told when a request was followed: it is over, or it goes on without us. */
function end(reply: Reply, options: Options, terminal: Terminal): number {
  if (options.isJson || reply.outcome.kind !== 'event') return show(reply, options, terminal)
  const { id, status } = reply.outcome.event
  if (status === 'new' || status === 'held') terminal.err(`Follow it with: gimlet track ${id}`)
  return exitCodeOf(reply.outcome)
}

function help(topic: string | undefined, terminal: Terminal): number {
  const text = helpText(topic, terminal.paint)
  return text !== undefined
    ? say(terminal, text)
    : usage(terminal, `There is no command "${topic}"`, ['help'])
}

function say({ out }: Terminal, text: string): number {
  out(text)
  return exitCodes.done
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
