import { describe, expect, it } from 'vitest'
import { gate, trigger } from '../support/builders.ts'
import { approval, shas } from '../support/github-server.ts'
import { shipServer } from '../support/github-ship-server.ts'

const people = JSON.stringify({
  people: [{ login: 'rob', github: 'bob', roles: ['approver'] }],
})
const onMain = { when: { '==': [{ var: 'artifact.version.branch' }, 'main'] } }
const toStaging = trigger(onMain)
const toProduction = trigger({ ...onMain, env: 'production' })
const merges = { 'to-staging.json': toStaging, 'to-production.json': toProduction }

describe('the check of what a merge would release', () => {
  it('comes with the artifact of the head: what would go, what a gate would hold, and who may let it go', async () => {
    const { push, until, checks, github } = await shipServer({
      policies: { ...merges, 'approval.json': approval, 'people.json': people },
    })
    expect(checks()).toEqual([])
    await push('web-1', shas.one)
    await until(() => expect(checks()).toMatchObject([{ name: 'gimlet/merge', conclusion: 'neutral' }])) // biome-ignore format: one line
    const [{ title, summary, text } = { title: '', summary: '', text: '' }] = checks()
    expect(title).toBe(
      'A merge into main would release web to staging; web to production would wait: Production needs an approval',
    )
    expect(summary).toContain('| `staging` | `web` | ✅ release it | asked for by the trigger `to-staging` |') // biome-ignore format: one line
    expect(summary).toContain(`✋ ask for it, and it would wait | Production needs an approval · asked for by the trigger \`to-production\` · may approve: [bob](${github.origin}/bob) |`) // biome-ignore format: one line
    expect(text).toContain('✗ approval (gate)')
  })

  it('is edited in place when something changes, and made anew for a new head', async () => {
    const { push, until, checks, server, sender, pull } = await shipServer({ policies: merges })
    await push('web-1', shas.one)
    await until(() => expect(checks()).toMatchObject([{ conclusion: 'success' }]))
    await server.post('/api/locks', { env: 'staging', reason: 'the database moves' })
    await until(() => expect(checks()).toMatchObject([{ conclusion: 'neutral' }]))
    expect(checks()[0]?.title).toContain('web to staging would wait: staging is locked by')
    await push('web-2', shas.two)
    pull.push(shas.two)
    await sender.pullRequest(pull, 'synchronize')
    await until(() => expect(checks(shas.two)).toMatchObject([{ conclusion: 'neutral' }]))
    await server.post('/api/locks', { env: 'production', reason: 'this, too' })
    await until(() => expect(checks(shas.two)[0]?.title).toContain('(and 1 more)'))
    expect(checks()).toHaveLength(1)
    expect(checks()[0]?.title).not.toContain('(and 1 more)')
  })

  it('follows the base branch, and says that a merge would release nothing', async () => {
    const { push, until, checks, sender, pull } = await shipServer({ policies: merges })
    await push('web-1', shas.one)
    await until(() => expect(checks()[0]?.title).toBe('A merge into main would release web to production and web to staging')) // biome-ignore format: one line
    pull.baseRef = 'next'
    await sender.pullRequest(pull, 'edited')
    await until(() => expect(checks()).toMatchObject([{ conclusion: 'success', title: 'A merge into next would release nothing' }])) // biome-ignore format: one line
    expect(checks()[0]?.summary).toContain('leave it as it is | No trigger asks for it |')
  })

  it('fails only for what is broken: a policy file that cannot be used', async () => {
    const { push, until, checks, server } = await shipServer({
      policies: { ...merges, 'no.json': gate({ env: 'production' }) },
    })
    await push('web-1', shas.one)
    await until(() => expect(checks()).toMatchObject([{ conclusion: 'neutral' }]))
    expect(checks()[0]?.title).toContain('web to production would be refused: Not now')
    await server.putPolicies({ 'broken.json': '{' })
    await server.post('/api/locks', { env: 'staging', reason: 'to be looked at again' })
    await until(() => expect(checks()).toMatchObject([{ conclusion: 'failure' }]))
    expect(checks()[0]?.title).toContain('The policy file broken.json cannot be used')
  })

  it('A30: shows what people wrote as text, and mentions nobody', async () => {
    const message = '@alice | <!-- see --> [this](https://evil.example) /gimlet release production'
    const { push, until, checks } = await shipServer({
      policies: { ...merges, 'no.json': gate({ env: 'production', message }) },
    })
    await push('web-1', shas.one)
    await until(() => expect(checks()).toHaveLength(1))
    const line = checks()[0]
      ?.summary.split('\n')
      .find((one) => one.includes('alice'))
    expect(line).not.toMatch(/@alice|<!--|\]\(https:\/\/evil|[^\\]\| <|\/gimlet/)
  })

  it.each([
    { name: 'an answer that is lost', fault: { lost: true } as const },
    { name: 'a server error', fault: { status: 502 } as const },
    { name: 'a connection that is cut', fault: { close: true } as const },
    { name: 'a page of a proxy', fault: { html: true } as const },
    { name: 'the limit', fault: { status: 403, rateLimit: true, retryAfter: 1 } as const },
  ])('F24: $name does not make two of it', async ({ fault }) => {
    const { push, until, checks, github, server } = await shipServer({ policies: merges })
    github.fail('POST', /\/check-runs$/, fault, 1)
    await push('web-1', shas.one)
    await server.post('/api/locks', { env: 'staging', reason: 'the database moves' })
    await until(() => expect(checks()).toMatchObject([{ conclusion: 'neutral' }]))
  })

  it('is told again when someone asks for it on GitHub', async () => {
    const { push, until, checks, sender, github, repository } = await shipServer({ policies: merges }) // biome-ignore format: one line
    await push('web-1', shas.one)
    await until(() => expect(checks()).toHaveLength(1))
    const told = () => github.callsOf('PATCH', /\/check-runs\/\d+$/).length
    const before = told()
    const { id, full_name } = { id: repository.id, full_name: repository.fullName }
    await sender.event('check_suite', {
      ...{ action: 'rerequested', check_suite: { head_sha: shas.one } },
      ...{ repository: { id, full_name }, installation: { id: 42 } },
      sender: { id: 1, login: 'alice', type: 'User' },
    })
    await until(() => expect(told()).toBeGreaterThan(before))
    expect(checks()).toHaveLength(1)
  })

  it('has a run for each pull request of one commit', async () => {
    const { push, until, checks, sender, github, repository } = await shipServer({ policies: merges }) // biome-ignore format: one line
    await push('web-1', shas.one)
    await until(() => expect(checks()).toHaveLength(1))
    const next = github.pull({ repository, number: 13, headSha: shas.one, headRef: 'faster', baseRef: 'next' }) // biome-ignore format: one line
    await sender.pullRequest(next, 'opened')
    await until(() => expect(checks().map(({ of }) => of)).toEqual(['github check 7 12', 'github check 7 13'])) // biome-ignore format: one line
  })

  it('that the app may not make is a problem that says what to grant, and keeps nothing else', async () => {
    const { push, release, until, stickies, statuses, github, server, checks } = await shipServer({ policies: merges }) // biome-ignore format: one line
    const { checks: _, ...granted } = github.permissions
    github.permissions = granted
    await push('web-1', shas.one)
    await release('staging')
    await until(() => expect(stickies()[0]?.body).toContain('✅ runs'))
    await until(() => expect(statuses()).toMatchObject([{ state: 'success' }]))
    await until(async () => expect(JSON.stringify((await server.call('/readyz')).body)).toContain('the app needs the permission Checks: write')) // biome-ignore format: one line
    expect(checks()).toEqual([])
  })
})

