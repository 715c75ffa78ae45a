import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SlackStandIn } from '../support/slack.ts'
import { type Flow, once, post, release, restMsMax } from './flows.ts'
import { type Memory, type Place, type Server, until, type World } from './place.ts'

const secret = 'a-signing-secret-of-the-crash-sweep'
const channel = '#production'
const bob = 'UBOB'
const people = {
  people: [{ login: 'bob', slack: { team: 'T0001', user: bob }, roles: ['approver'] }],
}

/** A held release, and a click on its button. */
export const slackFlow: Flow = {
  name: 'slack',
  rows: ['F2', 'F5', 'F6', 'F24'],
  prepare: async (server, memory) => {
    await post('careful', 1, 'risky')(server, memory)
  },
  world: slackWorld,
  run: (server, memory, { world }) => world?.run(server, memory) ?? Promise.resolve(),
  ends: [{ 'production/careful': 'careful-1' }],
}

async function slackWorld({ folder }: Place): Promise<World> {
  writeFileSync(join(folder, 'policies/people.json'), JSON.stringify(people))
  const slack = new SlackStandIn()
  await slack.start()
  return {
    environment: {
      SLACK_SIGNING_SECRET: secret,
      SLACK_BOT_TOKEN: slack.token,
      SLACK_API_URL: slack.apiUrl,
      SLACK_CHANNEL: `production=${channel}`,
    },
    run: (server, memory) => approve(slack, server, memory),
    problems: () => slack.problems.map((problem) => `Slack would refuse: ${problem}`),
    // Slack cannot be asked what it was told: who ended before the answer was kept posts again.
    told: () => [],
    stop: () => slack.stop(),
  }
}

async function approve(slack: SlackStandIn, server: Server, memory: Memory): Promise<void> {
  const { json } = await release('careful', 1)(server, memory)
  const status = async () => {
    const { json: event } = await server.get(`/api/event?id=${json.id}`)
    return String(event.status)
  }
  const held = () => slack.messages(channel).find(({ thread_ts }) => !thread_ts)
  await until('Slack has a button', restMsMax, async () => {
    const hasButton = JSON.stringify(held()?.blocks ?? '').includes('"approve"')
    return (await status()) === (hasButton ? 'held' : 'processed')
  })
  const sender = slack.sender(`${server.url}/slack/events`, { secret })
  if ((await status()) === 'held')
    await once(memory, 'click', async () => {
      const message = held()
      const click = await sender.click({
        actionId: 'approve',
        ...(message && { message }),
        user: bob,
      })
      return { status: click.status, json: {} }
    })
  await until('the approved release went', restMsMax, async () => (await status()) === 'processed')
}
