import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRepository } from '../../src/gitops/clone.ts'
import { slackServer, users } from '../support/slack-server.ts'
import { tempFolder } from '../support/temp.ts'

/** Two servers on one database and one GitOps repository, which talk to one workspace. */
async function twoServers() {
  const folder = await tempFolder()
  const remote = join(folder, 'remote.git')
  await createRepository(remote, 'main', process.env)
  const environment = {
    GIMLET_DB_URL: `file:${join(folder, 'shared.db')}`,
    GITOPS_REPO: remote,
    GIMLET_ADMIN_TOKEN: 'a-token-of-both-the-servers',
    HOST: '127.0.0.1',
  }
  const first = await slackServer({ environment }, onTestFinished)
  await first.until(async () => expect(await leads(first)).toBe(true))
  const after = { folder: join(folder, 'second'), slack: first.slack }
  return { first, second: await slackServer({ environment, after }, onTestFinished) }
}

type Started = Awaited<ReturnType<typeof slackServer>>

const leads = async ({ server }: Started) =>
  ((await server.call('/readyz')).body as { leader: boolean }).leader

test('F18, F24: two servers tell Slack once, whichever of them is asked, and the second goes on alone', async () => {
  const { first, second } = await twoServers()
  const { slack, until, shown } = first
  const roots = (channel: string) => slack.messages(channel).filter(({ thread_ts }) => !thread_ts)
  await first.push('web-1')
  await second.sender.command('release web staging', { user: users.alice })
  await until(() => expect(shown(roots('#releases'))).toContain('Released web → staging'))
  await second.sender.command('release web production', { user: users.alice })
  await until(() => expect(roots('#production')).toHaveLength(1))
  expect([await leads(first), await leads(second)]).toEqual([true, false])

  await first.server.stop()
  await until(async () => expect(await leads(second)).toBe(true))
  const [message] = roots('#production')
  await second.sender.click({ actionId: 'approve', message: message!, user: users.bob })
  await until(() => expect(shown(roots('#production'))).toContain('Released web'))
  expect([roots('#releases'), roots('#production')].map(({ length }) => length)).toEqual([1, 1])
})
