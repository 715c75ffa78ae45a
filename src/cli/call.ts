import type { Outcome } from '../domain/outcome.ts'

/** A query's values by name; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>
/** One call of the server's HTTP API. */
export type Call = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  /** Turns the JSON of a 2xx answer into what it means. */
  readonly read: (json: never, status: number) => Outcome
}

export const get = (path: string, query: Query = {}) => ({ method: 'GET', path, query }) as const
export const post = (path: string, query: Query = {}) => ({ method: 'POST', path, query }) as const
export const del = (path: string, query: Query = {}) => ({ method: 'DELETE', path, query }) as const

/** A time as the API takes it. */
export const timeOf = (unix: number | undefined) =>
  unix === undefined ? undefined : new Date(unix * 1000).toISOString()
