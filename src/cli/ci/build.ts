import { type Git, gitFacts } from './git-facts.ts'
import { systems } from './systems.ts'

/** What is said about a build, by name. Each is a flag and a variable `GIMLET_BUILD_…`, too. */
export const fieldNames = [
  'repository',
  'sha',
  'event',
  'branch',
  'sourceBranch',
  'targetBranch',
  'tag',
  'pullRequest',
  'created',
  'authorName',
  'authorEmail',
  'committerName',
  'committerEmail',
  'message',
  'url',
  'jobUrl',
] as const
export type FieldName = (typeof fieldNames)[number]

/** What one source knows of a build; what is empty is not known. */
export type Known = Readonly<Partial<Record<FieldName, string | undefined>>>
export type Environment = Readonly<Record<string, string | undefined>>
/** Reads a text file; nothing when it cannot be read. */
export type ReadFile = (path: string) => string | undefined

/** A CI system: how it is recognised, and what its variables say. */
export type System = {
  readonly name: string
  readonly isHere: (environment: Environment) => boolean
  readonly read: (environment: Environment, readFile: ReadFile) => Known
}

export type Source = 'flag' | 'environment' | 'ci' | 'git' | 'none'
type Values = Readonly<Record<FieldName, string>>
type Sources = Readonly<Record<FieldName, Source>>

/** A build, and which source each of its values is from. */
export type Build = { readonly system: string; readonly values: Values; readonly from: Sources }

type Machine = { readonly readFile: ReadFile; readonly git: Git; readonly flags?: Known }

/**
 * What is known about the build that runs here: by flags first, then by `GIMLET_BUILD_…`, by the
 * variables of the CI system, and by git for the rest. Never throws.
 */
export function buildOf(environment: Environment, { readFile, git, flags = {} }: Machine): Build {
  const system = systems.find(({ isHere }) => isHere(environment))
  const ci = system?.read(environment, readFile) ?? {}
  const given: Layer[] = [
    ['flag', flags],
    ['environment', ownVariables(environment)],
    ['ci', ci],
  ]
  // A system that names no commit has its reason: what is checked out may be a merge of two.
  const isHead = system === undefined || ci.sha === 'HEAD'
  const sha = pick(given).values.sha || (isHead ? 'HEAD' : '')
  const asked = gitFacts(git, { sha, isBranchAsked: system === undefined })
  const { values, from } = pick([...given, ['git', asked]])
  const event = values.event || 'push'
  const { branch, sourceBranch } = branchesOf({ ...values, event }, from)
  const settled = { ...values, event, branch, sourceBranch }
  return { system: system?.name ?? 'git', values: settled, from }
}

/** What was said on purpose stays; otherwise `branch` is what the event makes of it. */
function branchesOf(values: Values, from: Sources) {
  const { event, branch, sourceBranch, targetBranch } = values
  const isOnPurpose = from.branch === 'flag' || from.branch === 'environment'
  if (event === 'pr')
    return {
      branch: isOnPurpose ? branch : targetBranch,
      sourceBranch: sourceBranch || (isOnPurpose ? '' : branch),
    }
  return { branch: event === 'tag' && !isOnPurpose ? '' : branch, sourceBranch }
}

type Layer = readonly [Source, Known]

/** The first that knows a value is believed. */
function pick(layers: readonly Layer[]): { values: Values; from: Sources } {
  const found = fieldNames.map((name) => {
    const known = layers.map(([source, known]) => ({ source, value: tidy(name, known[name]) }))
    return [name, known.find(({ value }) => value !== '') ?? { source: 'none', value: '' }] as const
  })
  return {
    values: Object.fromEntries(found.map(([name, { value }]) => [name, value])) as Values,
    from: Object.fromEntries(found.map(([name, { source }]) => [name, source])) as Sources,
  }
}

const lineCharactersMax = 255
const urlCharactersMax = 2_048
// What others wrote, such as names of authors, may hold what the server refuses.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const control = /[\u0000-\u001f\u007f\u2028\u2029]+/g

function tidy(name: FieldName, value: string | undefined = ''): string {
  if (name === 'message') return value.trim()
  const line = value.replace(control, ' ').trim()
  if (name === 'sha') return /^[0-9a-f]{4,64}$/i.test(line) ? line.toLowerCase() : ''
  return line.slice(0, /url$/i.test(name) ? urlCharactersMax : lineCharactersMax)
}

/** `GIMLET_BUILD_SOURCE_BRANCH` is `sourceBranch`. */
const ownVariables = (environment: Environment): Known =>
  Object.fromEntries(fieldNames.map((name) => [name, environment[variableOf(name)]]))

/** The variable that says a value when no flag does. */
export const variableOf = (name: FieldName): string =>
  `GIMLET_BUILD_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
