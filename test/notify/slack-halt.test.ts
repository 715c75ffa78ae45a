import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRepository } from '../../src/gitops/clone.ts'
import { gate } from '../support/builders.ts'
import { slackServer, users } from '../support/slack-server.ts'
import { someonesGit, tempFolder } from '../support/temp.ts'

/** A server with Slack that has released to staging, and what people are told of its repositories. */
async function released(own: readonly string[] = []) {
  const folder = await tempFolder()
  const [remote, production] = [join(folder, 'gitops.git'), join(folder, 'production.git')]
  for (const one of [remote, production]) await createRepository(one, 'main', process.env)
  const repos = own.length === 0 ? [] : [{ environments: own, repo: production }]
  const environment = { GITOPS_REPO: remote, GITOPS_REPOS: JSON.stringify(repos) }
  const policies = { 'approval.json': gate({ env: 'nowhere' }) }
  const here = await slackServer({ environment, policies }, onTestFinished)
  const { push, sender, until, shown, slack } = here
  await push('web-1')
  await sender.command('release web staging', { user: users.alice })
  await until(() => expect(shown(slack.messages('#releases'))).toContain('Released web → staging'))
  const told = (place: string) => slack.messages(place).filter((one) => shown(one).includes('Writing ')) // biome-ignore format: one line
  return { ...here, remote, production, told }
}

const tipOf = async (remote: string) => (await someonesGit(remote, 'rev-parse', 'main')).trim()

test('F27: who may resume, and the channel, are told once that writing is halted, and that it goes on', async () => {
  const { server, remote, sender, until, shown, told } = await released()
  const seen = await tipOf(remote)
  await someonesGit(remote, 'update-ref', 'refs/heads/main', 'main~1')
  const found = await tipOf(remote)
  await sender.command('release web staging', { user: users.alice })
  for (const place of ['#releases', users.root]) {
    await until(() => expect(told(place)).toHaveLength(1))
    expect(shown(told(place))).toContain(`gimlet doctor --resume ${found}`)
    expect(shown(told(place))).toContain(seen)
  }
  expect(told('#production')).toEqual([])
  await server.post('/api/gitops/resume', { tip: found })
  for (const place of ['#releases', users.root]) {
    await until(() => expect(told(place)).toHaveLength(2))
    expect(shown(told(place).at(-1))).toContain(`Writing goes on in ${remote}, branch main: admin`)
  }
})

test('F27: a repository of one environment is told of in the channel of that environment', async () => {
  const { production, sender, until, shown, told } = await released(['production'])
  await someonesGit(production, 'commit-tree', '-m', 'another', 'main^{tree}').then((made) =>
    someonesGit(production, 'update-ref', 'refs/heads/main', made.trim()),
  )
  await sender.command('release web production', { user: users.alice })
  await until(() =>
    expect(shown(told('#production'))).toContain(`Writing is halted in ${production}`),
  )
  expect(told('#releases')).toEqual([])
})
