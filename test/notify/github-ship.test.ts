import { describe, expect, it } from 'vitest'
import { gate, manifest } from '../support/builders.ts'
import { approval, shas } from '../support/github-server.ts'
import { shipServer } from '../support/github-ship-server.ts'

const own = { extra: 'repository: example/web\n' }

describe('a deployment', () => {
  it('goes on with its request: queued, in progress, success, and inactive when another replaces it', async () => {
    const here = await shipServer({ policies: { 'approval.json': approval } })
    const { push, release, until, deployments, server, flux } = here
    await push('web-1', shas.one)
    await push('web-2', shas.two)
    const bob = await server.user('bob-cli', { roles: ['approver'] })
    const go = async (id: string) => {
      await until(() => expect(deployments().find((one) => one.id === id)?.states).toEqual(['queued'])) // biome-ignore format: one line
      await server.post(`/api/event/${id}/approve`, '', bob)
    }
    const first = await release('production')
    await go(first)
    // The cluster has said nothing yet: what has landed is a success.
    await until(() => expect(deployments()[0]?.states).toEqual(['queued', 'success']))
    expect(deployments()[0]).toMatchObject({
      ...{ ref: shas.one, environment: 'production', task: 'gimlet:web' },
      payload: { requestId: first, app: 'web', env: 'production', artifactId: 'web-1' },
    })
    await flux('production', 'info', 'ReconciliationSucceeded')
    const second = await release('production', 'web-2')
    await go(second)
    await until(() => expect(deployments()[1]?.states).toEqual(['queued', 'in_progress']))
    await flux('production', 'info', 'ReconciliationSucceeded')
    await until(() => expect(deployments()[1]?.states).toEqual(['queued', 'in_progress', 'success'])) // biome-ignore format: one line
    await until(() => expect(deployments()[0]?.states).toEqual(['queued', 'success', 'inactive']))
    expect(deployments()).toHaveLength(2)
  })

  it('fails when the cluster says so', async () => {
    const { push, release, until, deployments, statuses, flux } = await shipServer()
    await push('web-1', shas.one)
    await release('staging')
    await until(() => expect(deployments()[0]?.states).toEqual(['success']))
    await flux('staging', 'error', 'HealthCheckFailed')
    await until(() => expect(deployments()[0]?.states).toEqual(['success', 'failure']))
    await until(() => expect(statuses().at(-1)).toMatchObject({ state: 'failure' }))
    expect(statuses().at(-1)?.description).toContain('Failed in the cluster')
  })

  it('of a rollback is of the commit that was gone back to, and ends the one that was rolled back', async () => {
    const { push, release, ask, until, deployments, statuses } = await shipServer()
    await push('web-1', shas.one)
    await push('web-2', shas.two)
    await release('staging')
    await release('staging', 'web-2')
    await until(() => expect(deployments().map(({ states }) => states.at(-1))).toEqual(['inactive', 'success'])) // biome-ignore format: one line
    const id = await ask('/api/rollback?env=staging&app=web', {})
    await until(() => expect(deployments()[2]).toMatchObject({ id, ref: shas.one, states: ['success'] })) // biome-ignore format: one line
    await until(() => expect(deployments()[1]?.states).toEqual(['success', 'inactive']))
    await until(() => expect(statuses(shas.two).at(-1)).toMatchObject({ state: 'failure' }))
    await until(() => expect(statuses().at(-1)).toMatchObject({ state: 'success', description: `Rolled back to · ${id}` })) // biome-ignore format: one line
  })

  it('ends with what it released: a delete, a no', async () => {
    const { push, release, ask, until, deployments, server, statuses } = await shipServer({
      policies: { 'approval.json': approval },
    })
    await push('web-1', shas.one)
    await release('staging')
    await until(() => expect(deployments()[0]?.states).toEqual(['success']))
    await ask('/api/delete?env=staging&app=web', {})
    await until(() => expect(deployments()[0]?.states).toEqual(['success', 'inactive']))
    const id = await release('production')
    await until(() => expect(deployments()[1]?.states).toEqual(['queued']))
    await until(() => expect(statuses().at(-1)).toMatchObject({ context: 'gimlet/production/web', state: 'pending' })) // biome-ignore format: one line
    await server.post(`/api/event/${id}/reject?reason=late`, '')
    await until(() => expect(deployments()[1]?.states).toEqual(['queued', 'inactive']))
    await until(() => expect(statuses().at(-1)).toMatchObject({ context: 'gimlet/production/web', state: 'failure' })) // biome-ignore format: one line
    expect(deployments()).toHaveLength(2)
  })

  it('is not made of what is denied at once, nor of a commit that GitHub does not know', async () => {
    const { push, release, until, deployments, github, server, statuses } = await shipServer({
      policies: { 'no.json': gate({ env: 'production' }) },
    })
    await push('web-1', shas.one)
    await push('web-2', shas.two)
    const denied = await release('production')
    expect(await server.ended(denied)).toMatchObject({ status: 'denied' })
    github.fail('POST', /\/deployments$/, { status: 422, message: 'No ref found' }, 1)
    await release('staging')
    await release('staging', 'web-2')
    await until(() => expect(deployments()).toMatchObject([{ ref: shas.two, states: ['success'] }]))
    expect(statuses().every(({ context }) => context === 'gimlet/staging/web')).toBe(true)
    expect(await server.call('/readyz')).toMatchObject({ body: { problems: [] } })
  })

  it('that the app may not make is a problem that says what to grant, and keeps nothing else', async () => {
    const { push, release, until, statuses, stickies, github, server } = await shipServer()
    const { deployments: _, ...granted } = github.permissions
    github.permissions = granted
    await push('web-1', shas.one)
    await release('staging')
    await until(() => expect(statuses()).toMatchObject([{ state: 'success' }]))
    await until(() => expect(stickies()[0]?.body).toContain('✅ runs'))
    await until(async () => expect(JSON.stringify((await server.call('/readyz')).body)).toContain('the app needs the permission Deployments: write')) // biome-ignore format: one line
  })

  it('names the app where a repository has several', async () => {
    const { push, server, until, deployments } = await shipServer({
      manifests: {
        'web.yaml': manifest({ env: 'staging', ...own }),
        'api.yaml': manifest({ env: 'staging', app: 'api', ...own }),
      },
    })
    await push('web-1', shas.one)
    await server.post('/api/releases', { env: 'staging', artifactId: 'web-1' })
    await until(() => expect(deployments().map(({ environment }) => environment).sort()).toEqual(['staging/api', 'staging/web'])) // biome-ignore format: one line
  })
})

