import { type Context, Hono } from 'hono'
import type { Authenticate } from '../../commands/authenticate.ts'
import type { Actor } from '../../domain/actor.ts'
import type { Command } from '../../domain/command.ts'
import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { answerTo, json } from './answers.ts'
import { argocdRoutes } from './argocd.ts'
import { artifactRoutes } from './artifacts.ts'
import { auditRoutes } from './audit.ts'
import { githubPath, limitBodies, slackPath } from './body-limit.ts'
import { controlRoutes } from './controls.ts'
import { brokenAnswer, errorAnswer } from './errors.ts'
import { fluxRoutes } from './flux.ts'
import { gitopsRoutes } from './gitops.ts'
import { type Health, healthAnswer, readyAnswer } from './health.ts'
import { openApi } from './openapi.ts'
import { releaseRoutes } from './releases.ts'
import type { Route } from './route.ts'
import { type SetupPorts, setupPath, setupRoutes } from './setup.ts'
import { trackRoutes } from './track.ts'
import { userRoutes } from './users.ts'

/** What the API needs, and GitHub's deliveries. */
export type ApiPorts = {
  /** Gives a command to the command layer. */
  readonly handle: (actor: Actor, command: Command) => Promise<Outcome>
  readonly authenticate: Authenticate
  /** A line for everyone who works with the server now; `null` when there is none. */
  readonly notice?: () => string | null
  /** Answers GitHub's deliveries; there is no such route without it. */
  readonly github: ((request: Request) => Promise<Response>) | null
  readonly log: { error(fields: object, text: string): void }
}

export type AppPorts = ApiPorts & {
  readonly clock: { nowMs(): number }
  readonly health: Health
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  /** Answers what Slack sends, likewise. */
  readonly slack: ((request: Request) => Promise<Response>) | null
  /** Makes the GitHub App on a page of ours; there is no such page without it. */
  readonly setup: SetupPorts | null
}

export const routes: readonly Route[] = [
  ...argocdRoutes,
  ...artifactRoutes,
  ...auditRoutes,
  ...controlRoutes,
  ...fluxRoutes,
  ...gitopsRoutes,
  ...releaseRoutes,
  ...trackRoutes,
  ...userRoutes,
]

/** All that is answered by HTTP, as a function from request to response. */
export function httpApp(ports: AppPorts): Hono {
  const app = apiApp(ports, routes)
  app.get('/', (c) => c.text('gimletd is running. The API: /openapi.json\n'))
  app.get('/healthz', healthAnswer)
  app.get('/readyz', () => readyAnswer(ports.health))
  app.get('/metrics', async (c) => c.text(await ports.metrics()))
  const description = openApi(routes)
  app.get('/openapi.json', (c) => c.json(description))
  const { slack, setup } = ports
  if (slack) app.post(slackPath, ({ req }) => slack(req.raw))
  if (setup) app.route(setupPath, setupRoutes({ ...ports, setup }))
  return app
}

/** Some routes of the API, and GitHub's deliveries: limits, checks and errors are the same everywhere. */
export function apiApp(ports: ApiPorts, of: readonly Route[]): Hono {
  const app = new Hono()
  app.use(limitBodies())
  for (const route of of)
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1{.+}'), (c) =>
      answerRoute(ports, route, c),
    )
  const { github } = ports
  if (github) app.post(githubPath, ({ req }) => github(req.raw))
  app.notFound(({ req }) =>
    errorAnswer('not_found', `There is no ${req.method} ${req.path}; see /openapi.json`),
  )
  app.onError((error, { req }) => {
    ports.log.error({ err: error, method: req.method, path: req.path }, 'a request broke')
    return brokenAnswer(error)
  })
  return app
}

async function answerRoute(ports: ApiPorts, route: Route, c: Context) {
  const answer = await answerOf(ports, route, c)
  const notice = ports.notice?.() ?? null
  if (notice !== null) answer.headers.set('gimlet-notice', notice)
  return answer
}

async function answerOf(ports: ApiPorts, route: Route, c: Context): Promise<Response> {
  const actor = await actorOf(ports, c)
  if (isRefusal(actor)) return answerTo(actor)
  const input = await inputOf(route, c)
  if (isRefusal(input)) return answerTo(input)
  const command = route.command(input as never)
  if (isRefusal(command)) return answerTo(command)
  const outcome = await ports.handle(actor, command)
  const shown = route.shown?.(outcome)
  return shown === undefined ? answerTo(outcome) : json(shown)
}

async function actorOf({ authenticate }: ApiPorts, { req }: Context): Promise<Actor | Refusal> {
  const [scheme = '', credentials] = req.header('authorization')?.split(' ', 2) ?? []
  // GimletD's clients may send it in the query instead.
  const token = scheme.toLowerCase() === 'bearer' ? credentials : req.query('access_token')
  const actor = token ? await authenticate(token) : undefined
  return actor ?? refuse('unauthenticated', 'Send a valid token: Authorization: Bearer <token>')
}

async function inputOf(route: Route, { req }: Context) {
  const given = queryOf(route, req)
  if (isRefusal(given)) return given
  const query = checked(route.query, { ...given, ...req.param() }, '')
  if (isRefusal(query)) return query
  if (!route.body) return { query, body: undefined }
  const parsed = parseJson(await req.text())
  if (isRefusal(parsed)) return parsed
  const body = checked(route.body, parsed.value, 'body')
  return isRefusal(body) ? body : { query, body }
}

/** The query's values by name. Only `sha` may repeat: of two values nobody knows which was meant. */
function queryOf(
  { path }: Route,
  req: Context['req'],
): Record<string, string | string[]> | Refusal {
  const values: Record<string, string | string[]> = {}
  for (const [name, all] of Object.entries(req.queries())) {
    const isList = name === 'sha' && path === '/api/artifacts'
    if (all.length > 1 && !isList) return refuse('invalid', `${name}: must be given once`)
    values[name] = isList ? all : (all[0] ?? '')
  }
  return values
}

function parseJson(text: string): { value: unknown } | Refusal {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const what = error instanceof SyntaxError ? error.message : 'not JSON'
    return refuse('invalid_json', `The body is not valid JSON: ${what}`)
  }
}

function checked(schema: Route['query'], value: unknown, what: string): object | Refusal {
  const result = schema.safeParse(value)
  if (result.success) return result.data as object
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys')
    return refuse('invalid', `${issue.keys[0]}: there is no such field; see /openapi.json`)
  const field = issue?.path.join('.') || what || 'query'
  return refuse('invalid', `${field}: ${issue?.message ?? 'is not valid'}`)
}
