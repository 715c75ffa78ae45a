import { once } from 'node:events'
import { connect } from 'node:net'
import { Hono } from 'hono'
import { expect, it, onTestFinished } from 'vitest'
import { listen } from '../../src/ingress/http/listen.ts'

const request = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

/** A server with a long answer, and a connection to it. */
async function connected() {
  const app = new Hono()
  app.get('/', (c) => c.text('x'.repeat(50_000)))
  const listener = await listen(app, { port: 0, host: '127.0.0.1' })
  const socket = connect({ port: listener.port, host: '127.0.0.1' })
  onTestFinished(() => {
    socket.destroy()
    listener.closeNow()
    return listener.close()
  })
  socket.on('error', () => undefined)
  return socket
}

it('F34: who asks on and on without an answer is hung up on', async () => {
  const socket = await connected()
  const closed = once(socket, 'close')
  let bytes = 0
  socket.on('data', (part) => {
    bytes += part.length
  })
  socket.write(request.repeat(400))
  await closed
  expect(bytes).toBeLessThan(100 * 50_000)
})

it('a few requests at once are all answered', async () => {
  const socket = await connected()
  let text = ''
  socket.setEncoding('latin1').on('data', (part) => {
    text += part
  })
  socket.write(request.repeat(8))
  await expect.poll(() => text.split('HTTP/1.1 200').length - 1).toBe(8)
})
