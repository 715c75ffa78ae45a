import { z } from 'zod'
import type { PolicyTrace } from '../domain/decision.ts'
import { type Facts, type FactValue, factDeclarations } from '../domain/facts.ts'
import { isLabel, labelRule } from '../domain/names.ts'
import type { Sources } from '../domain/sources.ts'
import { type Gap, gapsOf, untouchedBy } from './coverage.ts'
import { askedFor, decide, type Question } from './decide.ts'
import { lookUp, typeNames } from './fact.ts'
import { parseJson } from './json-text.ts'
import { readPath } from './operand-check.ts'
import type { Gate, PolicySet, Trigger } from './policy.ts'
import { below, isObject, type Problem, quote, report, type Spot, suggestion } from './problem.ts'
import { type ArtifactEvent, artifactEvents } from './schema.ts'

export type CaseResult = {
  readonly file: string
  /** Where the case stands in its file. */
  readonly pointer: string
  readonly name: string
  readonly passed: boolean
  /** In words, such as `deny by some-gate`; and so is `got`. */
  readonly expected: string
  readonly got: string
  /** What whoever asked was told. */
  readonly why: string
  readonly trace: readonly PolicyTrace[]
}

export type PolicyTestReport = {
  /** What is wrong with test files. No case of such a file is run. */
  readonly problems: readonly (Problem & { readonly file: string })[]
  readonly cases: readonly CaseResult[]
  /** The policies that no case came to, or that said of each case that they do not apply. */
  readonly untouched: readonly { readonly policy: string; readonly why: string }[]
  readonly gaps: readonly Gap[]
}

/**
 * Runs every `tests/*.json` of a folder of policies, and finds what no case tries. `asksMax` is how
 * often a policy may be asked about a case: with more to do than that, none is run.
 */
export function runPolicyTests(
  policies: PolicySet,
  { files }: Sources,
  asksMax = Number.POSITIVE_INFINITY,
): PolicyTestReport {
  const read = [...files]
    .filter(([path]) => /^tests\/[^/]+\.json$/.test(path))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([file, text]) => ({ file, ...readTests(policies, text) }))
  const all = [...policies.triggers, ...policies.gates]
  const count = read.reduce((sum, { tests }) => sum + tests.length, 0)
  const isTooMuch = count * all.length > asksMax
  const message = `has with the other test files ${count} cases for ${all.length} policies: that is more than is run here`
  const tooMany = isTooMuch
    ? read.slice(0, 1).map(({ file }) => ({ file, pointer: '', message }))
    : []
  const cases = (isTooMuch ? [] : read).flatMap(({ file, tests }) =>
    tests.map((test, at) => ({ file, pointer: `/cases/${at}`, ...runTest(policies, test) })),
  )
  const trace = cases.flatMap((one) => one.trace)
  return {
    problems: [
      ...tooMany,
      ...read.flatMap(({ file, problems }) => problems.map((one) => ({ file, ...one }))),
    ],
    cases,
    untouched: all.flatMap((policy) => untouchedBy(policy, trace)),
    gaps: all.flatMap((policy) => gapsOf(policy, trace)),
  }
}

const text = z.string({ error: 'must be text' }).min(1, 'is empty')
const label = text.refine(isLabel, `must be one name: ${labelRule}`)
/** What stands beside the facts: in the file for all of its cases, or in a case. */
const given = {
  app: label.optional(),
  env: label.optional(),
  event: z.enum(artifactEvents, { error: 'must be push, tag or pr' }).optional(),
  now: z.iso
    .datetime({ offset: true, error: 'must be a time such as "2026-11-23T09:30:00Z"' })
    .optional(),
  enable: z.array(text, { error: 'must be a list of names of policies' }).default([]),
  facts: z
    .custom<Tree>(isObject, 'must be an object such as { "artifact": { "id": "web-1" } }')
    .default({}),
}
const answers = ['allow', 'deny', 'hold', 'asked', 'not asked'] as const
const testCase = z.strictObject(
  {
    name: z
      .string({ error: 'is missing: say in a few words what the case shows' })
      .min(1, 'is empty'),
    ...given,
    expect: z.enum(answers, { error: `must be ${answers.join(', ')}` }),
    by: text.optional(),
    warnings: z.array(text, { error: 'must be a list of texts' }).optional(),
  },
  { error: 'must be an object such as { "name": "…", "expect": "allow" }' },
)
const listed = 'must be a list of cases such as { "name": "…", "expect": "allow" }'
const testFile = z.strictObject(
  { ...given, cases: z.array(testCase, { error: listed }).min(1, 'has no case: write one') },
  { error: 'must be an object such as { "facts": …, "cases": [ … ] }' },
)

