import { type Artifact, builtBranch, type Version } from '../domain/artifact.ts'
import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { nearestFew } from '../domain/nearest.ts'
import { type Filled, functions, valueCharactersMax } from './functions.ts'
import { type Call, type Expression, type Part, parseTemplate } from './template.ts'

/** Values by name: `tag`, `image.tag`, `APP`. A `Map`, so that no name can be a prototype's. */
export type Variables = ReadonlyMap<string, string>

/** Where a manifest goes, and on whose behalf. */
export type Target = {
  readonly app: string
  readonly env: string
  readonly namespace: string
  readonly actor: string
}

/** The longest text that a filled scalar may become, in characters. */
const filledCharactersMax = 1_048_576

/**
 * What a manifest can name: the artifact's context, then the fields of its items as GimletD flattens
 * them (the last of a name wins), then the same as `<item>.<field>`, and the built-in names over all.
 */
export function variablesOf(artifact: Artifact, target: Target): Variables {
  const fields = artifact.items.flatMap((item) =>
    Object.entries(item).flatMap(([field, value]) => {
      const text = asText(value)
      return text === null ? [] : [{ item: item.name, field, text }]
    }),
  )
  return new Map([
    ...Object.entries(artifact.context),
    ...fields.map(({ field, text }) => [field, text] as const),
    ...fields
      .filter(({ item }) => typeof item === 'string')
      .map(({ item, field, text }) => [`${item}.${field}`, text] as const),
    ...Object.entries(builtIns(artifact, target)),
  ])
}

const asText = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : null

/** The names that Gimlet's CI shippers set, taken from what the server knows instead. */
function builtIns({ version, context }: Artifact, target: Target): Record<string, string> {
  const { repositoryName } = version
  return {
    APP: target.app,
    ENV: target.env,
    NAMESPACE: target.namespace,
    ACTOR: target.actor,
    REPO: repositoryName,
    OWNER: repositoryName.includes('/') ? repositoryName.slice(0, repositoryName.indexOf('/')) : '',
    BRANCH: builtBranch(version),
    TAG: version.tag,
    SHA: version.sha,
    EVENT: version.event,
    PR: pullRequest(version, context),
  }
}

/** The pull request's number, from wherever CI put it. Gimlet's own shipper has it in the URL only. */
function pullRequest(version: Version, context: Artifact['context']): string {
  const kept: Readonly<Record<string, unknown>> = { ...version }
  const inUrl = /\/(?:pull|pulls|pull-requests|merge_requests)\/(\d{1,15})(?:\/|$)/.exec(
    version.url,
  )
  const candidates = [kept.pr, kept.number, kept.pullRequest, context.PR, context.PR_NUMBER]
  if (version.event === 'pr') candidates.push(inUrl?.[1])
  return candidates.map(asText).find((text) => text !== null && /^\d{1,15}$/.test(text)) ?? ''
}

/**
 * Fills the expressions of a text in. A text that is one expression can become a number or a boolean,
 * by `int` and `bool`; everything else is text, whatever it looks like.
 */
export function fill(text: string, variables: Variables): Filled | Refusal {
  const parts = parseTemplate(text)
  if (isRefusal(parts)) return parts
  const [only] = parts
  const filled =
    parts.length === 1 && only?.kind === 'expression'
      ? evaluate(only, variables)
      : joined(parts, variables)
  // YAML has no way to write half a surrogate pair that every parser reads.
  if (typeof filled === 'string' && /\p{Surrogate}/u.test(filled))
    return refuse('invalid', 'a filled value must be valid Unicode text')
  return filled
}

function joined(parts: readonly Part[], variables: Variables): string | Refusal {
  let text = ''
  for (const part of parts) {
    const value = part.kind === 'text' ? part.text : evaluate(part, variables)
    if (isRefusal(value)) return value
    if (typeof value !== 'string')
      return refuse('invalid', `int and bool need the whole value: write only "{{ … }}" there`)
    text += value
    if (text.length > filledCharactersMax)
      return refuse('invalid', `a filled value must have at most ${filledCharactersMax} characters`)
  }
  return text
}

function evaluate({ source, head, calls }: Expression, variables: Variables): Filled | Refusal {
  let value: Filled | undefined = head.kind === 'literal' ? head.text : variables.get(head.text)
  for (const [at, call] of calls.entries()) {
    const applied = applyCall(call, { value, isLast: at === calls.length - 1 })
    if (isRefusal(applied)) return refuse('invalid', `${source}: ${applied.message}`)
    value = applied
  }
  if (value === undefined)
    return refuse(
      'invalid',
      `${source}: unknown variable ${head.text}${like(head.text, variables)}`,
    )
  if (typeof value === 'string' && value.length > valueCharactersMax)
    return refuse('invalid', `${source}: has more than ${valueCharactersMax} characters`)
  return value
}

type Given = { readonly value: Filled | undefined; readonly isLast: boolean }

/** One step of a pipe. An unknown value passes through until a `default` gives it one. */
function applyCall({ name, args }: Call, { value, isLast }: Given): Filled | undefined | Refusal {
  const known = functions.get(name)
  if (!known) return refuse('invalid', `unknown function ${name}${like(name, functions)}`)
  if (args.length !== known.parameters.length)
    return refuse('invalid', `write it as ${[name, ...known.parameters].join(' ')}`)
  if (known.isLast && !isLast) return refuse('invalid', `nothing can follow ${name}`)
  if (value === undefined) return name === 'default' ? known.apply('', args) : undefined
  const text = String(value)
  if (text.length > valueCharactersMax)
    return refuse('invalid', `has more than ${valueCharactersMax} characters`)
  return known.apply(text, args)
}

function like(name: string, known: ReadonlyMap<string, unknown>): string {
  const names = nearestFew(name, known.keys(), 3)
  return names.length > 0 ? `; did you mean ${names.join(' or ')}?` : ''
}
