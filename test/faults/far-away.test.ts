import { expect, onTestFinished, test } from 'vitest'
import { slackScript } from '../stage/scripts.ts'
import { slackServer } from '../support/slack-server.ts'

test('F24: whatever Slack answers, a release ends as it would, and is told afterwards', async () => {
  const { server, slack, push, until, shown } = await slackServer({}, onTestFinished)
  const faults = Object.values(slackScript)
  slack.fault = ({ method }) => (method.startsWith('chat.') ? faults.shift() : undefined)
  for (let version = 1; version <= 3; version++) {
    const artifactId = `web-${version}`
    await push(artifactId)
    const { body } = await server.post('/api/releases', { env: 'staging', app: 'web', artifactId })
    const { id } = body as { id: string }
    expect(await server.ended(id)).toMatchObject({ status: 'processed' })
  }
  await until(() => {
    expect(faults).toEqual([])
    expect(shown(slack.messages('#releases'))).toContain('Released web → staging')
    expect(shown(slack.messages('#releases'))).toContain('web-3')
  })
  await until(async () =>
    expect((await server.call('/readyz')).body).toMatchObject({ problems: [] }),
  )
})
