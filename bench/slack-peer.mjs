import { createAdaptorServer } from '@hono/node-server'
import { App, HTTPReceiver, verifySlackRequest } from '@slack/bolt'
import { Hono } from 'hono'
import { path, signingSecret } from './slack-command.mjs'

/**
 * The peers, which keep and do nothing: a Hono route that only verifies the signature, or Bolt as it
 * comes, with its own receiver and a listener that acknowledges.
 */
const peers = {
  verify() {
    const app = new Hono()
    app.post(path, async ({ req }) => {
      const body = await req.text()
      try {
        verifySlackRequest({
          signingSecret,
          body,
          headers: {
            'x-slack-signature': req.header('x-slack-signature'),
            'x-slack-request-timestamp': Number(req.header('x-slack-request-timestamp')),
          },
        })
      } catch {
        return new Response('', { status: 401 })
      }
      return new Response('')
    })
    const server = createAdaptorServer({ fetch: app.fetch })
    return new Promise((done) => {
      server.listen(0, '127.0.0.1', () => done(server))
    })
  },
  bolt() {
    const receiver = new HTTPReceiver({ signingSecret, endpoints: path })
    const app = new App({
      receiver,
      authorize: () => Promise.resolve({ botToken: 'xoxb-bench' }),
      convoStore: false,
      ignoreSelf: false,
    })
    app.command('/gimlet', ({ ack }) => ack())
    return app.start({ port: 0, host: '127.0.0.1' })
  },
}

const server = await peers[process.env.SLACK_PEER]()
const url = `http://127.0.0.1:${server.address().port}`
console.log(JSON.stringify({ msg: 'listening', url }))
