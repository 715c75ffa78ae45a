import { describe, expect, it, onTestFinished } from 'vitest'
import { slackServer, users } from '../../support/slack-server.ts'

const started = (given = {}) => slackServer(given, onTestFinished)

describe('a release by slash command', () => {
  it('is answered at once, told in the channel of its environment, and its answer follows in place', async () => {
    const { slack, sender, push, until, shown } = await started()
    await push('web-1')
    const answer = await sender.command('release web staging', { user: users.alice })
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ response_type: 'ephemeral' })
    const message = await until(() => {
      const [one] = slack.messages('#releases')
      expect(shown(one)).toContain('Released web → staging')
      return one
    })
    expect(shown(message)).toContain('web-1')
    expect(shown(message)).toContain('Asked for by @UALICE')
    await until(() => {
      const [reply] = slack.responses
      expect(shown(reply?.body)).toContain('Released web → staging')
    })
    expect(slack.messages('#releases')).toHaveLength(1)
  })
})