describe('the status of a commit', () => {
  it('is one for a place, whatever is asked of it', async () => {
    const { push, release, until, statuses, deployments } = await shipServer()
    await push('web-1', shas.one)
    const first = await release('staging')
    await until(() => expect(statuses()).toEqual([{ context: 'gimlet/staging/web', state: 'success', description: `Released · ${first}` }])) // biome-ignore format: one line
    await push('web-2', shas.one)
    const second = await release('staging', 'web-2')
    await until(() => expect(statuses().at(-1)?.description).toBe(`Released · ${second}`))
    await until(() => expect(deployments()[0]?.states.at(-1)).toBe('inactive'))
    expect(new Set(statuses().map(({ context }) => context)).size).toBe(1)
    expect(statuses().at(-1)?.description).toBe(`Released · ${second}`)
  })

  it('waits for the artifact of the commit, too', async () => {
    const { push, sender, pull, until, statuses, deployments } = await shipServer()
    await sender.comment(pull, '/gimlet release staging')
    await until(() => expect(statuses()).toMatchObject([{ state: 'pending', description: expect.stringContaining('CI has not posted') }])) // biome-ignore format: one line
    await push('web-1', shas.one)
    await until(() => expect(deployments()).toMatchObject([{ states: ['queued', 'success'] }]))
    await until(() => expect(statuses().at(-1)).toMatchObject({ state: 'success' }))
  })
})

describe('F24: never two deployments for one request', () => {
  const create = /\/deployments$/
  const tell = /\/deployments\/\d+\/statuses$/
  it.each([
    { name: 'the answer to its making is lost', path: create, fault: { lost: true } as const },
    { name: 'the answer to its state is lost', path: tell, fault: { lost: true } as const },
    { name: 'the connection is cut', path: create, fault: { close: true } as const },
    { name: 'GitHub has an error', path: create, fault: { status: 502 } as const },
    { name: 'a page is no answer', path: create, fault: { html: true } as const },
    { name: 'its state meets an error', path: tell, fault: { status: 500 } as const },
    {
      name: 'there are too many',
      path: create,
      fault: { status: 403, secondary: true, retryAfter: 1 } as const,
    },
    {
      name: 'there are too many of this hour',
      path: tell,
      fault: { status: 403, rateLimit: true, retryAfter: 1 } as const,
    },
  ])('when $name', async ({ path, fault }) => {
    const { push, release, until, deployments, statuses, github } = await shipServer()
    await push('web-1', shas.one)
    github.fail('POST', path, fault, 1)
    await release('staging')
    await until(() => expect(deployments()).toMatchObject([{ states: ['success'] }]))
    await until(() => expect(statuses().at(-1)).toMatchObject({ state: 'success' }))
    expect(deployments()).toHaveLength(1)
  })

  it('when the server ends before it knows, and starts again', async () => {
    const { push, release, until, deployments, github, restart } = await shipServer()
    await push('web-1', shas.one)
    github.fail('POST', create, { lost: true }, 1)
    await release('staging')
    await until(() => expect(deployments()).toHaveLength(1))
    await restart()
    await until(() => expect(deployments()).toMatchObject([{ states: ['success'] }]))
    expect(github.callsOf('POST', create)).toHaveLength(1)
  })
})
