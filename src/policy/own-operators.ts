import semver from 'semver'
import { roles } from '../domain/actor.ts'
import { isRefusal } from '../domain/fault.ts'
import { compileGlob } from '../domain/glob.ts'
import { readFact, readOperand } from './operand-check.ts'
import type { OwnOperator } from './operators.ts'
import { below, isObject, quote, report, type Spot, suggestion } from './problem.ts'
import type { FactOperand, LiteralValue, Operand, Rule, Test } from './rule.ts'
import { readWindows } from './within.ts'

export type OwnNode = {
  readonly operator: OwnOperator
  readonly operands: unknown
  /** The whole node, as its author wrote it. */
  readonly source: unknown
}
/** What a reader finds: the facts that it needs, and what it asks of them. */
type Found = { readonly operands: readonly Operand[]; readonly test: Test }
type Reader = (value: unknown, spot: Spot) => Found | null

/** Reads one of the operators that JSON-Logic does not have. `null` when a problem was reported. */
export function readOwn({ operator, operands, source }: OwnNode, spot: Spot): Rule | null {
  const found = readers[operator](operands, spot)
  return found && { kind: 'test', op: operator, ...found, source }
}

const readers: Readonly<Record<OwnOperator, Reader>> = {
  glob: readGlob,
  semver: readSemver,
  subset: readSubset,
  within: readWithin,
  hasRole: readHasRole,
  inTeam: readInTeam,
  approvedBy: readApprovedBy,
}

/** A fact that is text, and a text that says what it should look like. */
function readPattern(
  value: unknown,
  spot: Spot,
  example: string,
): readonly [FactOperand, string] | null {
  if (!Array.isArray(value) || value.length !== 2)
    return report(spot, `takes a list of two operands, such as ${example}`)
  const fact = readOperand(value[0], below(spot, 0))
  if (!fact) return null
  if (fact.kind !== 'fact' || fact.type !== 'string')
    return report(below(spot, 0), 'must be a fact that is text')
  return typeof value[1] === 'string'
    ? [fact, value[1]]
    : report(below(spot, 1), `must be a text in quotes, as in ${example}`)
}

function readGlob(value: unknown, spot: Spot): Found | null {
  const example = '[ { "var": "artifact.version.branch" }, "release/*" ]'
  const [fact, pattern] = readPattern(value, spot, example) ?? []
  if (!fact || pattern === undefined) return null
  const glob = compileGlob(pattern)
  if (isRefusal(glob)) return report(below(spot, 1), glob.message)
  const test: Test = {
    holds: ([text]) => glob.matches(String(text)),
    chars: ([text]) => glob.steps(String(text)),
  }
  return { operands: [fact], test }
}

function readSemver(value: unknown, spot: Spot): Found | null {
  const example = '[ { "var": "artifact.version.tag" }, ">=2.1.0 <3" ]'
  const [fact, text] = readPattern(value, spot, example) ?? []
  if (!fact || text === undefined) return null
  // Nothing beside || stands for any version, which is said by * alone.
  const isWhole = text.split('||').every((part) => part.trim() !== '')
  const range = isWhole ? semver.validRange(text) : null
  if (range === null)
    return report(below(spot, 1), `${quote(text)} is no range of versions: write ^2.1.0 or >=2 <3`)
  const parsed = new semver.Range(range)
  const test: Test = {
    holds: ([version]) => parsed.test(String(version)),
    problem: ([version]) =>
      semver.valid(String(version)) === null
        ? `needs a semantic version, ${quote(version)} is none`
        : undefined,
  }
  return { operands: [fact], test }
}

function readSubset(value: unknown, spot: Spot): Found | null {
  if (!Array.isArray(value) || value.length !== 2) return report(spot, 'takes a list of two lists')
  const operands = value.map((one, at) => readOperand(one, below(spot, at)))
  if (!operands.every((operand) => operand !== null)) return null
  const wrong = operands.findIndex(({ type }) => type !== 'strings')
  if (wrong !== -1) return report(below(spot, wrong), 'must be a list of texts')
  if (operands.every(({ kind }) => kind === 'literal'))
    return report(spot, 'compares two literals: write true or false')
  const holds = ([part, whole]: readonly LiteralValue[]) => {
    const known = new Set(textsOf(whole))
    return textsOf(part).every((text) => known.has(text))
  }
  return { operands, test: { holds } }
}

