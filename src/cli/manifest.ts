import { readFileSync, writeFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { type Artifact, parseArtifact } from '../domain/artifact.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { loadManifests, type ManifestSet } from '../manifest/manifest-set.ts'
import { named } from '../manifest/named.ts'
import { render } from '../manifest/render.ts'
import { type Variables, variablesOf } from '../manifest/variables.ts'
import { clean } from '../messages/paint.ts'
import { exitCodes } from './exit-codes.ts'
import type { Options } from './options.ts'
import { usage } from './show.ts'
import type { Terminal } from './terminal.ts'

const examples = [
  'manifest template -f .gimlet/staging.yaml --vars ci.env',
  'manifest lint -f .gimlet/staging.yaml',
]

/** Looks at a manifest on this machine: no server is asked. */
export async function manifest(options: Options, terminal: Terminal): Promise<number> {
  const [, verb = '', ...rest] = options.words
  const flags = flagsOf(rest)
  if (typeof flags === 'string') return usage(terminal, flags, examples)
  if (options.file === null) return usage(terminal, 'Name the file: -f FILE', examples)
  const text = textOf(options.file)
  if (text === undefined) return usage(terminal, `There is no file ${options.file} to read`)
  const set = loadManifests({ version: '', files: new Map([[nameOf(options.file), text]]) })
  switch (verb.toLowerCase()) {
    case 'lint':
      return lint(set, options, terminal)
    case 'template':
      return template({ set, flags, output: options.output }, terminal)
    default:
      return usage(terminal, `There is no command "manifest ${verb}"`, examples)
  }
}

const allOf = ({ manifests, previews, templated }: ManifestSet): readonly Manifest[] => [
  ...manifests,
  ...previews,
  ...templated,
]

function lint(set: ManifestSet, { isJson }: Options, { out, err, paint }: Terminal): number {
  const { problems } = set
  if (isJson) out(JSON.stringify({ problems }, null, 2))
  else for (const { message } of problems) err(paint.red(clean(message)))
  if (problems.length > 0) return exitCodes.failed
  if (!isJson) for (const { app, env } of allOf(set)) out(`${env}/${app} is in order`)
  return exitCodes.done
}

type Asked = { readonly set: ManifestSet; readonly flags: Flags; readonly output: string }

async function template({ set, flags, output }: Asked, terminal: Terminal): Promise<number> {
  const text = await textOfAll(set, flags, terminal.environment)
  const problem = isRefusal(text) ? text : output === 'table' ? null : written(output, text)
  if (problem) {
    terminal.err(terminal.paint.red(clean(problem.message)))
    return exitCodes.failed
  }
  if (output === 'table') terminal.out(String(text).trimEnd())
  return exitCodes.done
}

function written(file: string, text: string): Refusal | null {
  try {
    writeFileSync(file, text)
    return null
  } catch {
    return refuse('invalid', `${file} cannot be written: name a file in a folder that is there`)
  }
}

async function textOfAll(
  set: ManifestSet,
  flags: Flags,
  environment: Terminal['environment'],
): Promise<string | Refusal> {
  const [problem] = set.problems
  if (problem) return refuse('invalid', problem.message)
  const vars = varsOf(flags)
  if (isRefusal(vars)) return vars
  const artifact = artifactOf(flags)
  if (isRefusal(artifact)) return artifact
  const texts: string[] = []
  for (const one of allOf(set)) {
    const files = await filesOf(one, { vars, artifact, environment })
    if (isRefusal(files)) return files
    texts.push(...files.values())
  }
  return texts.join('---\n')
}

type Vars = Readonly<Record<string, string>>
type Given = {
  readonly vars: Vars
  readonly artifact: Artifact | null
  readonly environment: Terminal['environment']
}

/** The files that a release would write. What is given by hand counts over what the artifact says. */
async function filesOf(
  manifest: Manifest,
  { vars, artifact, environment }: Given,
): Promise<ReadonlyMap<string, string> | Refusal> {
  const variables = (of: Manifest): Variables => {
    const known = variablesOf(artifact ?? standIn(of), { ...of, actor: '' })
    return new Map([...known, ...Object.entries(vars)])
  }
  const own = named(manifest, variables(manifest))
  if (isRefusal(own)) return own
  if (!own.chart && !own.kustomize) return render(own, variables(own))
  // Helm, and the folder of the manifests, are those of a server that would start in this folder.
  const { renderHere } = await import('./serve.ts')
  const made = await renderHere(environment, own, variables(own))
  if ('problems' in made) return refuse('invalid', made.problems.join('; '))
  return isRefusal(made) ? made : made.files
}

/** An artifact that nobody has posted, of the main branch. */
function standIn({ app, repository }: Manifest): Artifact {
  const read = parseArtifact({
    id: 'local',
    version: { repositoryName: repository ?? app, sha: '0'.repeat(40), branch: 'main' },
  })
  if (isRefusal(read)) throw new Error(read.message)
  return { ...read, id: 'local', created: 0, version: { ...read.version, created: 0 } }
}

type Flags = { vars?: string; artifact?: string }

function flagsOf(words: readonly string[]): Flags | string {
  const flags: Flags = {}
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const [, name, joined] = /^(-v|-a|--vars|--artifact)(?:=(.*))?$/.exec(word) ?? []
    if (name === undefined) return `Unexpected "${word}"`
    const value = joined ?? words[++at]
    if (value === undefined) return `${name} needs a file`
    flags[['-v', '--vars'].includes(name) ? 'vars' : 'artifact'] = value
  }
  return flags
}

function varsOf({ vars }: Flags): Vars | Refusal {
  if (vars === undefined) return {}
  const text = textOf(vars)
  if (text === undefined) return refuse('invalid', `There is no file ${vars} to read`)
  return parseEnv(text) as Vars
}

function artifactOf({ artifact: file }: Flags): Artifact | null | Refusal {
  if (file === undefined) return null
  const text = textOf(file)
  if (text === undefined) return refuse('invalid', `There is no file ${file} to read`)
  const read = parseArtifact(parsed(text))
  if (isRefusal(read)) return read
  const { id, version } = read
  return {
    ...read,
    id: id ?? 'local',
    created: 0,
    version: { ...version, created: version.created ?? 0 },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const nameOf = (file: string) => (/\.ya?ml$/.test(file) ? file : `${file}.yaml`)

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch {
    return undefined
  }
}
