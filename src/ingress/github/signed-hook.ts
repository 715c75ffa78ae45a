import { createHash } from 'node:crypto'
import { verifyWithFallback } from '@octokit/webhooks-methods'

/** The webhook secret, and the one before it while it is rotated. */
export type Secrets = readonly [string, ...string[]]

const handled: ReadonlySet<string> = new Set([
  'check_run',
  'check_suite',
  'delete',
  'installation',
  'installation_repositories',
  'issue_comment',
  'pull_request',
  'push',
  'repository',
  'workflow_run',
])
/** Of what CI makes very many of, the one action that counts. */
const onlyAction: Readonly<Record<string, string>> = {
  check_run: 'rerequested',
  check_suite: 'rerequested',
  workflow_run: 'completed',
}

/** Whether anything is done for an event; of the others nothing is kept. */
export const isHandled = (name: string, action: unknown): boolean =>
  handled.has(name) && (!Object.hasOwn(onlyAction, name) || action === onlyAction[name])

/** No delivery of GitHub's nests as deep by far; deeper than the stack is what breaks programs (A6). */
const levelsMax = 64

/** A delivery as it is kept. */
export type Hook = {
  readonly id: string
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}

/**
 * A delivery of GitHub's, verified over the bytes as they came; or the answer to what is none, or to one
 * that nothing is done about (rows A1, A2).
 */
export async function readHook(request: Request, secrets: Secrets): Promise<Hook | Response> {
  const signature = request.headers.get('x-hub-signature-256') ?? ''
  const name = request.headers.get('x-github-event') ?? ''
  const isJson = /^application\/json\b/i.test(request.headers.get('content-type') ?? '')
  if (!/^sha256=[0-9a-f]{64}$/.test(signature) || !isJson) return unauthorized()
  const body = textOf(await request.arrayBuffer())
  if (body === undefined || !(await isSigned(body, signature, secrets))) return unauthorized()
  if (!/^[a-z0-9_]{1,60}$/.test(name)) return new Response('no event is named', { status: 400 })
  const payload = parseJson(body)
  if (payload === undefined)
    return new Response(`this is no JSON object of at most ${levelsMax} levels`, { status: 400 })
  if (!isHandled(name, payload.action)) return new Response('', { status: 202 })
  const id = request.headers.get('x-github-delivery')?.slice(0, 60) ?? ''
  return { id, name, payload }
}

/** How a delivery is kept: its row, and the name that GitHub gives it besides. */
export function deliveryOf(
  hook: Hook,
  { requestId, receivedMs }: { readonly requestId: string; readonly receivedMs: number },
) {
  // The header with the delivery's id is not signed: the same content is the same thing. GitHub's
  // list of deliveries has the content without its bytes, so it is compared as what it says.
  const said = JSON.stringify(hook.payload, sorted)
  return {
    key: `${hook.name} ${createHash('sha256').update(said).digest('hex')}`,
    ...{ requestId, receivedMs, surface: 'github', body: JSON.stringify(hook) },
    // Hooks of a repository share the numbers of the app's; only the app's name an installation.
    alias: hook.id !== '' && 'installation' in hook.payload ? nameOf(hook.id) : undefined,
  }
}

/** What a delivery is known by besides its content. */
export const nameOf = (id: string) => `delivery ${id}`

async function isSigned(body: string, signature: string, secrets: Secrets): Promise<boolean> {
  const [secret, ...before] = secrets
  try {
    return Boolean(await verifyWithFallback(secret, body, signature, before))
  } catch {
    return false
  }
}

/** Puts the keys of every object in order. */
function sorted(_: string, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
}

/** The bytes as text that has these bytes and no others: no mark is dropped, nothing is replaced (A4). */
function textOf(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const unauthorized = () => new Response('unauthorized', { status: 401 })

function parseJson(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && isWithin(value, levelsMax) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((one) => isWithin(one, levels - 1))
}
