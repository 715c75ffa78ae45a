import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseWords } from '../commands/grammar.ts'
import { verbs } from '../commands/verbs.ts'
import { type Refusal, refuse } from '../domain/fault.ts'
import { outcomeText } from '../messages/text.ts'
import { explainTrace } from '../policy/explain.ts'
import { Client, type Reply, Unreachable } from './client.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { helpText } from './help.ts'
import { type Options, readOptions } from './options.ts'
import { policyCheck } from './policy-check.ts'
import type { Terminal } from './terminal.ts'
import { follow } from './track.ts'

/** How long a request that was just made is followed before the terminal is given back. */
const followMs = 30_000
/** How long `track` and `--wait` follow: GimletD's default. */
const trackMs = 600_000

/** Runs the program with these arguments and answers its exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readOptions(args, terminal.environment)
  if (typeof options === 'string') return usage(terminal, options)
  if (options.isVersion) return say(terminal, version())
  const [first = '', second = ''] = options.words.map((word) => word.toLowerCase())
  if (options.isHelp) return say(terminal, helpText(first || undefined, terminal.paint))
  if (first === 'policy' && second === 'check')
    return policyCheck(options.words[2] ?? './policies', terminal)
  try {
    if (first === 'artifact' && second === 'push') return await pushArtifact(options, terminal)
    return await runWords(options, terminal)
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    terminal.err(terminal.paint.red(error.message))
    return exitCodes.unreachable
  }
}

async function runWords(options: Options, terminal: Terminal): Promise<number> {
  const invocation = parseWords(options.words)
  switch (invocation.kind) {
    case 'help':
      return help(invocation.topic, terminal)
    case 'problem':
      return usage(terminal, invocation.message, invocation.suggestions)
    case 'track':
      return track(options, invocation.id, terminal)
    case 'explain':
      return explain(options, invocation.id, terminal)
    case 'command': {
      const client = clientOf(options)
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
  const client = clientOf(options)
  const timeoutMs = options.timeoutMs ?? trackMs
  return end(await follow({ client, id, timeoutMs }, terminal), options, terminal)
}

async function pushArtifact(options: Options, terminal: Terminal): Promise<number> {
  const file = options.file ?? options.words[2]
  if (file === undefined)
    return usage(terminal, 'Name the file of the artifact', ['artifact push -f artifact.json'])
  let body: string
  try {
    body = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch {
    return usage(terminal, `There is no file ${file} to read`)
  }
  const client = clientOf(options)
  const reply = await client.pushArtifact(body)
  const code = show(reply, options, terminal)
  if (reply.outcome.kind !== 'artifact-stored' || options.wait !== true) return code
  const { id } = reply.outcome.artifact
  const timeoutMs = options.timeoutMs ?? trackMs
  const followed = await follow({ client, id, timeoutMs }, terminal)
  return exitCodeOf(followed.outcome)
}

/** Shows why: the decision of a request, of an artifact's arrival, or by its own id. */
async function explain(options: Options, id: string, terminal: Terminal): Promise<number> {
  const client = clientOf(options)
  const asked = id.startsWith('d-') ? null : await client.send({ verb: 'event', id })
  if (asked && asked.outcome.kind !== 'event') return show(asked, options, terminal)
  const event = asked?.outcome.kind === 'event' ? asked.outcome.event : null
  const decisionId = event === null ? id : event.decisionId
  if (event !== null && !options.isJson)
    terminal.out(outcomeText(asked?.outcome ?? none, styleOf(terminal)))
  if (decisionId === null) return exitCodes.done
  const reply = await client.send({ verb: 'decision', id: decisionId })
  if (reply.outcome.kind !== 'decision' || options.isJson) return show(reply, options, terminal)
  const { trace, triggers = [], policyVersion, tip } = reply.outcome.decision
  for (const line of explainTrace(trace)) terminal.out(line)
  for (const { app, env, trace: asks, problem } of triggers) {
    terminal.out(`${app} → ${env}${problem === null ? '' : `: ${problem}`}`)
    const lines = asks.length > 0 ? explainTrace(asks) : ['no trigger is for this place']
    for (const line of lines) terminal.out(`  ${line}`)
  }
  terminal.out(terminal.paint.dim(`policies ${policyVersion}, decided on ${tip.slice(0, 8)}`))
  return exitCodes.done
}

const none: Refusal = refuse('not_found', 'There is nothing to show')

/** What is told when a request was followed: it is over, or it goes on without us. */
function end(reply: Reply, options: Options, terminal: Terminal): number {
  if (options.isJson || reply.outcome.kind !== 'event') return show(reply, options, terminal)
  const { id, status } = reply.outcome.event
  if (status === 'new' || status === 'held') terminal.err(`Follow it with: gimlet track ${id}`)
  return exitCodeOf(reply.outcome)
}

function show({ json, outcome }: Reply, { isJson }: Options, terminal: Terminal): number {
  if (isJson) terminal.out(JSON.stringify(json, null, 2))
  else if (outcome.kind === 'refusal') terminal.err(outcomeText(outcome, styleOf(terminal)))
  else terminal.out(outcomeText(outcome, styleOf(terminal)))
  return exitCodeOf(outcome)
}

function help(topic: string | undefined, terminal: Terminal): number {
  const isKnown = topic === undefined || verbs.some(({ name }) => name === topic.toLowerCase())
  return isKnown
    ? say(terminal, helpText(topic, terminal.paint))
    : usage(terminal, `There is no command "${topic}"`, ['help'])
}

function usage({ err, paint }: Terminal, message: string, lines: readonly string[] = []): number {
  err(paint.red(message))
  for (const line of lines) err(`  gimlet ${line}`)
  return exitCodes.usage
}

function say({ out }: Terminal, text: string): number {
  out(text)
  return exitCodes.done
}

const styleOf = ({ paint }: Terminal) => ({ paint, nowUnix: Math.floor(Date.now() / 1000) })

/** Without a token, a server on this machine is tried with the one that it keeps in this folder. */
function clientOf({ server, token }: Options): Client {
  return new Client(server, token ?? (isLocal(server) ? localToken() : null))
}

const isLocal = (server: string) =>
  /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/|$)/.test(server)

function localToken(): string | null {
  try {
    return readFileSync(join('data', 'admin.token'), 'utf8').trim()
  } catch {
    return null
  }
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
