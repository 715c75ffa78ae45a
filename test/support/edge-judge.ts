import { createClient } from '@libsql/client'
import { expect } from 'vitest'
import { broken } from '../crash/checker.ts'
import type { EdgeWorld } from './edge-world.ts'
import { eventually } from './eventually.ts'

type World = Pick<EdgeWorld, 'file' | 'gitops' | 'github' | 'slack'>

/** What is left to do, each with how often. */
const open = `
  select 'requests' as what, count(*) as n from events where status = 'new' union all
  select 'deliveries', count(*) from deliveries where is_done = 0 union all
  select 'messages', count(*) from messages where changed > sent union all
  select 'news', count(*) from changes where seq > (select coalesce(min(seq), 0) from readers)`

/** Asks of the database's file, beside whoever serves it. */
export async function rowsOf(file: string, sql: string) {
  const client = createClient({ url: `file:${file}`, intMode: 'number' })
  try {
    return (await client.execute(sql)).rows
  } finally {
    client.close()
  }
}

/** Waits until nothing is left to do: carried out, told, and kept as landed. */
export const atRest = ({ file }: World): Promise<void> =>
  eventually(async () => {
    const left = (await rowsOf(file, open)).filter(({ n }) => n !== 0)
    if (left.length > 0) throw new Error(left.map(({ what, n }) => `${n} ${what}`).join(', '))
  })

/** Waits until nobody leads, either: the shift is over. */
export async function asleep(world: World): Promise<void> {
  await atRest(world)
  await eventually(async () => {
    const [lease] = await rowsOf(world.file, 'select holder from leases')
    expect(lease?.holder ?? null).toBeNull()
  })
}

/** What is on the branch and in the index is whole, and each accepted request had one effect (I1 to I6). */
export async function holds(
  world: World,
  accepted: readonly string[],
  seen: readonly string[] = [],
) {
  const { file, gitops } = world
  const evidence = { accepted, seen, database: file, remote: gitops.remote }
  expect(await broken({ ...evidence, committer: 'noreply@github.com' })).toEqual([])
}

/**
 * Says it when Slack or GitHub were told something twice. Only Slack may be, and no more often than the
 * runtime ended while it waited for an answer: Slack cannot be asked what it was told.
 */
export async function saidOnce({ file, slack, github }: World): Promise<void> {
  const rows = await rowsOf(file, 'select surface, ts from messages where ts is not null')
  const known = new Set(rows.map(({ surface, ts }) => `${surface} ${ts}`))
  const unanswered = slack.callsOf('chat.postMessage').filter(({ status }) => status === 0)
  const posts = slack
    .messages()
    .filter((one) => one.author === 'UBOT' && one.thread_ts === undefined)
    .filter(({ ts }) => !known.has(`slack ${ts}`))
  expect(posts.length).toBeLessThanOrEqual(unanswered.length)
  const comments = github.storedComments
    .filter(({ author }) => author === github.bot)
    .filter(({ id }) => !known.has(`github ${id}`))
  expect(comments.map(({ body }) => body)).toEqual([])
}
