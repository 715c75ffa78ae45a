import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { githubServer, shas } from '../../support/github-server.ts'
import { githubSurface } from '../../support/github-surface.ts'

const minuteMs = 60_000

describe('F17: a comment that was lost', () => {
  it('is carried out once, also when it comes after all', async () => {
    const { sender, pull, surface, push, requests, settled, host, clock } = await githubSurface()
    await push({ version: { repositoryName: 'example/web', sha: shas.one, branch: 'faster' } })
    await sender.comment(pull, '/gimlet release staging', { isLost: true })
    clock.moveMs(minuteMs)
    await surface.sweep()
    await settled()
    expect(await requests()).toBe(1)
    await surface.sweep()
    const [lost] = host.deliveries
    const { status } = await sender.event('issue_comment', lost!.request.payload, { delivery: lost!.guid }) // biome-ignore format: one line
    expect(status).toBe(202)
    await sender.event('issue_comment', lost!.request.payload)
    await sender.event('issue_comment', { ...lost!.request.payload, more: 1 }, { delivery: lost!.guid }) // biome-ignore format: one line
    await settled()
    expect(await requests()).toBe(1)
  })

  it('is not carried out again when it was taken, and only the answer was lost', async () => {
    const { sender, pull, surface, push, requests, settled, host } = await githubSurface()
    await push({ version: { repositoryName: 'example/web', sha: shas.one, branch: 'faster' } })
    await sender.comment(pull, '/gimlet release staging')
    await settled()
    const [taken] = host.deliveries
    const { guid, event, action, request } = taken!
    // As GitHub tells it: parsed, under another number, and perhaps in another order.
    const payload = Object.fromEntries(Object.entries(request.payload).reverse())
    const failed = { status_code: 504, event, action, request: { ...request, payload } }
    host.delivery({ ...failed, guid })
    host.delivery({ ...failed, guid: crypto.randomUUID() })
    await surface.sweep()
    await surface.sweep()
    await settled()
    expect(host.callsOf('GET', /deliveries\/\d+$/)).toHaveLength(1)
    expect(await requests()).toBe(1)
  })

  it('is left when it is older than 15 minutes, also if someone sends it again', async () => {
    const { sender, pull, surface, push, requests, settled, host, clock, lines } =
      await githubSurface()
    await push({ version: { repositoryName: 'example/web', sha: shas.one, branch: 'faster' } })
    await sender.comment(pull, '/gimlet release staging', { isLost: true })
    clock.moveMs(16 * minuteMs)
    await surface.sweep()
    await settled()
    expect(lines.map(({ msg }) => msg)).toContain('a comment was missed and found too late: nothing is done') // biome-ignore format: one line
    await host.resend?.(host.deliveries[0]!)
    await settled()
    expect(await requests()).toBe(0)
  })

  it('A24: is not taken for one about a head that came later', async () => {
    const { sender, pull, surface, push, requests, settled, answers, change } =
      await githubSurface()
    await push({ version: { repositoryName: 'example/web', sha: shas.one, branch: 'faster' } })
    await push({ id: 'web-2', version: { repositoryName: 'example/web', sha: shas.two, branch: 'faster' } }) // biome-ignore format: one line
    await sender.pullRequest(pull, 'opened')
    await change(() => undefined)
    await sender.comment(pull, '/gimlet release staging', { isLost: true })
    await change(() => pull.push(shas.two))
    await sender.pullRequest(pull, 'synchronize')
    await settled()
    await surface.sweep()
    await settled()
    expect(await requests()).toBe(0)
    expect((await answers()).join()).toContain('The head has moved from 11111111 to 22222222')
  })

  it('A24: is left when nobody knows what its head was', async () => {
    const { sender, pull, surface, requests, settled, change, lines } = await githubSurface()
    await sender.comment(pull, '/gimlet release staging', { isLost: true })
    await change(() => pull.push(shas.two))
    await surface.sweep()
    await settled()
    expect(await requests()).toBe(0)
    expect(lines.map(({ msg }) => msg)).toContain('a comment was missed and found too late: nothing is done') // biome-ignore format: one line
  })

  it('is found by the start itself', async () => {
    const { sender, pull, push, until, replies, releases } = await githubServer({}, onTestFinished)
    await push('web-1', shas.one)
    await sender.comment(pull, '/gimlet release staging', { isLost: true })
    await until(() => expect(replies()[0]?.body).toContain('**Released**'))
    expect(await releases('staging')).toMatchObject([{ artifactId: 'web-1' }])
  })

  it('is found behind more deliveries than one page holds, whatever their numbers are', async () => {
    const { sender, pull, surface, push, requests, settled, host } = await githubSurface()
    await push({ version: { repositoryName: 'example/web', sha: shas.one, branch: 'faster' } })
    await sender.comment(pull, '/gimlet release staging', { isLost: true })
    for (let count = 0; count < 250; count++)
      host.delivery({ event: 'check_run', status_code: 202 })
    await surface.sweep()
    await settled()
    expect(host.callsOf('GET', /deliveries$/)).toHaveLength(3)
    expect(await requests()).toBe(1)
  })
})

