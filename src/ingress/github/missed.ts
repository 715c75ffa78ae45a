import { z } from 'zod'
import { pullOf, readComment, readPull, repositoryIn, updatedUnix } from './payload.ts'
import type { RecordPorts } from './ports.ts'
import { type Hook, isHandled } from './signed-hook.ts'
import type { SweepCalls } from './sweep-calls.ts'

/** What was missed before is found by the other steps; a comment of then is not carried out. */
const backMs = 60 * 60_000
/** A comment that is older when it is found was for a world that has moved on. */
const commentMs = 15 * 60_000
/** GitHub's list is not told to be complete at once. */
const overlapMs = 3 * 60_000
const pagesMax = 20
const perPage = 100
const lookName = 'github deliveries'

/** Up to which delivery, by GitHub's clock, was looked; and where a look broke off that took too long. */
const lookShape = z.object({
  uptoMs: z.number(),
  rest: z.object({ cursor: z.string(), newestMs: z.number() }).nullable(),
})
type Look = z.output<typeof lookShape>

/** Numbers of deliveries are beyond what a double holds. */
const deliveryId = z.union([z.number(), z.bigint()]).transform(String)
const listedShape = z.looseObject({
  id: deliveryId,
  guid: z.string().min(1).max(60),
  delivered_at: z.iso.datetime({ offset: true }),
  status_code: z.number().nullish(),
  event: z.string(),
  action: z.string().nullish(),
})
type Listed = z.output<typeof listedShape>
const detailShape = z.looseObject({
  guid: z.string(),
  event: z.string(),
  request: z.looseObject({ payload: z.record(z.string(), z.unknown()) }),
})
const timeShape = z.looseObject({ comment: z.looseObject({ created_at: z.string() }) })

type MissedPorts = Pick<RecordPorts, 'commands' | 'known' | 'pulls' | 'log'> & {
  /** Where webhooks come in. */
  readonly door: {
    knows(id: string): Promise<boolean>
    take(hook: Hook): Promise<void>
    leave(hook: Hook): Promise<void>
  }
}

/**
 * Takes the deliveries that GitHub could not hand over, oldest first: GitHub never sends them again
 * by itself (row F17). Those that come after all are the same ones, by content and by number.
 */
export async function takeMissed(ports: MissedPorts, calls: SweepCalls): Promise<void> {
  const nowMs = ports.commands.clock.nowMs()
  const look = await lastLook(ports)
  const sinceMs = Math.max((look?.uptoMs ?? 0) - overlapMs, nowMs - backMs)
  const { failed, next } = await lookBack(calls, look ?? { uptoMs: sinceMs, rest: null }, sinceMs)
  const missed: Listed[] = []
  for (const one of failed) if (!(await ports.door.knows(one.guid))) missed.push(one)
  for (const one of inOrder(missed, calls.left)) await takeOne(ports, calls, one)
  // Only now: what a sweep did not come to is found again by the next one.
  await ports.known.keep(lookName, JSON.stringify(next))
}

async function lastLook({ known }: MissedPorts): Promise<Look | undefined> {
  const kept = await known.find(lookName)
  return kept === undefined ? undefined : lookShape.safeParse(JSON.parse(kept)).data
}

/** Reads GitHub's list, which begins with the newest, back to a moment. */
async function lookBack(calls: SweepCalls, look: Look, sinceMs: number) {
  const failed: Listed[] = []
  let newestMs = look.rest?.newestMs ?? look.uptoMs
  let page: Readonly<Record<string, string>> | null =
    look.rest === null ? {} : { cursor: look.rest.cursor }
  for (let count = 0; page !== null && count < pagesMax; count++) {
    const route = 'GET /app/hook/deliveries'
    const answer = await calls.ask('app', route, { per_page: perPage, ...page })
    // A cursor that GitHub does not know any more is not worth more: from the top, the next time.
    if (answer.kind === 'refused') break
    const listed = readList(answer.data)
    const recent = listed.filter((one) => timeOf(one) >= sinceMs)
    failed.push(...recent.filter(isMissed))
    newestMs = Math.max(newestMs, ...recent.map(timeOf))
    page = recent.length < listed.length ? null : (answer.next ?? null)
  }
  const cursor = page?.cursor
  const next: Look =
    cursor === undefined
      ? { uptoMs: newestMs, rest: null }
      : { uptoMs: look.uptoMs, rest: { cursor, newestMs } }
  return { failed, next }
}