const textsOf = (value: LiteralValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : []

function readWithin(value: unknown, spot: Spot): Found | null {
  const isWithin = readWindows(value, spot)
  const now = readFact('now.unix', spot)
  return isWithin && now && { operands: [now], test: { holds: ([unix]) => isWithin(Number(unix)) } }
}

function readHasRole(value: unknown, spot: Spot): Found | null {
  const [role] = Array.isArray(value) && value.length === 1 ? value : [value]
  const known: readonly string[] = roles
  if (typeof role !== 'string') return report(spot, `takes one of ${known.join(', ')}`)
  if (!known.includes(role))
    return report(spot, `takes one of ${known.join(', ')}${suggestion(role, known)}`)
  return actorHas('actor.roles', role, spot)
}

function readInTeam(value: unknown, spot: Spot): Found | null {
  const [team] = Array.isArray(value) && value.length === 1 ? value : [value]
  return isTeam(team) ? actorHas('actor.teams', team, spot) : report(spot, teamRule)
}

const teamRule = 'must be the name of a team in people.json: letters, digits, - and _'
const isTeam = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9][\w-]{0,62}$/.test(value)

function actorHas(path: string, name: string, spot: Spot): Found | null {
  const fact = readFact(path, spot)
  return fact && { operands: [fact], test: { holds: ([list]) => textsOf(list).includes(name) } }
}

const approvalKeys = ['count', 'role', 'team']
const approversMax = 20

/** `{ "count": 2, "role": "approver", "team": "platform" }`: who asked never counts. */
function readApprovedBy(value: unknown, spot: Spot): Found | null {
  if (!isObject(value))
    return report(spot, 'takes an object such as { "count": 2, "role": "approver" }')
  const unknown = Object.keys(value).find((key) => !approvalKeys.includes(key))
  if (unknown !== undefined)
    return report(
      below(spot, unknown),
      `there is no key ${quote(unknown)}${suggestion(unknown, approvalKeys)}`,
    )
  const { count = 1, role, team } = value
  if (!Number.isInteger(count) || Number(count) < 1 || Number(count) > approversMax)
    return report(below(spot, 'count'), `must be a whole number from 1 to ${approversMax}`)
  if (role !== undefined && !(roles as readonly unknown[]).includes(role))
    return report(below(spot, 'role'), `must be one of ${roles.join(', ')}`)
  if (team !== undefined && !isTeam(team)) return report(below(spot, 'team'), teamRule)
  return approvals({ least: Number(count), lists: approvalLists(role, team) }, spot)
}

const approvalLists = (role: unknown, team: unknown): string[] => [
  'approvals.by',
  ...(role === undefined ? [] : [`approvals.roles.${role}`]),
  ...(team === undefined ? [] : [`approvals.teams.${team}`]),
]

function approvals(
  { least, lists }: { least: number; lists: readonly string[] },
  spot: Spot,
): Found | null {
  const [asker, by, ...limits] = ['actor.login', ...lists].map((path) => readFact(path, spot))
  if (!asker || !by || !limits.every((fact) => fact !== null)) return null
  // Nobody of that role or team has approved: the list is not there.
  const limited = limits.map((fact): FactOperand => ({ ...fact, fallback: [] }))
  const holds = ([login, all, ...others]: readonly LiteralValue[]) => {
    const known = others.map((list) => new Set(textsOf(list)))
    const counted = new Set(textsOf(all).filter((one) => one !== login))
    return [...counted].filter((one) => known.every((list) => list.has(one))).length >= least
  }
  return { operands: [asker, by, ...limited], test: { holds } }
}
