import { readFileSync, writeFileSync } from 'node:fs'
import { parseArtifact } from '../domain/artifact.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { additionFlags, additionsOf } from './ci/additions.ts'
import { type ArtifactFile, artifactOf, readArtifact, withAdditions } from './ci/artifact-file.ts'
import { artifactHelp } from './ci/artifact-help.ts'
import { type Build, buildOf, fieldNames } from './ci/build.ts'
import { type Flags, type FlagTable, leftOver, readFlags } from './ci/flags.ts'
import { push, untilOf } from './ci/push.ts'
import { tryText } from './ci/try-text.ts'
import { exitCodes } from './exit-codes.ts'
import { gitIn } from './git-log.ts'
import { type Options, readOptions, takesValue } from './options.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

const fieldFlags = Object.fromEntries(fieldNames.map((name) => [name, 'one'] as const))
const buildFlags: FlagTable = { ...fieldFlags, id: 'one', ...additionFlags }
/** The words of `artifact` that make one, and the flags of each beside what every command takes. */
export const artifactWords: Readonly<Record<string, FlagTable>> = {
  create: { ...buildFlags, output: 'one' },
  add: additionFlags,
  push: { ...buildFlags, wait: 'switch', noWait: 'switch', dryRun: 'switch' },
}
const commonFlags = ['server', 'token', 'output', 'timeout', 'file', 'help']

type Asked = { readonly flags: Flags; readonly options: Options }
/** One of the words, and its arguments. */
export type Making = { readonly word: string; readonly args: readonly string[] }

/** What is asked when the words begin with `artifact create|add|push`, whatever options stand before. */
export function makingOf(args: readonly string[]): Making | null {
  let at = 0
  while (args[at]?.startsWith('-')) at += takesValue(args[at] ?? '') ? 2 : 1
  const [noun = '', verb = ''] = args.slice(at, at + 2).map((arg) => arg.toLowerCase())
  if (noun !== 'artifact' || !Object.hasOwn(artifactWords, verb)) return null
  return { word: verb, args: [...args.slice(0, at), ...args.slice(at + 2)] }
}

/** `artifact create|add|push`: for CI. What they have to know about the build they find out. */
export async function artifact({ word, args }: Making, terminal: Terminal): Promise<number> {
  const asked = readAsked({ word, args }, terminal)
  if (isRefusal(asked)) return refused(word, asked, terminal)
  if (asked.options.isHelp) {
    terminal.out(artifactHelp(word))
    return exitCodes.done
  }
  const run = word === 'create' ? create : word === 'add' ? add : pushHere
  const code = await run(asked, terminal)
  return isRefusal(code) ? refused(word, code, terminal) : code
}

const refused = (word: string, { message }: Refusal, terminal: Terminal) =>
  usage(terminal, message, [`artifact ${word} --help`])

function readAsked({ word, args }: Making, { environment }: Terminal): Asked | Refusal {
  const table = artifactWords[word] ?? {}
  // GimletD's `-o` names the file that is written.
  const spelled = word === 'create' ? args.map((arg) => (arg === '-o' ? '--output' : arg)) : args
  const flags = readFlags(spelled, table)
  if (isRefusal(flags)) return flags
  const options = readOptions(flags.rest, environment)
  if (typeof options === 'string') return refuse('invalid', options)
  const words =
    word === 'push' && !options.words[0]?.startsWith('-') ? options.words.slice(1) : options.words
  const problem = leftOver(words, [...Object.keys(table), ...commonFlags])
  return problem ?? { flags, options }
}

/** Writes the artifact of this build to a file, or prints it. */
function create({ flags, options }: Asked, { environment, out }: Terminal): number | Refusal {
  const artifact = artifactOfBuild(buildHere(flags, environment), flags)
  if (isRefusal(artifact)) return artifact
  const output = flags.given.get('output')?.[0]
  const isFormat = output === 'json' || output === 'table'
  const path = (isFormat ? undefined : output) ?? options.file
  if (path !== null) return write(path, artifact)
  out(textOf(artifact))
  return exitCodes.done
}

