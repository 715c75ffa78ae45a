import { expect, it, onTestFinished } from 'vitest'
import { gate } from '../../support/builders.ts'
import { gitopsOfGithub } from '../../support/github-gitops.ts'
import { githubServer, shas } from '../../support/github-server.ts'

it('policies that are pushed to the GitOps repository count at once, for what waits, too', async () => {
  const people = JSON.stringify({
    people: [{ login: 'alice', github: 'alice', roles: ['viewer'] }],
  })
  const no = gate({ env: 'production', otherwise: 'hold', expires: '2h' })
  const { remote, commit } = await gitopsOfGithub({ 'policies/no.json': no })
  const { github, sender, server, push, releases, until, pull, replies } = await githubServer(
    { environment: { GITOPS_REPO: remote, POLICIES: 'gitops:policies' } },
    onTestFinished,
  )
  const gitops = github.repository({ fullName: 'example/gitops', id: 8 })
  await sender.push({ repository: gitops, ref: 'other', after: shas.two })
  await push('web-1', shas.one)
  await server.post('/api/releases', { env: 'production', app: 'web', artifactId: 'web-1' })
  await until(async () => {
    const { body } = await server.call('/metrics')
    expect(String(body)).toMatch(/gimletd_events\{status="held"\} 1/)
  })
  const after = await commit({ 'policies/no.json': null, 'policies/people.json': people })
  await sender.push({ repository: gitops, ref: 'main', after })
  // What waits is looked at by itself every 15 seconds.
  await until(async () => expect(await releases('production')).toHaveLength(1))
  await sender.comment(pull, '/gimlet release staging')
  await until(() => expect(replies().map(({ body }) => body)).toEqual([expect.stringContaining('alice may not release')])) // biome-ignore format: one line
})