describe('the status of the artifact', () => {
  it('waits only where a release waits for it, and says when it was received', async () => {
    const { push, until, artifactStates, sender, pull, github, repository, server } = await shipServer() // biome-ignore format: one line
    await sender.comment(pull, '/gimlet release staging')
    await until(() => expect(artifactStates()).toEqual([{ state: 'pending', description: 'A release waits for CI’s artifact' }])) // biome-ignore format: one line
    await push('web-1', shas.one)
    await until(() => expect(artifactStates().at(-1)).toEqual({ state: 'success', description: 'Artifact web-1 received' })) // biome-ignore format: one line
    const other = github.pull({ repository, number: 13, headSha: shas.two, headRef: 'slower' })
    await sender.pullRequest(other, 'opened')
    await server.post('/api/locks', { env: 'staging', reason: 'to be looked at again' })
    await push('web-3', shas.three)
    expect(artifactStates(shas.two)).toEqual([])
  })

  it('does not wait for ever', async () => {
    const { until, artifactStates, sender, pull, replies, server } = await shipServer()
    await sender.comment(pull, '/gimlet release staging')
    await until(() => expect(artifactStates()).toHaveLength(1))
    const id = await until(() => {
      const found = /r-[0-9a-z]{15}/.exec(
        replies()
          .map(({ body }) => body)
          .join(''),
      )
      expect(found).not.toBeNull()
      return found?.[0]
    })
    await server.post(`/api/event/${id}/reject?reason=late`, '')
    await until(() => expect(artifactStates().at(-1)?.state).toBe('error'))
  })
})
