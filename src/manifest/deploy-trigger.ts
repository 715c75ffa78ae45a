import type { Version } from '../domain/artifact.ts'
import type { PolicyTrace, TraceNode } from '../domain/decision.ts'
import { isRefusal } from '../domain/fault.ts'
import { compileGlob } from '../domain/glob.ts'

export const deployEvents = ['push', 'tag', 'pr'] as const

/** When an artifact is released by itself: all that is given must hold. */
export type DeployRule = {
  readonly event: (typeof deployEvents)[number] | null
  readonly branch: string | null
  readonly tag: string | null
  readonly commitMessagePatterns: readonly string[]
}

/** What is deleted when a branch is: the app, whose name may have variables. */
export type CleanupRule = { readonly branch: string | null; readonly app: string | null }

/** How the rules of manifests are called where policies are named: no policy has a dot in its name. */
export const deployPolicy = 'manifest.deploy'
export const cleanupPolicy = 'manifest.cleanup'

type Ruled = { readonly file: string; readonly deploy: readonly DeployRule[] }

/** A condition with the sentence that says what does not fit; `null` when it holds. */
type Condition = { readonly node: TraceNode; readonly misfit: string | null }

/** What a manifest's `deploy` says of a version, as any trigger; nothing when it has none. */
export function askDeploy({ file, deploy }: Ruled, version: Version): PolicyTrace | null {
  const [first, ...more] = deploy.map((rule) => allOf(conditionsOf(rule, version)))
  if (!first) return null
  const any = more.length === 0 ? first : anyOf([first, ...more])
  return traced({ policy: deployPolicy, description: `deploy in ${file}` }, any)
}

/** What a manifest's `cleanup` says of a branch that is gone. */
export function askCleanup(
  { file, cleanup }: { readonly file: string; readonly cleanup: CleanupRule },
  branch: string,
): PolicyTrace {
  const named = (key: 'branch' | 'app') =>
    cleanup[key] === null
      ? [missing(`cleanup.${key}`, `is missing; without it nothing is deleted`)]
      : []
  const conditions = [
    ...named('branch'),
    ...named('app'),
    ...(cleanup.branch === null ? [] : [fits('branch', branch, cleanup.branch)]),
  ]
  return traced({ policy: cleanupPolicy, description: `cleanup in ${file}` }, allOf(conditions))
}

function conditionsOf(rule: DeployRule, version: Version): Condition[] {
  const { event, branch, tag, commitMessagePatterns } = rule
  return [
    ...(event === null ? [] : [isEvent(event, version)]),
    ...(branch === null ? [] : ofBranch(branch, rule, version)),
    ...(tag === null ? [] : ofTag(tag, rule, version)),
    ...(commitMessagePatterns.length === 0 ? [] : [hasMessage(commitMessagePatterns, version)]),
  ]
}

function isEvent(wanted: NonNullable<DeployRule['event']>, { event }: Version): Condition {
  const result = event === wanted
  return {
    node: { op: '==', result, rule: { '==': [{ var: 'event' }, wanted] }, facts: { event } },
    misfit: result ? null : `event is "${event}", the rule wants "${wanted}"`,
  }
}

/** GimletD compares what CI wrote as `branch`: of a pull request, most clients write its own branch. */
function ofBranch(pattern: string, { event }: DeployRule, { branch }: Version): Condition[] {
  return event === 'push' || event === 'pr'
    ? [fits('branch', branch, pattern)]
    : [missing('deploy.branch', 'counts only beside event: push or event: pr; add one of them')]
}

function ofTag(pattern: string, { event }: DeployRule, { tag }: Version): Condition[] {
  return event === 'tag'
    ? [fits('tag', tag, pattern)]
    : [missing('deploy.tag', 'counts only beside event: tag; add it')]
}

function fits(what: 'branch' | 'tag', text: string, pattern: string): Condition {
  const result = matches(pattern, text)
  return {
    node: {
      ...{ op: 'matches', result, facts: { [what]: text } },
      rule: { matches: [{ var: what }, pattern] },
    },
    misfit: result
      ? null
      : `${what} is ${JSON.stringify(text)}, the pattern is ${JSON.stringify(pattern)}`,
  }
}

/** What GimletD gives to everyone who deploys by commit messages: all apps of a monorepo at once. */
const deployAll = '*[DEPLOY: ALL]*'
/** Patterns see so much of a commit message, and a person so much of its first line. */
const messageCharactersMax = 4_096
const shownCharactersMax = 80

function hasMessage(patterns: readonly string[], version: Version): Condition {
  const message = version.message.slice(0, messageCharactersMax)
  const result = [...patterns, deployAll].some((pattern) => matches(pattern, message))
  const [line = ''] = message.slice(0, shownCharactersMax).split('\n', 1)
  return {
    node: {
      ...{ op: 'matches', result, facts: { message: line } },
      rule: { matches: [{ var: 'message' }, patterns] },
    },
    misfit: result
      ? null
      : `the commit message begins with ${JSON.stringify(line)} and fits none of ${JSON.stringify(patterns)}`,
  }
}

const missing = (what: string, message: string): Condition => ({
  node: { op: what, result: false, rule: what, problem: message },
  misfit: `${what} ${message}`,
})

/** A pattern that does not compile was refused when it was read. */
function matches(pattern: string, text: string): boolean {
  const glob = compileGlob(pattern)
  return !isRefusal(glob) && glob.matches(text)
}

function allOf(conditions: readonly Condition[]): Condition {
  const [only] = conditions
  if (only && conditions.length === 1) return only
  const misfits = conditions.flatMap(({ misfit }) => misfit ?? [])
  return {
    node: { op: 'and', result: misfits.length === 0, of: conditions.map(({ node }) => node) },
    misfit: misfits.length === 0 ? null : misfits.join('; '),
  }
}

function anyOf(rules: readonly Condition[]): Condition {
  const result = rules.some(({ misfit }) => misfit === null)
  return {
    node: { op: 'or', result, of: rules.map(({ node }) => node) },
    misfit: result ? null : rules.flatMap(({ misfit }) => misfit ?? []).join('; or '),
  }
}

function traced(
  about: Pick<PolicyTrace, 'policy' | 'description'>,
  { node: when, misfit }: Condition,
): PolicyTrace {
  const base = { ...about, kind: 'trigger', when } as const
  return misfit === null
    ? { ...base, outcome: 'holds' }
    : { ...base, outcome: 'skipped', problem: misfit }
}
