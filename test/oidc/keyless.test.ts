import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/store/client.ts'
import { keylessServer, pushed } from '../support/keyless-server.ts'
import { gitlabClaims } from '../support/oidc-issuer.ts'

const events = ['push', 'pull_request', 'merge_group', 'release']
const gitlabEntry = {
  issuer: 'gitlab',
  repository: 'acme/shop',
  repositoryId: 22,
  events: ['push', 'merge_request_event'],
}
const keyless = await keylessServer(afterAll, [{ events }, gitlabEntry])
const { server, post, token, gitlab, audience } = keyless

const ofPull = {
  event_name: 'pull_request',
  ref: 'refs/pull/12/merge',
  head_ref: 'faster',
  base_ref: 'main',
}
const queued = 'gh-readonly-queue/main/pr-7-aaaa'
const ofTag = { ref: 'refs/tags/v1', ref_type: 'tag' }

describe('a run of a CI posts its artifact with the CI’s own token', () => {
  test.each([
    { name: 'a push', claims: {}, version: {} },
    {
      name: 'a push in a branch with /',
      claims: { ref: 'refs/heads/fix/it' },
      version: { branch: 'fix/it' },
    },
    { name: 'a tag', claims: ofTag, version: { event: 'tag', tag: 'v1', branch: '' } },
    {
      name: 'a release',
      claims: { ...ofTag, event_name: 'release' },
      version: { event: 'tag', tag: 'v1', branch: '' },
    },
    {
      name: 'a pull request, as Gimlet’s shipper says it',
      claims: ofPull,
      version: {
        event: 'pr',
        branch: 'faster',
        sourceBranch: 'faster',
        targetBranch: 'main',
        sha: 'd'.repeat(40),
      },
    },
    {
      name: 'what a merge queue tries, which is no push',
      claims: { event_name: 'merge_group', ref: `refs/heads/${queued}` },
      version: { event: 'pr', branch: queued, sourceBranch: queued, targetBranch: 'main' },
    },
    {
      name: 'a pull request, as the design draft says it',
      claims: ofPull,
      version: {
        event: 'pr',
        branch: 'main',
        sourceBranch: 'faster',
        targetBranch: 'main',
        sha: 'd'.repeat(40),
      },
    },
  ])('$name', async ({ claims, version }) => {
    const { status, body } = await post(await token(claims), version)
    expect([status, body]).toMatchObject([201, { version: { repositoryId: 7 } }])
  })

  test.each([
    { name: 'a push', claims: {}, version: {} },
    {
      name: 'a push of a GitLab that does not say ref_path',
      claims: { ref_path: undefined },
      version: {},
    },
    {
      name: 'a tag',
      claims: { ref: 'v1', ref_type: 'tag', ref_path: 'refs/tags/v1' },
      version: { event: 'tag', tag: 'v1', branch: '' },
    },
    {
      name: 'a merge request',
      claims: {
        ref: 'faster',
        ref_path: 'refs/heads/faster',
        pipeline_source: 'merge_request_event',
      },
      version: { event: 'pr', branch: 'faster', targetBranch: 'main' },
    },
  ])('GitLab: $name', async ({ claims, version }) => {
    const jwt = await gitlab.sign(gitlabClaims({ issuer: gitlab.url, audience }, claims))
    const { status, body } = await post(jwt, { repositoryName: 'acme/shop', ...version })
    expect([status, body]).toMatchObject([201, { version: { repositoryId: 22 } }])
  })

  test('who it is, and that it may do nothing but post and look', async () => {
    const jwt = await token()
    const whoami = await server.call('/api/whoami', { token: jwt })
    expect(whoami.body).toMatchObject({
      login: 'oidc:github:acme/web',
      roles: ['ci'],
      repositories: ['acme/web'],
    })
    expect((await server.call('/api/status?env=production', { token: jwt })).status).toBe(200)
    const others = [
      server.post(
        '/api/flux-events?env=x',
        { metadata: { revision: `main@sha1:${'0'.repeat(40)}` } },
        jwt,
      ),
      server.post('/api/branch-deleted', { repository: 'acme/web', branch: 'x' }, jwt),
      server.post('/api/releases', { env: 'production', artifactId: 'none' }, jwt),
      server.call('/api/users', { token: jwt }),
    ]
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([403, 403, 403, 403])
  })

  test('the artifact’s event says who posted it, and no claim besides', async () => {
    expect((await post(await token(), {}, 'whose')).status).toBe(201)
    const database = await openDatabase(`file:${server.folder}/data/gimlet.db`)
    onTestFinished(() => database.close())
    const [row] = await database.read("select actor from events where artifact_id = 'whose'")
    expect(JSON.parse(String(row?.actor))).toEqual({
      ...{ login: 'oidc:github:acme/web', kind: 'token', roles: ['ci'] },
      ...{ teams: [], repositories: ['acme/web'] },
    })
  })
})

describe('A2: a token has one use', () => {
  test('the same artifact again is the same use, another one is refused', async () => {
    const jwt = await token()
    const first = await post(jwt, {}, 'once')
    const again = await post(jwt, {}, 'once')
    const other = await post(jwt, {}, 'twice')
    expect([first.status, again.status, other.status]).toEqual([201, 200, 401])
    expect(again.body).toEqual(first.body)
    expect(JSON.stringify(other.body)).toContain('used for another artifact')
  })

  test('of many at once one is taken', async () => {
    const jwt = await token()
    const ids = Array.from({ length: 20 }, (_, at) => `at-once-${at}`)
    const statuses = await Promise.all(ids.map(async (id) => (await post(jwt, {}, id)).status))
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 401)).toHaveLength(19)
  })

  test('an artifact that is refused for itself spends nothing', async () => {
    const jwt = await token()
    expect((await post(jwt, { sha: 'd'.repeat(40) })).status).toBe(403)
    expect((await post(jwt, {}, 'after-all')).status).toBe(201)
  })
})

test('A9: only a token proves the number of a repository', async () => {
  const { body } = await server.post('/api/artifact', pushed({ repositoryId: 7 }, 'unproved'))
  expect(body).not.toHaveProperty('version.repositoryId')
})
