import { describe, expect, it, onTestFinished } from 'vitest'
import { manifest, posted } from '../../support/builders.ts'
import { githubServer, shas } from '../../support/github-server.ts'

const manifests = {
  'web.yaml': manifest({ env: 'staging' }),
  'web-production.yaml': manifest({ extra: 'repository: example/web\n' }),
}

/** A server where web runs in staging, from example/web. */
async function released() {
  const all = await githubServer({ manifests }, onTestFinished)
  const { server, sender, pull, until } = all
  /** Why it was not released, if it was not. */
  const release = async (artifactId: string, env: string) => {
    const { body } = await server.post('/api/releases', { env, app: 'web', artifactId })
    const { id, error } = body as { id?: string; error?: { message: string } }
    if (id === undefined) return error?.message
    const { status, statusDesc } = await server.ended(id)
    return status === 'processed' ? undefined : statusDesc
  }
  const push = (id: string, repositoryName: string, token?: string) => {
    const version = {
      repositoryName,
      sha: shas[id.endsWith('1') ? 'one' : 'two'],
      branch: 'faster',
    }
    return server.post('/api/artifact', posted({ id, version }), token)
  }
  /** Waits until what was of example/web is kept as of this one. */
  const isCalled = (name: string) =>
    until(async () =>
      expect((await server.call('/api/artifacts/web-1')).body).toMatchObject({
        version: { repositoryName: name },
      }),
    )
  await sender.pullRequest(pull, 'opened')
  await push('web-1', 'example/web')
  expect(await release('web-1', 'staging')).toBeUndefined()
  return { ...all, release, push, isCalled }
}

describe('a repository that is renamed', () => {
  it('keeps its apps: those released before, those it is named for, and who posts for it', async () => {
    const { server, sender, repository, push, release, isCalled } = await released()
    const token = await server.user('ci-of-web', { roles: ['ci'], repositories: ['example/web'] })
    await sender.repositoryRenamed(repository, 'site')
    await isCalled('example/site')
    expect((await push('web-2', 'example/site', token)).status).toBe(201)
    expect(await release('web-2', 'staging')).toBeUndefined()
    expect(await release('web-2', 'production')).toBeUndefined()
    // What CI posted under the old name is of the same repository.
    expect(await release('web-1', 'staging')).toBeUndefined()
    const { body } = await server.call('/api/artifacts?app=web')
    expect((body as { id: string }[]).map(({ id }) => id)).toEqual(['web-2', 'web-1'])
  })

  it('takes its pull requests with it: a comment releases the artifact of their head', async () => {
    const { sender, pull, repository, releases, until } = await released()
    await sender.repositoryRenamed(repository, 'site')
    await sender.comment(pull, '/gimlet release production')
    await until(async () => expect(await releases('production')).toHaveLength(1))
  })

  it('F17: is found when nobody told', async () => {
    const { sender, repository, push, release, pull, isCalled } = await released()
    await sender.repositoryRenamed(repository, 'site', { isLost: true })
    // Whatever comes next names it as it is called now.
    await sender.pullRequest(pull, 'edited')
    await isCalled('example/site')
    await push('web-2', 'example/site')
    expect(await release('web-2', 'staging')).toBeUndefined()
  })
})

describe('A9: a repository that is given a name which another had', () => {
  const refused = /^web belongs to the repository example\/site; an artifact of example\/web cannot/

  /** The repository of web is called otherwise now, and another one has its name. */
  async function recycled() {
    const all = await released()
    const { github, sender, repository, isCalled, settled } = all
    await sender.repositoryRenamed(repository, 'site')
    await isCalled('example/site')
    const other = github.repository({ fullName: 'example/web', id: 10 })
    await sender.installationRepositories('added', { repositories: [other] })
    await settled()
    return all
  }

  it('gets none of its apps', async () => {
    const { server, push, release } = await recycled()
    await push('evil-1', 'example/web')
    expect(await release('evil-1', 'staging')).toMatch(refused)
    expect(await release('evil-1', 'production')).toMatch(refused)
    const token = await server.user('ci-of-site', { roles: ['ci'], repositories: ['example/site'] })
    expect((await push('evil-2', 'example/web', token)).status).toBe(403)
  })

  it('also when it is heard of before the other’s new name is, and from then on', async () => {
    const { github, sender, repository, push, release, isCalled } = await released()
    await sender.repositoryRenamed(repository, 'site', { isLost: true })
    const other = github.repository({ fullName: 'example/web', id: 10 })
    await sender.installationRepositories('added', { repositories: [other] })
    await isCalled('#7')
    await push('evil-1', 'example/web')
    expect(await release('evil-1', 'staging')).toMatch(/^web belongs to the repository #7;/)
    await sender.installationRepositories('added', { repositories: [repository] })
    await isCalled('example/site')
    await push('web-2', 'example/site')
    expect(await release('web-2', 'staging')).toBeUndefined()
    expect(await release('evil-1', 'staging')).toMatch(refused)
  })

  it('F16: also when something comes late that was said under the old name', async () => {
    const { github, sender, push, release, until } = await recycled()
    const late = github.deliveries.find(({ event }) => event === 'pull_request')?.request.payload
    await sender.event('pull_request', { ...late, isLate: true })
    await until(() => expect(github.calls.map(({ path }) => path)).toContain('/repositories/7'))
    await push('evil-1', 'example/web')
    expect(await release('evil-1', 'staging')).toMatch(refused)
  })

  it('gets those whose manifests name it by its number', async () => {
    const { push, release, server } = await recycled()
    const extra = 'repository: example/web\nrepositoryId: 10\n'
    await server.putManifests({ 'web.yaml': manifest({ env: 'staging', extra }), 'web-production.yaml': null }) // biome-ignore format: one line
    await push('new-1', 'example/web')
    expect(await release('new-1', 'staging')).toBeUndefined()
  })
})