describe('A2: a delivery that is replayed under the number of another', () => {
  it('does not keep that other from being carried out', async () => {
    const { sender, pull, settled, record, host } = await githubSurface()
    await sender.pullRequest(pull, 'opened')
    const delivery = crypto.randomUUID()
    await sender.event('pull_request', host.deliveries[0]!.request.payload, { delivery })
    pull.push(shas.two)
    await sender.pullRequest(pull, 'synchronize', { delivery })
    await settled()
    expect(await record()).toMatchObject({ headSha: shas.two })
  })
})

describe('F15: a delivery that is being carried out when the server starts to', () => {
  it('is carried out once', async () => {
    const { sender, pull, surface, settled, host } = await githubSurface()
    host.fail('GET', /permission$/, { hang: 300 })
    await sender.comment(pull, '/gimlet release staging')
    const asked = () => host.callsOf('GET', /permission$/)
    await eventually(() => expect(asked()).toHaveLength(1))
    surface.start()
    await settled()
    expect(asked()).toHaveLength(1)
  })
})

describe('F16: a comment that comes after the push which it did not see', () => {
  it('A24: is of the head that it was written under', async () => {
    const { sender, pull, push, requests, settled, answers, change, host } = await githubSurface()
    await push({ id: 'web-2', version: { repositoryName: 'example/web', sha: shas.two, branch: 'faster' } }) // biome-ignore format: one line
    await sender.pullRequest(pull, 'opened')
    await change(() => undefined)
    await sender.comment(pull, '/gimlet release staging', { isLost: true })
    await change(() => pull.push(shas.two))
    await sender.pullRequest(pull, 'synchronize')
    await settled()
    await host.resend?.(host.deliveries.find(({ event }) => event === 'issue_comment')!)
    await settled()
    expect(await requests()).toBe(0)
    expect((await answers()).join()).toContain('The head has moved')
  })
})

describe('F17: repositories', () => {
  it('are known by their names of now, as far as the app sees them', async () => {
    const { sender, surface, pulls, repository, settled, host } = await githubSurface()
    const names = async () => (await pulls.repositories()).map(({ name }) => name)
    const more = host.repository({ fullName: 'example/api', id: 9, installationId: 0 })
    await sender.installation('created')
    await settled()
    expect(await names()).toEqual(['example/web'])
    await sender.installationRepositories('added', { repositories: [more] })
    await settled()
    expect(await names()).toEqual(['example/web', 'example/api'])
    await sender.repositoryRenamed(repository, 'site', { isLost: true })
    await sender.installationRepositories('removed', { repositories: [more], isLost: true })
    host.repository({ fullName: 'example/web', id: 10, defaultBranch: 'trunk' })
    await surface.sweep()
    expect(await names()).toEqual(['example/site', 'example/web'])
    expect((await pulls.repositories())[1]).toMatchObject({ id: 10, defaultBranch: 'trunk' })
    await sender.installation('deleted', { isLost: true })
    await surface.sweep()
    expect(await names()).toEqual([])
  })
})

