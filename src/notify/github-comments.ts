import type { Message } from '../domain/message.ts'
import type { GithubApi, GithubResult } from '../messages/github/api.ts'
import { type Place, placeOf } from '../messages/github/places.ts'

/** How many comments are looked through for one that may be ours already. */
const lookMax = 100
/** GitHub's clock and ours may differ by so much. */
const clocksMs = 60_000

export type CommentPorts = {
  readonly api: GithubApi
  /** The number of our app: what another one wrote is not ours. */
  readonly appId: number
}

/** Where a comment is, and the message that it belongs to. */
export type CommentAt = {
  readonly message: Message
  readonly place: Place
  /** It is only kept up to date, where it is there. */
  readonly isOver?: boolean
}

export const commentAt = (message: Message, number?: number): CommentAt => {
  const place = placeOf(message)
  return { message, place: number === undefined ? place : { ...place, number } }
}

/** Writes the comment of a message, or what it says now. One that was thought lost is looked for first. */
export async function writeComment(
  { api, appId }: CommentPorts,
  at: CommentAt,
  text: string,
): Promise<GithubResult> {
  const { message, place } = at
  const body = `${text}\n\n${markOf(message)}`
  if (message.ts !== null) return editComment(api, at, { id: Number(message.ts), body })
  if (message.isTried) {
    const found = await findComment({ api, appId }, at)
    if (found.kind !== 'ok') return found
    const old = found.data as Found | null
    if (old?.body === body) return found
    if (old) return editComment(api, at, { id: old.id, body })
  }
  if (at.isOver) return { kind: 'ok', status: 200, data: null }
  const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments'
  const parameters = { ...place.of, issue_number: place.number, body }
  return api.call(place.installation, route, parameters)
}

function editComment(
  api: GithubApi,
  { place: { installation, of } }: CommentAt,
  { id, body }: { id: number; body: string },
): Promise<GithubResult> {
  const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}'
  return api.call(installation, route, { ...of, comment_id: id, body })
}

/** A comment is known as ours by what nobody sees of it. */
const markOf = ({ key }: Message) => `<!-- gimlet:${key.replaceAll(/[^a-z0-9]+/gi, '-')} -->`

type Found = { readonly id: number; readonly body: string }
type Listed = {
  readonly id?: unknown
  readonly body?: unknown
  readonly user?: { readonly type?: unknown } | null
  readonly performed_via_github_app?: { readonly id?: unknown } | null
}

/** Looks for the comment of a message that may have arrived. */
async function findComment(
  { api, appId }: CommentPorts,
  { message, place: { installation, of, number } }: CommentAt,
): Promise<GithubResult> {
  const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments'
  const since = new Date(message.createdMs - clocksMs).toISOString()
  const parameters = { ...of, issue_number: number, since, per_page: lookMax }
  const listed = await api.call(installation, route, parameters)
  if (listed.kind !== 'ok') return listed
  const all = Array.isArray(listed.data) ? (listed.data as Listed[]) : []
  const found = all.find((one) => isOurs(one, appId) && String(one.body).includes(markOf(message)))
  const data = found
    ? ({ ...found, id: Number(found.id), body: String(found.body) } as Found)
    : null
  return { kind: 'ok', status: 200, data }
}

/** What a person wrote may look like ours, and is never edited. */
const isOurs = ({ user, performed_via_github_app: app }: Listed, appId: number): boolean =>
  user?.type === 'Bot' && (!app || Number(app.id) === appId)
