import type { z } from 'zod'
import type { RequestKind } from '../domain/event.ts'
import type { Sources } from '../domain/sources.ts'
import { type CiEntries, ciFile, readCi } from './ci.ts'
import { happeningOf, isObjectFact } from './declarations.ts'
import { parseJson } from './json-text.ts'
import { type People, peopleFile, readPeople } from './people.ts'
import { below, isObject, type Problem, quote, report, type Spot, suggestion } from './problem.ts'
import { factPathsIn, type Rule } from './rule.ts'
import { checkRule } from './rule-check.ts'
import { minutesOf, type Schedule } from './schedule.ts'
import { type ArtifactEvent, durationMs, policyShapes, type TriggerSource } from './schema.ts'
import { everything, nothing, readScope, type Scoped } from './scope.ts'
import { weekdays } from './within.ts'

type Common = Scoped & {
  readonly name: string
  readonly description: string
  readonly enabled: boolean
  readonly timeZone: string
  /** The policy applies only when this is true; `null` stands for always. */
  readonly when: Rule | null
}

/** Asks for a release of every artifact that fits. */
export type Trigger = Common & {
  readonly kind: 'trigger'
  readonly on: TriggerSource
  readonly events: readonly ArtifactEvent[]
  /** What it asks for. */
  readonly ask: RequestKind
  /** Of a scheduled release: the environment whose running artifact is meant. */
  readonly from: string | null
  /** Of a trigger on schedule: when its time comes. */
  readonly schedule: Schedule | null
}

/** Must hold for every release, whoever asks. */
export type Gate = Common & {
  readonly kind: 'gate'
  readonly require: Rule
  readonly otherwise: 'deny' | 'hold' | 'warn'
  readonly expiresInMs: number
  readonly newer: 'supersedes' | 'queues'
  readonly message: string
}

/** Must hold for every Kubernetes object about to be written, or for every container in it. */
export type ObjectPolicy = Common & {
  readonly kind: 'object'
  readonly each: 'object' | 'container'
  readonly require: Rule
  readonly otherwise: 'deny' | 'warn'
  readonly message: string
}

export type Policy = Trigger | Gate | ObjectPolicy

/** A file that cannot be used. It stops every release that it could touch: its scope, if it has one. */
export type InvalidPolicy = Scoped & {
  readonly kind: 'invalid'
  readonly name: string
  readonly file: string
  readonly problems: readonly Problem[]
}

/** A folder of policies, each list in the order of names. */
export type PolicySet = {
  readonly version: string
  readonly triggers: readonly Trigger[]
  readonly gates: readonly Gate[]
  readonly objects: readonly ObjectPolicy[]
  readonly invalid: readonly InvalidPolicy[]
  readonly people: People
  readonly ci: CiEntries
}

export const policyCharsMax = 64 * 1024
const expiresDefault = '24h'
const policyName = /^[a-z0-9][a-z0-9-]{0,62}$/
const otherFiles = new Set([peopleFile, ciFile, 'policy.schema.json'])

/** Loads a folder: every JSON file directly in it is one policy, but for people, CI and the schema. */
export function loadPolicies({ version, files }: Sources): PolicySet {
  const loaded = [...files]
    .filter(([path]) => path.endsWith('.json') && !path.includes('/') && !otherFiles.has(path))
    .map(([path, text]) => loadPolicy(path, text))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  const { people, problems } = readPeople(files.get(peopleFile) ?? '{"people": []}')
  const { ci, problems: ciProblems } = readCi(files.get(ciFile) ?? '{"ci": []}')
  return {
    version,
    triggers: loaded.filter((policy) => policy.kind === 'trigger'),
    gates: loaded.filter((policy) => policy.kind === 'gate'),
    objects: loaded.filter((policy) => policy.kind === 'object'),
    invalid: [
      ...loaded.filter((policy) => policy.kind === 'invalid'),
      ...(problems.length > 0 ? [invalidPeople(problems)] : []),
      ...(ciProblems.length > 0 ? [invalidCi(ciProblems)] : []),
    ],
    people,
    ci,
  }
}

/** Roles and teams that cannot be read could be anyone's: nothing is released until they can. */
const invalidPeople = (problems: readonly Problem[]): InvalidPolicy => ({
  ...anywhere,
  kind: 'invalid',
  name: 'people',
  file: peopleFile,
  problems,
})

/** Who may post artifacts touches no release: until the file can be read, nobody may. */
const invalidCi = (problems: readonly Problem[]): InvalidPolicy => ({
  ...{ apps: nothing, envs: nothing },
  ...{ kind: 'invalid', name: 'ci', file: ciFile, problems },
})

function loadPolicy(file: string, text: string): Policy | InvalidPolicy {
  const name = file.slice(0, -'.json'.length)
  const spot: Spot = { pointer: '', depth: 0, problems: [] }
  if (!policyName.test(name))
    report(spot, 'the file name must be lower-case letters, digits and dashes, at most 63')
  const value = readText(text, spot)
  const scope = (value && readScopes(value, spot)) ?? anywhere
  const policy = value && readPolicy(value, { name, ...scope }, spot)
  return policy && spot.problems.length === 0
    ? policy
    : { kind: 'invalid', name, file, problems: spot.problems, ...scope }
}

const anywhere: Scoped = { apps: everything, envs: everything }

type Json = Readonly<Record<string, unknown>>

function readText(text: string, spot: Spot): Json | null {
  if (text.length > policyCharsMax)
    return report(spot, `has more than ${policyCharsMax} characters: split the policy`)
  const parsed = parseJson(text)
  if (parsed.kind === 'broken') return report(spot, parsed.message)
  return isObject(parsed.value)
    ? parsed.value
    : report(spot, 'must be an object such as { "kind": "gate", "require": … }')
}