type Tree = Readonly<Record<string, unknown>>
type TestFile = z.output<typeof testFile>
type TestCase = z.output<typeof testCase>
type PolicyTest = Pick<TestCase, 'name' | 'enable' | 'expect' | 'by' | 'warnings'> & {
  readonly question: Question
  /** Of which event the artifact is that the triggers are asked about; of gates: `null`. */
  readonly event: ArtifactEvent | null
}

function readTests(policies: PolicySet, json: string) {
  const spot: Spot = { pointer: '', depth: 0, problems: [] }
  const file = readShape(json, spot)
  if (!file) return { tests: [], problems: spot.problems }
  const known = [...policies.triggers, ...policies.gates, ...policies.invalid]
  const names = known.map(({ name }) => name)
  checkFacts(file.facts, [], below(spot, 'facts'))
  for (const [at, name] of file.enable.entries()) checkName(name, names, below(spot, 'enable', at))
  const tests = file.cases.flatMap((one, at) => {
    const here = below(spot, 'cases', at)
    if (file.cases.findIndex(({ name }) => name === one.name) < at)
      report(below(here, 'name'), `${quote(one.name)} stands twice: each case has its own name`)
    for (const [nth, name] of one.enable.entries())
      checkName(name, names, below(here, 'enable', nth))
    if (one.by !== undefined) checkName(one.by, names, below(here, 'by'))
    return readCase(file, one, here) ?? []
  })
  return { tests: spot.problems.length > 0 ? [] : tests, problems: spot.problems }
}

function readShape(json: string, spot: Spot): TestFile | null {
  const parsed = parseJson(json)
  if (parsed.kind === 'broken') return report(spot, parsed.message)
  const shape = testFile.safeParse(parsed.value)
  if (shape.success) return shape.data
  for (const issue of shape.error.issues) {
    const path = issue.path.map(String)
    const known = Object.keys(path.length === 0 ? testFile.shape : testCase.shape)
    if (issue.code !== 'unrecognized_keys') report(below(spot, ...path), issue.message)
    else
      for (const key of issue.keys)
        report(below(spot, ...path, key), `there is no key ${quote(key)}${suggestion(key, known)}`)
  }
  return null
}

function checkName(name: string, known: readonly string[], spot: Spot): void {
  if (!known.includes(name))
    report(spot, `there is no policy ${quote(name)}${suggestion(name, known)}`)
}

function readCase(file: TestFile, one: TestCase, spot: Spot): PolicyTest | null {
  const { app = file.app, env = file.env, event = file.event, now = file.now } = one
  const asks = one.expect.endsWith('asked')
  checkFacts(one.facts, [], below(spot, 'facts'))
  if (one.by !== undefined && (one.expect === 'allow' || one.expect === 'not asked'))
    report(below(spot, 'by'), `no policy decides ${quote(one.expect)}: remove it`)
  if (asks && one.warnings) report(below(spot, 'warnings'), 'triggers do not warn: remove it')
  if (app === undefined) report(below(spot, 'app'), 'is missing: write "app": "web"')
  if (env === undefined) report(below(spot, 'env'), 'is missing: write "env": "production"')
  if (now === undefined)
    report(below(spot, 'now'), 'is missing: write "now": "2026-11-23T09:30:00Z"')
  if (asks && event === undefined)
    report(below(spot, 'event'), 'is missing: write "event": "push" to ask the triggers')
  if (app === undefined || env === undefined || now === undefined) return null
  const ofEvent = event === undefined ? {} : { artifact: { version: { event } } }
  const facts = { ...merge(merge(file.facts, ofEvent), one.facts), app, env } as Facts
  return {
    ...one,
    enable: [...file.enable, ...one.enable],
    question: { app, env, facts, nowMs: Date.parse(now) },
    event: (asks && event) || null,
  }
}

