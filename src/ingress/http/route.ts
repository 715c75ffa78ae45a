import type { z } from 'zod'
import type { Command } from '../../domain/command.ts'
import type { Refusal } from '../../domain/fault.ts'
import type { Outcome } from '../../domain/outcome.ts'

/** What a request brought, checked: path and query by `query`, JSON by `body`. */
export type Input<Query, Body> = { readonly query: Query; readonly body: Body }

/**
 * One call of the API: from it come the route, its checks and its page in `openapi.json`. Who may
 * use it follows from the command that it makes.
 */
export type Route = {
  readonly method: 'get' | 'post' | 'delete'
  /** OpenAPI's form: `/api/artifacts/{id}`. */
  readonly path: string
  readonly summary: string
  readonly answer: string
  readonly query: z.ZodType
  readonly body: z.ZodType | null
  readonly command: (input: Input<never, never>) => Command | Refusal
  /** Shows what came of it in a shape of its own; what it leaves undefined is shown as everywhere. */
  readonly shown?: (outcome: Outcome) => object | undefined
}

type Declared<Query extends z.ZodType, Body extends z.ZodType | null> = Omit<
  Route,
  'query' | 'body' | 'command'
> & {
  readonly query: Query
  readonly body: Body
  readonly command: (
    input: Input<z.output<Query>, Body extends z.ZodType ? z.output<Body> : undefined>,
  ) => Command | Refusal
}

/** Declares a call; the types of query and body reach the function that makes its command. */
export const route = <Query extends z.ZodType, Body extends z.ZodType | null>(
  declared: Declared<Query, Body>,
): Route => declared as Route
