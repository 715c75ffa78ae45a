import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { isSha } from '../../../../src/domain/names.ts'
import { commentLines } from '../../../../src/ingress/github/comment-lines.ts'
import {
  pullOf,
  readComment,
  readDelete,
  readInstalled,
  readPull,
  readPullEvent,
  readPush,
  readRepositoryEvent,
  readRerequest,
  repositoryIn,
  updatedUnix,
} from '../../../../src/ingress/github/payload.ts'
import { deliveryOf, isHandled, readHook } from '../../../../src/ingress/github/signed-hook.ts'
import { broken, type Door, same } from '../fuzz.ts'

type Json = Readonly<Record<string, unknown>>
type Sent = { readonly name: string; readonly payload: Json }
const kinds = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
  name: string
  examples: Json[]
}[]

/** A delivery of every kind that GitHub has, as the app's own installation would be sent it. */
const examples: readonly Sent[] = kinds.flatMap(({ name, examples: all }) =>
  all.slice(0, isHandled(name, 'rerequested') ? 5 : 1).map((payload) => ({
    name,
    payload: { ...payload, installation: { id: 42, node_id: 'MDQ2' } },
  })),
)
const words = [
  'installation',
  'created',
  'closed',
  'rerequested',
  'deleted',
  'branch',
  'refs/tags/v1',
  '/gimlet release web staging',
  'acme/web',
]

const readers = {
  readInstalled,
  readComment,
  readPullEvent,
  readDelete,
  readPush,
  readRepositoryEvent,
  readRerequest,
  readPull,
}

/** GitHub's deliveries, behind their signature. */
export const githubDeliveriesDoor: Door = {
  name: 'github-deliveries',
  about: 'A4, A6, A19: deliveries of GitHub, of every kind, once they are verified',
  form: 'json',
  words,
  seeds: examples,
  take(input) {
    const { name, payload } = asSent(input)
    const found = Object.entries(readers).filter(([, read]) => read(payload) !== null)
    // They differ in what they want only, so the last of them is as good as all.
    const [, read] = found.at(-1) ?? []
    const once = JSON.stringify(read?.(payload) ?? null)
    if (read && JSON.stringify(read(JSON.parse(once))) !== once) broken('read again, it is another')
    const given = readRepositoryEvent(payload)
    if (given && !/^[\w.-]+\/[\w.-]+$/.test(repositoryIn(given).name)) broken('an odd repository')
    const pulled = readPullEvent(payload)?.pull_request
    if (pulled && !isSha(pullOf(pulled, 1).headSha)) broken('a head is no commit')
    const updated = pulled ? updatedUnix(pulled) : null
    if (updated !== null && !Number.isSafeInteger(updated)) broken('a time is no time')
    const lines = commentLines(readComment(payload)?.comment.body ?? '').lines.length
    return `${name} ${found.map(([which]) => which).join(' ')} ${lines}`
  },
}

const secret = 'the-webhook-secret-of-the-fuzz'

/** The whole door, with bytes and a signature; some of it forged. */
export const githubHooksDoor: Door = {
  name: 'github-hooks',
  about: 'A1, A4, A6: what reaches the webhook of GitHub, signed and not',
  form: 'json',
  words,
  seeds: examples.filter(({ name }) => isHandled(name, 'rerequested')),
  share: 0.1,
  async take(input) {
    const { name, payload } = asSent(input)
    const body = JSON.stringify(payload)
    const [right, wrong] = [secret, 'another'].map((one) => signature(body, one))
    const forged = await readHook(request(name, body, wrong ?? ''), [secret])
    if (!(forged instanceof Response) || forged.status !== 401) broken('a forged one was read')
    const hook = await readHook(request(name, body, right ?? ''), [secret])
    if (hook instanceof Response) return `${hook.status}`
    const at = { requestId: 'r', receivedMs: 0 }
    const kept = deliveryOf(hook, at)
    same(deliveryOf(JSON.parse(kept.body), at), kept, 'kept again')
    return `kept ${hook.name} ${kept.alias === undefined}`
  },
}

const signature = (body: string, by: string) =>
  `sha256=${createHmac('sha256', by).update(body).digest('hex')}`

function request(name: string, body: string, signed: string): Request {
  const isName = /^[\x20-\x7e]*$/.test(name)
  return new Request('http://localhost/api/github/webhooks', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': isName ? name : 'odd',
      'x-github-delivery': 'd',
      'x-hub-signature-256': signed,
    },
  })
}

/** A mutant may have lost its name or its payload: a body is sent whatever it is. */
function asSent(input: unknown): Sent {
  const { name, payload } = (typeof input === 'object' && input !== null ? input : {}) as Json
  return { name: typeof name === 'string' ? name : '', payload: (payload ?? input) as Json }
}