/** Puts more into the file of an artifact. */
function add({ flags, options }: Asked): number | Refusal {
  if (options.file === null) return refuse('invalid', 'Name the file of the artifact with -f')
  const artifact = artifactOfFile(options.file, flags)
  return isRefusal(artifact) ? artifact : write(options.file, artifact)
}

function write(path: string, artifact: ArtifactFile): number | Refusal {
  try {
    writeFileSync(path, `${textOf(artifact)}\n`)
    return exitCodes.done
  } catch {
    return refuse('invalid', `${path} cannot be written: name a file in a folder that is there`)
  }
}

/** Posts a file, or what is known about this build. */
async function pushHere(asked: Asked, terminal: Terminal): Promise<number | Refusal> {
  const { flags, options } = asked
  const wait = flags.given.get('wait')?.[0] ?? (options.wait === true ? 'true' : undefined)
  const until = untilOf(flags.given.has('noWait') ? 'no' : wait)
  if (isRefusal(until)) return until
  const path = options.file ?? options.words[0]
  const build = path === undefined ? buildHere(flags, terminal.environment) : null
  const artifact = build ? artifactOfBuild(build, flags) : pushedFile(path ?? '', flags)
  if (flags.given.has('dryRun')) return dryRun({ build, artifact }, options, terminal)
  return isRefusal(artifact) ? artifact : push({ artifact, options, until }, terminal)
}

type Tried = { readonly build: Build | null; readonly artifact: ArtifactFile | Refusal }

/** What is known is shown even where it is not enough. */
function dryRun({ build, artifact }: Tried, { isJson }: Options, { out, paint }: Terminal) {
  const posted = isRefusal(artifact) ? null : artifact
  if (isJson) out(textOf({ build, artifact: posted }))
  else out(tryText({ build, artifact: posted }, paint))
  return isRefusal(artifact) ? artifact : exitCodes.done
}

const buildHere = (flags: Flags, environment: Terminal['environment']): Build =>
  buildOf(environment, {
    readFile,
    git: gitIn(process.cwd(), environment),
    flags: Object.fromEntries(fieldNames.map((name) => [name, flags.given.get(name)?.[0]])),
  })

function artifactOfBuild(build: Build, flags: Flags): ArtifactFile | Refusal {
  const bare = artifactOf(build)
  if (isRefusal(bare)) return bare
  const [id] = flags.given.get('id') ?? []
  const artifact = withFlags(id === undefined ? bare : { id, ...bare }, flags)
  if (isRefusal(artifact)) return artifact
  const checked = parseArtifact(artifact)
  return isRefusal(checked) ? checked : artifact
}

/** A file says everything about its build. */
function pushedFile(path: string, flags: Flags): ArtifactFile | Refusal {
  const field = [...fieldNames, 'id'].find((name) => flags.given.has(name))
  return field === undefined
    ? artifactOfFile(path, flags)
    : refuse('invalid', `--${field} is about this build: leave it or the file out`)
}

function artifactOfFile(path: string, flags: Flags): ArtifactFile | Refusal {
  // `-` is the standard input.
  const text = readFile(path === '-' ? 0 : path)
  if (text === undefined) return refuse('invalid', `There is no file ${path} to read`)
  const artifact = readArtifact(text)
  return isRefusal(artifact) ? artifact : withFlags(artifact, flags)
}

function withFlags(artifact: ArtifactFile, flags: Flags): ArtifactFile | Refusal {
  const additions = additionsOf(flags)
  return isRefusal(additions) ? additions : withAdditions(artifact, additions)
}

const textOf = (json: unknown) => JSON.stringify(json, null, 2)

function readFile(path: string | number): string | undefined {
  try {
    return path === '' ? undefined : readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