function readScopes(value: Json, spot: Spot): Scoped | null {
  const apps = readScope(value.app, below(spot, 'app'))
  const envs = readScope(value.env, below(spot, 'env'))
  return apps && envs && { apps, envs }
}

type Named = Scoped & { readonly name: string }

/** Reads the rest of a policy. Goes on after a problem, so that one reading finds them all. */
function readPolicy(value: Json, named: Named, spot: Spot): Policy | null {
  if (value.kind === 'trigger') return readTrigger(value, named, spot)
  if (value.kind === 'gate') return readGate(value, named, spot)
  if (value.kind === 'object') return readObjectPolicy(value, named, spot)
  return report(below(spot, 'kind'), unknownKind(value.kind))
}

function readTrigger(value: Json, named: Named, spot: Spot): Trigger | null {
  const shape = readShape(policyShapes.trigger, value, spot)
  const when = readRule('when', value, spot)
  if (!shape) return null
  const { kind, description, enabled, timeZone, on, events = ['push', 'tag'] } = shape
  const { at, days = weekdays, from = null } = shape
  const ask = shape.ask ?? asksByDefault[on]
  const schedule = at === undefined ? null : { minutes: minutesOf(at), days, timeZone }
  const asks = { on, events, ask, from, schedule }
  return { ...named, kind, description, enabled, timeZone, when, ...asks }
}

const asksByDefault = {
  artifact: 'release',
  released: 'release',
  branchDeleted: 'delete',
  health: 'rollback',
  schedule: 'release',
} as const

function readGate(value: Json, named: Named, spot: Spot): Gate | null {
  const shape = readShape(policyShapes.gate, value, spot)
  const when = readRule('when', value, spot)
  const require = readRule('require', value, spot)
  if (!shape || !require) return null
  const { kind, description, enabled, timeZone, otherwise, newer = 'supersedes' } = shape
  const expiresInMs = durationMs(shape.expires ?? expiresDefault)
  const message = shape.message || description || `The policy ${named.name} does not allow it`
  const common = { ...named, kind, description, enabled, timeZone, when }
  return { ...common, require, otherwise, expiresInMs, newer, message }
}

function readObjectPolicy(value: Json, named: Named, spot: Spot): ObjectPolicy | null {
  const shape = readShape(policyShapes.object, value, spot)
  const when = readRule('when', value, spot)
  const require = readRule('require', value, spot)
  if (!shape || !require) return null
  const { kind, description, enabled, timeZone, each, otherwise } = shape
  const message = shape.message || description || `The policy ${named.name} does not allow it`
  return { ...named, kind, description, enabled, timeZone, when, each, require, otherwise, message }
}

const kinds = 'write "trigger", "gate" or "object"'

const unknownKind = (kind: unknown): string =>
  kind === undefined ? `is missing: ${kinds}` : `there is no kind ${quote(kind)}: ${kinds}`

function readRule(key: 'when' | 'require', value: Json, spot: Spot): Rule | null {
  if (value[key] === undefined) return null
  const checked = checkRule(value[key])
  if (checked.kind === 'rule') {
    const foreign = factPathsIn(checked.rule).find((path) => !isFactOf(value, path))
    return foreign === undefined
      ? checked.rule
      : report(
          below(spot, key),
          `${foreign} is no fact for this kind of policy: ${factHome(foreign)}`,
        )
  }
  for (const { pointer, message } of checked.problems)
    spot.problems.push({ pointer: `/${key}${pointer}`, message })
  return null
}

const isFactOf = ({ kind, on, each }: Json, path: string): boolean => {
  if (path.startsWith('container.')) return kind === 'object' && each === 'container'
  if (isObjectFact(path)) return kind === 'object'
  const needed = happeningOf(path)
  return needed === undefined || (kind === 'trigger' && on === needed)
}

function factHome(path: string): string {
  const needed = happeningOf(path)
  if (needed) return `only a trigger on "${needed}" has it`
  return path.startsWith('container.')
    ? 'only a policy of kind "object" with "each": "container" has it'
    : 'only a policy of kind "object" has it'
}

function readShape<Shape extends z.ZodType>(
  shape: Shape,
  value: Json,
  spot: Spot,
): z.output<Shape> | null {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) reportIssue(issue, value, spot)
  return null
}

/** What to write for the keys that a policy cannot do without. */
const required: Readonly<Record<string, string>> = {
  on: 'write "on": "artifact", "released", "branchDeleted", "health" or "schedule"',
  at: 'write the time of day, such as "at": "02:00"',
  when: 'write { "==": [ { "var": "current.health" }, "failed" ] }',
  env: 'name the environment that it asks for',
  require: 'write the rule that must hold',
}

function reportIssue(issue: z.core.$ZodIssue, value: Json, spot: Spot): void {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys')
    for (const key of issue.keys)
      report(
        below(spot, ...path, key),
        `there is no key ${quote(key)}${suggestion(key, keysOf(value.kind))}`,
      )
  else if (path.length === 1 && value[path[0] ?? ''] === undefined)
    report(below(spot, ...path), `is missing: ${required[path[0] ?? '']}`)
  else report(below(spot, ...path), issue.message)
}

function keysOf(kind: unknown): readonly string[] {
  const shape = kind === 'gate' || kind === 'object' ? policyShapes[kind] : policyShapes.trigger
  return Object.keys(shape.shape)
}
