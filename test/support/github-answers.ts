import { z } from 'zod'
import { apiOf } from './github-shapes.ts'
import type { GithubState, Json, Repository } from './github-state.ts'

export type Answer = {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
export type Ask = {
  readonly state: GithubState
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Json
  /** The media type that is asked for. */
  readonly accept: string
  /** Of the token, when there is one. */
  readonly installationId: number
}
export type RepositoryAsk = Ask & { readonly repository: Repository }

const perPageMax = 100

/** Ends a route with an answer. */
export class Refused extends Error {
  readonly answer: Answer
  constructor(answer: Answer) {
    super(String(answer.status))
    this.answer = answer
  }
}

export const ok = (body: unknown, status = 200): Answer => ({ status, body })

export const message = (status: number, text: string, more: Json = {}): Answer =>
  ok({ message: text, ...more, documentation_url: 'https://docs.github.com/rest', status: `${status}` }, status) // biome-ignore format: one value

/** What was looked for, or the answer that it is not there. */
export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Refused(message(404, 'Not Found'))
  return value
}

/** What a schema makes of the body; as GitHub, it leaves out what it does not know. */
export function checked<S extends z.ZodType>({ body }: Ask, schema: S): z.infer<S> {
  const { data, error } = schema.safeParse(body)
  if (!error) return data as z.infer<S>
  const errors = error.issues.map((issue) => ({ field: issue.path.join('.'), code: 'invalid', message: issue.message })) // biome-ignore format: one value
  throw new Refused(message(422, 'Validation Failed', { errors }))
}

export const unprocessable = (text: string): Refused => new Refused(message(422, text))

export const chars = (max: number) =>
  z.string().refine((value) => [...value].length <= max, `is too long (maximum is ${max})`)

export const webUrl = z.string().regex(/^$|^https?:\/\/\S+$/, 'must use http(s) scheme')

/** The part of a list that was asked for, with a Link header. */
export function page<T>({ state, path, query }: Ask, items: readonly T[]) {
  const size = Math.min(Number(query.get('per_page') ?? 30) || 30, perPageMax)
  const at = Math.max(Number(query.get('page') ?? 1) || 1, 1)
  const last = Math.max(Math.ceil(items.length / size), 1)
  const link = (rel: string, to: number) => {
    const asked = new URLSearchParams(query)
    asked.set('page', String(to))
    return `<${apiOf(state)}${path}?${asked}>; rel="${rel}"`
  }
  const back = at > 1 ? [link('prev', at - 1), link('first', 1)] : []
  const links = [...back, ...(at < last ? [link('next', at + 1), link('last', last)] : [])]
  const headers: Record<string, string> = links.length > 0 ? { link: links.join(', ') } : {}
  return { part: items.slice((at - 1) * size, at * size), headers }
}

export function listed<T>(ask: Ask, items: readonly T[], shape: (item: T) => unknown): Answer {
  const { part, headers } = page(ask, items)
  return { status: 200, body: part.map(shape), headers }
}

/** The parameters of a path that a template such as `/pulls/:number` or `/branches/*name` takes. */
export function paramsOf(template: string, path: string): Record<string, string> | undefined {
  const source = template
    .replaceAll('.', '\\.')
    .replaceAll(/:(\w+)/g, '(?<$1>[^/]+?)')
    .replaceAll(/\*(\w+)/g, '(?<$1>.+)')
  const groups = new RegExp(`^${source}$`).exec(path)
  if (!groups) return undefined
  const named = Object.entries(groups.groups ?? {})
  return Object.fromEntries(named.map(([name, value]) => [name, decodeURIComponent(value)]))
}
