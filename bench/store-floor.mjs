import { setImmediate as nextTurn } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { createClient } from '@libsql/client'
import { Hono } from 'hono'

/**
 * The least that a durable accept can be with these packages: the body is parsed and kept by its id
 * in one table, all that arrived together in one commit. No token, no checks, no queue, no answer.
 */
const client = createClient({ url: `file:${process.env.FLOOR_FILE}`, concurrency: 1 })
await client.execute('pragma journal_mode = wal')
await client.execute(
  'create table kept (seq integer primary key, id text not null unique, body text not null)',
)
const insert = `insert into kept (id, body) select value ->> '$.id', value from json_each(?) where true
                on conflict (id) do nothing`

let waiting = []
function keep(body) {
  return new Promise((done) => {
    waiting.push({ body, done })
    if (waiting.length === 1) void flush()
  })
}

async function flush() {
  for (let known = 0; known < waiting.length; ) {
    known = waiting.length
    await nextTurn()
  }
  const group = waiting
  waiting = []
  await client.batch(
    [{ sql: insert, args: [`[${group.map(({ body }) => body).join(',')}]`] }],
    'write',
  )
  for (const { done } of group) done()
}

const app = new Hono()
app.post('/', async (c) => {
  const body = await c.req.text()
  JSON.parse(body)
  await keep(body)
  return c.json({}, 201)
})

const server = createAdaptorServer({ fetch: app.fetch })
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  console.log(JSON.stringify({ msg: 'listening', url }))
})
