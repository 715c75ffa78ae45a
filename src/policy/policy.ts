import type { z } from 'zod'
import type { Sources } from '../domain/sources.ts'
import { parseJson } from './json-text.ts'
import { below, isObject, type Problem, quote, report, type Spot, suggestion } from './problem.ts'
import type { Rule } from './rule.ts'
import { checkRule } from './rule-check.ts'
import { type ArtifactEvent, durationMs, policyShapes } from './schema.ts'
import { everything, readScope, type Scoped } from './scope.ts'

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
  readonly events: readonly ArtifactEvent[]
}

/** Must hold for every release, whoever asks. */
export type Gate = Common & {
  readonly kind: 'gate'
  readonly require: Rule
  readonly otherwise: 'deny' | 'hold' | 'warn'
  readonly expiresInMs: number
  readonly message: string
}

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
  readonly invalid: readonly InvalidPolicy[]
}

export const policyCharsMax = 64 * 1024
const expiresDefault = '24h'
const policyName = /^[a-z0-9][a-z0-9-]{0,62}$/
const otherFiles = new Set(['people.json', 'policy.schema.json'])

/** Loads a folder: every JSON file directly in it is one policy, but for the people and the schema. */
export function loadPolicies({ version, files }: Sources): PolicySet {
  const loaded = [...files]
    .filter(([path]) => path.endsWith('.json') && !path.includes('/') && !otherFiles.has(path))
    .map(([path, text]) => loadPolicy(path, text))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  return {
    version,
    triggers: loaded.filter((policy) => policy.kind === 'trigger'),
    gates: loaded.filter((policy) => policy.kind === 'gate'),
    invalid: loaded.filter((policy) => policy.kind === 'invalid'),
  }
}

function loadPolicy(file: string, text: string): Trigger | Gate | InvalidPolicy {
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
function readPolicy(value: Json, named: Named, spot: Spot): Trigger | Gate | null {
  if (value.kind === 'trigger') return readTrigger(value, named, spot)
  if (value.kind === 'gate') return readGate(value, named, spot)
  return report(below(spot, 'kind'), unknownKind(value.kind))
}

function readTrigger(value: Json, named: Named, spot: Spot): Trigger | null {
  const shape = readShape(policyShapes.trigger, value, spot)
  const when = readRule('when', value, spot)
  if (!shape) return null
  const { kind, description, enabled, timeZone, events } = shape
  return { ...named, kind, description, enabled, timeZone, when, events }
}

function readGate(value: Json, named: Named, spot: Spot): Gate | null {
  const shape = readShape(policyShapes.gate, value, spot)
  const when = readRule('when', value, spot)
  const require = readRule('require', value, spot)
  if (!shape || !require) return null
  const { kind, description, enabled, timeZone, otherwise } = shape
  const expiresInMs = durationMs(shape.expires ?? expiresDefault)
  const message = shape.message || description || `The policy ${named.name} does not allow it`
  const common = { ...named, kind, description, enabled, timeZone, when }
  return { ...common, require, otherwise, expiresInMs, message }
}

function unknownKind(kind: unknown): string {
  if (kind === undefined) return 'is missing: write "trigger" or "gate"'
  return kind === 'object'
    ? 'this version does not know policies of kind object, only trigger and gate'
    : `there is no kind ${quote(kind)}: write "trigger" or "gate"`
}

function readRule(key: 'when' | 'require', value: Json, spot: Spot): Rule | null {
  if (value[key] === undefined) return null
  const checked = checkRule(value[key])
  if (checked.kind === 'rule') return checked.rule
  for (const { pointer, message } of checked.problems)
    spot.problems.push({ pointer: `/${key}${pointer}`, message })
  return null
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
  on: 'write "on": "artifact"',
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

const keysOf = (kind: unknown): readonly string[] =>
  Object.keys(kind === 'gate' ? policyShapes.gate.shape : policyShapes.trigger.shape)
