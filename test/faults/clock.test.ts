import { createHmac } from 'node:crypto'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { isWithout } from '../stage/machine.ts'
import { openStage } from '../stage/stage.ts'
import { eventually } from '../support/eventually.ts'
import { endPrograms } from '../support/program.ts'

afterEach(endPrograms)

const secret = 'the-signing-secret-of-a-test'

test.skipIf(isWithout.movableClock)(
  'F23: a clock that jumps ten minutes or a day, either way, holds up nothing and lets in nothing',
  async () => {
    const stage = await openStage(onTestFinished)
    const [host, repository, clock] = [
      await stage.gitHost(),
      await stage.repository(),
      await stage.clock(),
    ]
    const server = await stage.server({
      gitops: host.url(repository),
      environment: {
        ...clock.environment,
        SLACK_SIGNING_SECRET: secret,
        SLACK_BOT_TOKEN: 'xoxb-of-a-test',
        SLACK_API_URL: 'http://127.0.0.1:9/api/',
      },
    })
    const { program } = server
    /** The status that Slack gets for something that was signed so many minutes ago. */
    const signed = async (minutesAgo: number, offsetMs: number) => {
      const timestamp = Math.floor((Date.now() + offsetMs) / 1000) - 60 * minutesAgo
      const body = JSON.stringify({ type: 'url_verification', challenge: 'c', token: String(timestamp) }) // biome-ignore format: one value
      const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
      const headers = {
        'content-type': 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': `v0=${hmac}`,
      }
      return (await fetch(`${program.url}/slack/events`, { method: 'POST', headers, body })).status
    }
    const minuteMs = 60_000
    const jumps = [
      { to: '+0', offsetMs: 0 },
      { to: '+10m', offsetMs: 10 * minuteMs },
      { to: '-10m', offsetMs: -10 * minuteMs },
      { to: '+1d', offsetMs: 1440 * minuteMs },
      { to: '-1d', offsetMs: -1440 * minuteMs },
    ]
    let version = 0
    for (const { to, offsetMs } of jumps) {
      // What waits for a host when the clock jumps waits no longer for that.
      await host.stop()
      const waiting = await server.push('web', ++version)
      await eventually(async () => {
        const { json } = await server.call('GET', `/api/event?id=${waiting.id}`)
        expect(JSON.stringify(json)).toContain('waits: ')
      })
      await clock.to(to)
      await host.heal()
      await eventually(async () => expect(await server.runs()).toEqual({ web: waiting.id }))
      expect(await signed(4, offsetMs), to).toBe(200)
      for (const minutes of [6, -6]) expect(await signed(minutes, offsetMs), to).toBe(401)
      expect(await server.ready()).toMatchObject({ status: 200 })
    }
    // Two decisions are compared by the time that they name, which went back.
    await server.holds(repository, { but: /decided earlier/ })
  },
)