const readList = (data: unknown): Listed[] =>
  Array.isArray(data) ? data.flatMap((one) => listedShape.safeParse(one).data ?? []) : []

const timeOf = ({ delivered_at: at }: Listed) => Date.parse(at)

/** A push says only that there may be something to do, which nobody needs to hear late. */
function isMissed({ status_code: status, event, action }: Listed): boolean {
  const isTaken = typeof status === 'number' && status >= 200 && status < 300
  const isOfUse = event === 'issue_comment' ? action === 'created' : event !== 'push'
  return !isTaken && isOfUse && isHandled(event, action)
}

/** Oldest first; when it is too much for one sweep, comments before all that other steps repair. */
function inOrder(missed: readonly Listed[], callsLeft: number): Listed[] {
  const byTime = [...missed].sort((one, other) => timeOf(one) - timeOf(other))
  if (byTime.length <= callsLeft / 2) return byTime
  const isComment = ({ event }: Listed) => event === 'issue_comment'
  return [...byTime.filter(isComment), ...byTime.filter((one) => !isComment(one))]
}

async function takeOne(ports: MissedPorts, calls: SweepCalls, one: Listed): Promise<void> {
  // Another attempt at the same delivery may have been taken a moment ago.
  if (await ports.door.knows(one.guid)) return
  const route = 'GET /app/hook/deliveries/{delivery_id}'
  const answer = await calls.ask('app', route, { delivery_id: one.id })
  const { data } = detailShape.safeParse(answer.kind === 'ok' ? answer.data : null)
  const fields = { delivery: one.guid, event: one.event, action: one.action ?? null }
  if (data?.guid !== one.guid || data.event !== one.event)
    return ports.log.warn(fields, 'GitHub does not tell any more what a missed delivery was')
  const payload = plain(data.request.payload) as Hook['payload']
  const hook: Hook = { id: one.guid, name: one.event, payload }
  if (one.event === 'issue_comment' && !(await isTimely(ports, calls, payload))) {
    ports.log.warn(fields, 'a comment was missed and found too late: nothing is done')
    return ports.door.leave(hook)
  }
  ports.log.info(fields, 'a delivery was missed and is carried out now')
  await calls.during(ports.door.take(hook))
}

/** Numbers as `JSON.parse` reads them in a webhook: the API's are read without loss. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? Number(one) : one)))

/** True of a comment that still says what its author meant: it is young, and of a known head. */
async function isTimely(
  { commands, pulls }: MissedPorts,
  calls: SweepCalls,
  payload: Hook['payload'],
): Promise<boolean> {
  const createdMs = Date.parse(timeShape.safeParse(payload).data?.comment.created_at ?? '')
  if (!(createdMs >= commands.clock.nowMs() - commentMs)) return false
  const given = readComment(payload)
  if (!given || given.issue.pull_request === undefined) return true
  const repository = repositoryIn(given)
  const { number } = given.issue
  if (await pulls.find(repository.id, number)) return true
  // Nobody here knows what its head was then: it is the head of now if nothing happened since.
  const [owner, repo] = repository.name.split('/')
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}'
  const parameters = { owner, repo, pull_number: number }
  const answer = await calls.ask(repository.installation, route, parameters)
  const found = readPull(answer.kind === 'ok' ? answer.data : null)
  const unix = found && updatedUnix(found)
  if (!found || unix === null || unix > Math.ceil(createdMs / 1000) + 1) return false
  await pulls.keep(pullOf(found, repository.id), unix)
  return true
}
