import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'

/** The peer: what Hono does on this machine when it has nothing to do. */
const app = new Hono()
app.get('/', (c) => c.text('hello'))
app.post('/', async (c) => c.json({ keys: Object.keys(JSON.parse(await c.req.text())).length }))

const server = createAdaptorServer({ fetch: app.fetch })
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  console.log(JSON.stringify({ msg: 'listening', url }))
})
