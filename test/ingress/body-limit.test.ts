import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { githubPath, limitBodies } from '../../src/ingress/http/body-limit.ts'

const mebibyte = 1 << 20

/** An app whose doors read all of a body, and bodies that end when they are told to. */
function doors() {
  const app = new Hono()
  app.use(limitBodies())
  app.post('*', async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)))
  return {
    /** Begins to send a body that says this of its length. */
    send(says: number | 'chunked', path = githubPath) {
      let end = () => undefined as unknown
      const body = new ReadableStream({
        start(controller) {
          end = () => controller.close()
        },
      })
      const length: Record<string, string> =
        says === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(says) }
      const sent = { method: 'POST', body, duplex: 'half', headers: length }
      const answer = Promise.resolve(app.request(path, sent as RequestInit))
      const status = answer.then((response) => response.status)
      return {
        ...{ answer, status },
        end: async () => {
          end()
          return status
        },
      }
    },
  }
}

it('A5: while large bodies of unknown senders are read, another has to come again, and small ones go on', async () => {
  const { send } = doors()
  const first = send(25 * mebibyte)
  const refused = send(8 * mebibyte)
  expect(await refused.status).toBe(503)
  expect((await refused.answer).headers.get('retry-after')).toBe('1')
  expect(await send('chunked').status).toBe(503)
  const [second, small] = [send(7 * mebibyte), send(64 << 10)]
  expect([await second.end(), await small.end(), await first.end()]).toEqual([200, 200, 200])
  expect(await send(25 * mebibyte).end()).toBe(200)
})

it('A5: one that is refused for its size, or whose sender proves himself first, counts for nothing', async () => {
  const { send } = doors()
  expect(await send(25 * mebibyte + 1).status).toBe(413)
  const known = Array.from({ length: 64 }, () => send(mebibyte, '/api/artifact'))
  const large = send(25 * mebibyte)
  for (const one of [...known, large]) expect(await one.end()).toBe(200)
})