/** Lays one tree over another; `null` takes away what lies below it. */
function merge(base: Tree, over: Tree): Tree {
  const merged = new Map(Object.entries(base))
  for (const [name, value] of Object.entries(over)) {
    const under = merged.get(name)
    merged.set(name, isObject(value) ? merge(isObject(under) ? under : {}, value) : value)
  }
  return Object.fromEntries([...merged].filter(([, value]) => value !== null))
}

/** Facts that the test writes elsewhere, by where. */
const writtenBeside = new Map([
  ['app', '"app": "web"'],
  ['env', '"env": "production"'],
  ['now', '"now": "2026-11-23T09:30:00Z"'],
  ['artifact.version.event', '"event": "push"'],
])

function checkFacts(tree: Tree, above: readonly string[], spot: Spot): void {
  for (const [name, value] of Object.entries(tree)) {
    const [names, here] = [[...above, name], below(spot, name)]
    if (isObject(value) && Object.keys(value).length > 0) checkFacts(value, names, here)
    else checkFact(names, value, here)
  }
}

function checkFact(names: readonly string[], value: unknown, spot: Spot): void {
  const path = names.join('.')
  const beside = writtenBeside.get(path) ?? writtenBeside.get(names[0] ?? '')
  if (names.some((name) => name.includes('.')))
    return void report(spot, 'has a dot in a name: write { "artifact": { "id": "web-1" } }')
  if (beside && value !== null)
    return void report(spot, `is no fact to write here: write ${beside} beside "facts"`)
  if ((value === null || isObject(value)) && isPlace(names)) return
  const fact = readPath(path, spot)
  const it = value as FactValue
  if (fact && value !== null && lookUp({ ...fact, path: 'it' }, { it }).kind === 'wrong')
    report(spot, `must be ${typeNames[fact.type]}, as ${path} is`)
}

/** True when facts lie below these names. */
const isPlace = (names: readonly string[]): boolean =>
  factDeclarations
    .map(({ path }) => path.split('.'))
    .some(
      (parts) =>
        parts.length > names.length &&
        names.every((name, at) => name === parts[at] || parts[at] === '*'),
    )

type Answer = Omit<CaseResult, 'file' | 'pointer'>

function runTest(policies: PolicySet, test: PolicyTest): Answer {
  const enable = <Policy extends Gate | Trigger>(policy: Policy): Policy =>
    test.enable.includes(policy.name) ? { ...policy, enabled: true } : policy
  const { triggers, gates } = policies
  const set = { ...policies, triggers: triggers.map(enable), gates: gates.map(enable) }
  return test.event === null ? runGates(set, test) : runTriggers(set, test, test.event)
}

const inWords = (answer: string, by?: string | null): string => (by ? `${answer} by ${by}` : answer)

function runTriggers(policies: PolicySet, test: PolicyTest, event: ArtifactEvent): Answer {
  const { by, problem, trace } = askedFor(policies, { ...test.question, on: 'artifact', event })
  const answer = by === null ? 'not asked' : 'asked'
  return {
    name: test.name,
    passed: answer === test.expect && (test.by ?? by) === by,
    expected: inWords(test.expect, test.by),
    got: inWords(answer, by),
    why: problem ?? (by === null ? 'No trigger asks for it' : `${by} asks for it`),
    trace,
  }
}

function runGates(policies: PolicySet, test: PolicyTest): Answer {
  const { verdict, policy, message, warnings, trace } = decide(policies, test.question)
  const wanted = test.warnings
  const warned =
    !wanted ||
    (wanted.length === warnings.length &&
      wanted.every((part) => warnings.some((warning) => warning.includes(part))))
  const warning = (texts: readonly string[] = []) =>
    wanted ? `, warning ${texts.map(quote).join(' and ') || 'of nothing'}` : ''
  return {
    name: test.name,
    passed: verdict === test.expect && (test.by ?? policy) === policy && warned,
    expected: inWords(test.expect, test.by) + warning(wanted),
    got: inWords(verdict, policy) + warning(warnings),
    why: message,
    trace,
  }
}
