import { describe, expect, it } from 'vitest'
import { approval, shas } from '../support/github-server.ts'
import { shipServer } from '../support/github-ship-server.ts'

const people = JSON.stringify({
  people: [{ login: 'rob', github: 'bob', roles: ['approver'] }],
})

describe('the comment about how things stand', () => {
  it('begins with the first artifact, is edited in place, and says at last that it is closed', async () => {
    const here = await shipServer({
      policies: { 'approval.json': approval, 'people.json': people },
    })
    const { push, release, until, stickies, server, sender, pull, github } = here
    expect(stickies()).toEqual([])
    await push('web-1', shas.one)
    await until(() => expect(stickies()[0]?.body).toContain('is artifact `web-1`'))
    await release('staging')
    await until(() => expect(stickies()[0]?.body).toMatch(/`staging` \| `web` \| `web-1` of `11111111` since .* \| ✅ runs \|/)) // biome-ignore format: one line
    const held = await release('production')
    await until(() => expect(stickies()[0]?.body).toContain(`waits as \`${held}\``))
    expect(stickies()[0]?.body).toContain(`[bob](${github.origin}/bob): \`/gimlet approve ${held}\``) // biome-ignore format: one line
    await server.post('/api/locks', { env: 'staging', reason: 'the database moves' })
    await until(() => expect(stickies()[0]?.body).toContain('🔒 `staging` is locked by'))
    pull.close()
    await sender.pullRequest(pull, 'closed')
    await until(() => expect(stickies()[0]?.body).toContain('it is closed'))
    expect(stickies()[0]?.body).not.toContain('/gimlet')
    expect(stickies()).toHaveLength(1)
  })

  it('begins with a request for the head commit, and with a head whose artifact is there', async () => {
    const { push, until, stickies, sender, pull, github, repository } = await shipServer()
    await sender.comment(pull, '/gimlet release staging')
    await until(() => expect(stickies()[0]?.body).toContain('✋ waits as'))
    expect(stickies()[0]?.body).toContain('CI has not posted an artifact for its head')
    await push('web-2', shas.two)
    const other = github.pull({ repository, number: 13, headSha: shas.two, headRef: 'slower' })
    await sender.pullRequest(other, 'opened')
    await until(() => expect(stickies(13)[0]?.body).toContain('`web-2`'))
    pull.push(shas.three)
    await sender.pullRequest(pull, 'synchronize')
    await until(() => expect(stickies()[0]?.body).toContain('its head `33333333`'))
    expect(stickies()).toHaveLength(1)
  })

  it('is not written where there is nothing to tell', async () => {
    const { push, release, until, deployments, stickies } = await shipServer()
    await push('web-2', shas.two)
    await release('staging', 'web-2')
    await until(() => expect(deployments()).toMatchObject([{ states: ['success'] }]))
    expect(stickies()).toEqual([])
  })

  it.each([
    { name: 'an answer that is lost', fault: { lost: true } as const },
    { name: 'a server error', fault: { status: 502 } as const },
    { name: 'a connection that is cut', fault: { close: true } as const },
    { name: 'the limit', fault: { status: 403, rateLimit: true, retryAfter: 1 } as const },
  ])(
    'F24: $name does not make two of it, and what changed meanwhile is told',
    async ({ fault }) => {
      const { push, release, until, stickies, github } = await shipServer()
      github.fail('POST', /\/issues\/12\/comments$/, fault, 1)
      await push('web-1', shas.one)
      await release('staging')
      await until(() => expect(stickies()[0]?.body).toContain('✅ runs'))
      expect(stickies()).toHaveLength(1)
    },
  )

  it('A24: what someone else wrote with our mark is not taken for ours', async () => {
    const { push, until, stickies, github, repository } = await shipServer()
    const mark = '<!-- gimlet:github-sticky-7-12 -->'
    github.addComment({ repository, number: 12, author: 'mallory', body: mark })
    github.fail('POST', /\/issues\/12\/comments$/, { status: 502 }, 1)
    await push('web-1', shas.one)
    await until(() => expect(stickies()).toHaveLength(2))
    expect(stickies()).toMatchObject([{ body: mark, author: 'mallory', edits: 0 }, { author: 'gimlet[bot]' }]) // biome-ignore format: one line
  })

  it('that someone took away is written anew', async () => {
    const { push, release, until, stickies, github } = await shipServer()
    await push('web-1', shas.one)
    await until(() => expect(stickies()).toHaveLength(1))
    github.storedComments.length = 0
    await release('staging')
    await until(() => expect(stickies()[0]?.body).toContain('✅ runs'))
    expect(stickies()).toHaveLength(1)
  })
})

describe('a reply', () => {
  it('to a request that another one superseded is folded away', async () => {
    const { push, until, replies, sender, pull, release, server } = await shipServer({
      policies: { 'approval.json': approval },
    })
    await push('web-1', shas.one)
    await push('web-2', shas.two)
    await sender.comment(pull, '/gimlet release production')
    await until(() => expect(replies()[0]?.body).toContain('Production needs an approval'))
    const id = await release('production', 'web-2')
    const bob = await server.user('bob-cli', { roles: ['approver'] })
    await server.post(`/api/event/${id}/approve`, '', bob)
    await until(() => expect(replies().find(({ body }) => body.includes('**Superseded**'))?.minimized).toBe('outdated')) // biome-ignore format: one line
  })

  it('F24: whose answer was lost shows how its request stands now', async () => {
    const { push, until, replies, sender, pull, github, server } = await shipServer({
      policies: { 'approval.json': approval },
    })
    await push('web-1', shas.one)
    github.fail('POST', /\/issues\/12\/comments$/, { lost: true }, 1)
    github.fail('GET', /\/issues\/12\/comments$/, { status: 502 }, 1)
    await sender.comment(pull, '/gimlet release production')
    const said = () => replies().filter(({ body }) => body.includes('github-reply'))
    await until(() => expect(said()).toHaveLength(1))
    const id = /r-[0-9a-z]{15}/.exec(said()[0]?.body ?? '')?.[0]
    await server.post(`/api/event/${id}/reject?reason=late`, '')
    await until(() => expect(said()[0]?.body).toContain('**Refused**'))
    expect(said()).toHaveLength(1)
  })
})