describe('F17: a sweep', () => {
  it('is quiet while GitHub is down, and finds everything afterwards', async () => {
    const { sender, pull, surface, host, record, lines, settled } = await githubSurface()
    await sender.pullRequest(pull, 'opened', { isLost: true })
    host.down()
    for (let count = 0; count < 3; count++) await surface.sweep()
    expect(lines.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1)
    expect(await record()).toBeUndefined()
    host.up()
    await surface.sweep()
    await settled()
    expect(await record()).toMatchObject({ isOpen: true })
    expect(lines.at(-1)).toMatchObject({ msg: 'GitHub answers again' })
  })

  it('goes on with what answers when one address does not', async () => {
    const { surface, host, record } = await githubSurface()
    host.fail('GET', /deliveries$/, { status: 502 })
    await surface.sweep()
    expect(await record()).toMatchObject({ isOpen: true })
  })

  it.each([
    {
      name: 'the primary limit',
      fault: { status: 403, rateLimit: true, retryAfter: 600 } as const,
    },
    { name: 'the secondary limit', fault: { status: 429, retryAfter: 600 } as const },
  ])('ends at $name and waits as long as GitHub asks', async ({ fault }) => {
    const { surface, host, clock, record } = await githubSurface()
    host.fail('GET', /deliveries$/, fault)
    await surface.sweep()
    clock.moveMs(599_000)
    await surface.sweep()
    expect(host.calls).toHaveLength(1)
    clock.moveMs(2_000)
    await surface.sweep()
    expect(await record()).toMatchObject({ isOpen: true })
  })

  it('asks a bounded number of times, and comes to the rest the next time', async () => {
    const { surface, host, pulls } = await githubSurface()
    for (let id = 100; id < 220; id++) {
      const repository = host.repository({ fullName: `example/r${id}`, id })
      host.pull({ repository, number: 1 })
    }
    const asked = () => host.calls.filter(({ path }) => !path.endsWith('/access_tokens')).length
    await surface.sweep()
    expect(asked()).toBeLessThanOrEqual(100)
    await surface.sweep()
    expect(asked()).toBeLessThanOrEqual(200)
    const found = await Promise.all((await pulls.repositories()).map(({ id }) => pulls.open(id)))
    expect(found.every((open) => open.length === 1)).toBe(true)
  })

  it('is one at a time, and does not wait for GitHub when it is stopped', async () => {
    const { surface, host, sender, pull, record } = await githubSurface()
    await sender.pullRequest(pull, 'opened', { isLost: true })
    host.fail('GET', /deliveries$/, { hang: 60_000 })
    const [one, other] = [surface.sweep(), surface.sweep()]
    await eventually(() => expect(host.calls).toHaveLength(1))
    const fromMs = performance.now()
    await surface.stop()
    await Promise.all([one, other])
    expect(performance.now() - fromMs).toBeLessThan(8_000)
    await surface.sweep()
    expect(host.calls).toHaveLength(1)
    expect(await record()).toBeUndefined()
  })

  it('takes numbers that are beyond a double', async () => {
    const { surface, host, sender, pull, record, settled } = await githubSurface()
    const over = { big: 3_804_004_623_172_239_400 }
    await sender.pullRequest(pull, 'opened', { isLost: true, over })
    pull.close()
    host.pulls.length = 0
    const [lost] = host.deliveries
    host.deliveries[0] = { ...lost!, id: 3_804_004_623_172_239_400 }
    await surface.sweep()
    await settled()
    expect(await record()).toMatchObject({ number: 12 })
  })
})
