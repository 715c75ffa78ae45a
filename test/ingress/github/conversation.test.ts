import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { approval, githubServer, shas } from '../../support/github-server.ts'

const started = (given = {}) => githubServer(given, onTestFinished)

describe('a release from a pull request', () => {
  it('is of the head commit’s artifact, answered in one comment that goes on, and shown by a reaction', async () => {
    const { sender, pull, push, until, replies, github, releases } = await started()
    await push('web-1', shas.one)
    const { status } = await sender.comment(pull, 'Nice!\n\n/gimlet release staging', {
      by: 'alice',
    })
    expect(status).toBe(202)
    await until(() => {
      expect(replies()).toHaveLength(1)
      expect(replies()[0]?.body).toContain('**Released** `web` → `staging`')
    })
    expect(replies()[0]?.body).toContain('Artifact `web-1`')
    expect(replies()[0]?.body).toContain('GitOps commit')
    expect(replies()[0]?.body).toMatch(
      /<summary>What changed<\/summary>\n\n```diff\n[^`]*\n\+ {2}tag: "v1"/,
    )
    expect(await releases('staging')).toMatchObject([{ artifactId: 'web-1', triggeredBy: 'github:alice' }]) // biome-ignore format: one line
    const [comment] = github.storedComments
    await until(() => {
      const contents = github.reactions(comment!.id).map(({ content }) => content)
      expect(contents).toEqual(expect.arrayContaining(['eyes', 'rocket']))
    })
  })

  it('waits visibly until CI has posted the artifact of exactly that commit', async () => {
    const { sender, pull, push, until, replies, releases } = await started()
    await push('web-other', shas.two)
    await sender.comment(pull, '/gimlet release staging')
    await until(() => expect(replies()[0]?.body).toContain('CI has not posted an artifact for the commit 11111111 yet')) // biome-ignore format: one line
    await push('web-1', shas.one)
    await until(() => expect(replies()[0]?.body).toContain('**Released**'))
    expect(await releases('staging')).toMatchObject([{ artifactId: 'web-1' }])
    expect(replies()).toHaveLength(1)
  })

  it('that is held says why, who may approve, and goes on when someone does', async () => {
    const people = JSON.stringify({ people: [{ login: 'rob', github: 'bob', roles: ['approver'] }, { login: 'ann', github: 'alice', roles: ['releaser'] }] }) // biome-ignore format: one value
    const { sender, pull, push, until, replies, releases } = await started({
      policies: { 'approval.json': approval, 'people.json': people },
    })
    await push('web-1', shas.one)
    await sender.comment(pull, '/gimlet release production --reason “for the launch”', {
      by: 'alice',
    })
    await until(() => expect(replies()[0]?.body).toContain('Production needs an approval'))
    expect(replies()[0]?.body).toContain('May approve: [bob]')
    expect(replies()[0]?.body).toContain('<details><summary>Why')
    const id = /r-[0-9a-z]{15}/.exec(replies()[0]?.body ?? '')?.[0]
    await sender.comment(pull, `/gimlet approve ${id}`, { by: 'alice' })
    await until(() => expect(replies()[1]?.body).toContain('may not approve'))
    await sender.comment(pull, `/gimlet approve ${id}`, { by: 'bob' })
    await until(() => expect(replies()[0]?.body).toContain('**Released**'))
    expect(await releases('production')).toMatchObject([{ triggeredBy: 'ann' }])
  })

  it('may name several environments, and stops at the first that is refused', async () => {
    const { sender, pull, push, until, replies, releases } = await started()
    await push('web-1', shas.one)
    await sender.comment(pull, '/gimlet release staging,production')
    await until(async () => {
      expect(await releases('production')).toHaveLength(1)
      expect(await releases('staging')).toHaveLength(1)
      expect(replies()).toHaveLength(2)
    })
    await sender.comment(pull, '/gimlet release nowhere\n/gimlet release staging')
    await until(() => expect(replies()[2]?.body).toContain('there are manifests for production, staging')) // biome-ignore format: one line
    expect(replies()[2]?.body).toContain('Not run: `/gimlet release staging`')
    expect(await releases('staging')).toHaveLength(1)
  })
})

describe('A24: what is no command of someone who may', () => {
  it.each([
    { name: 'a stranger', by: 'mallory', says: 'may do nothing here: that takes write permission' },
    { name: 'someone who is no collaborator', by: 'nobody', says: 'may do nothing here' },
  ])('$name is refused', async ({ by, says }) => {
    const { sender, pull, push, until, replies, releases, github } = await started()
    github.user(by)
    await push('web-1', shas.one)
    await sender.comment(pull, '/gimlet release staging', { by })
    await until(() => expect(replies()[0]?.body.replaceAll('\\', '')).toContain(says))
    expect(await releases('staging')).toEqual([])
  })

  it('a writer whom only GitHub knows may release, and nothing else', async () => {
    const { sender, pull, push, until, replies } = await started()
    await push('web-1', shas.one)
    for (const [at, line] of [
      'lock production --reason x',
      'delete web staging',
      'release staging --force --reason x',
      'rollback web staging',
      'status other',
    ].entries()) {
      // biome-ignore format: one list
      await sender.comment(pull, `/gimlet ${line}`)
      await until(() => expect(replies()[at]?.body.replaceAll('\\', '')).toContain('and nothing else; more takes a place in people.json')) // biome-ignore format: one line
    }
  })

  it('an edited comment, a bot’s, and one in another’s name do nothing', async () => {
    const { sender, pull, push, releases, github, replies, until } = await started()
    await push('web-1', shas.one)
    await sender.comment(pull, 'hello', { by: 'alice' })
    const [old] = github.storedComments
    await sender.comment(pull, '/gimlet release staging', { by: 'alice', action: 'edited', commentId: old!.id }) // biome-ignore format: one line
    await sender.comment(pull, '/gimlet release staging', { by: 'alice', sender: 'bob' })
    await sender.comment(pull, '/gimlet release staging', { by: 'renovate[bot]' })
    await sender.comment(pull, '/gimlet release nowhere', { by: 'alice' })
    await until(() => expect(replies()).toHaveLength(1))
    expect(await releases('staging')).toEqual([])
  })

  it('a head that moved between the comment and its reading is not released', async () => {
    const { sender, pull, push, until, replies, releases } = await started()
    await push('web-1', shas.one)
    await push('web-2', shas.two)
    await sender.pullRequest(pull, 'opened')
    pull.push(shas.two)
    await sender.comment(pull, '/gimlet release staging')
    await until(() =>
      expect(replies()[0]?.body).toContain('The head has moved from 11111111 to 22222222'),
    )
    expect(await releases('staging')).toEqual([])
    await sender.pullRequest(pull, 'synchronize')
    await sender.comment(pull, '/gimlet release staging please'.replace(' please', ''))
    await until(async () =>
      expect(await releases('staging')).toMatchObject([{ artifactId: 'web-2' }]),
    )
  })

  it('R11: a fork is not released, and may look', async () => {
    const { sender, push, until, replies, releases, github, repository } = await started()
    const fork = github.repository({ fullName: 'mallory/web', id: 8 })
    const pull = github.pull({ repository, number: 13, headSha: shas.three, headRef: 'evil', headRepository: fork, author: 'mallory' }) // biome-ignore format: one call
    await push('web-3', shas.three)
    await sender.comment(pull, '/gimlet release staging', { by: 'alice' })
    const said = () =>
      github.comments(repository, 13).filter(({ author }) => author.includes('[bot]'))
    await until(() => expect(said()[0]?.body).toContain('comes from a fork'))
    await sender.comment(pull, '/gimlet status', { by: 'alice' })
    await until(() => expect(said()[1]?.body).toContain('| environment | app |'))
    expect(replies()).toEqual([])
    expect(await releases('staging')).toEqual([])
  })

  it('GitHub that does not say who may is a no', async () => {
    const { sender, pull, push, until, replies, releases, github } = await started()
    await push('web-1', shas.one)
    github.fail('GET', /permission$/, { status: 502 })
    await sender.comment(pull, '/gimlet release staging')
    await until(() =>
      expect(replies()[0]?.body).toContain('GitHub does not say now what you may do'),
    )
    expect(await releases('staging')).toEqual([])
  })
})

describe('F15: a delivery that comes again', () => {
  it('is carried out once, under whatever name it comes', async () => {
    const { sender, pull, push, until, replies, releases, github } = await started()
    await push('web-1', shas.one)
    await sender.comment(pull, '/gimlet release staging')
    await until(() => expect(replies()).toHaveLength(1))
    const [first] = github.deliveries
    for (let at = 0; at < 3; at++)
      await sender.event('issue_comment', first!.request.payload, { delivery: crypto.randomUUID() })
    await sender.comment(pull, '/gimlet status')
    await until(() => expect(replies()).toHaveLength(2))
    expect(await releases('staging')).toHaveLength(1)
  })
})

describe('F32: a token that expires in the middle', () => {
  it('is asked for anew', async () => {
    const { sender, pull, push, until, replies, github } = await started()
    await push('web-1', shas.one)
    await sender.comment(pull, '/gimlet status')
    await until(() => expect(replies()).toHaveLength(1))
    github.expireTokens()
    await sender.comment(pull, '/gimlet release staging')
    // GitHub's library itself waits for tokens younger than five seconds to be known everywhere.
    await eventually(() => expect(replies()[1]?.body).toContain('**Released**'))
  })
})

describe('F24: GitHub that does not answer', () => {
  it.each([
    { name: 'a server error', fault: { status: 502 } as const },
    { name: 'a connection that is cut', fault: { close: true } as const },
    { name: 'an answer that is lost', fault: { lost: true } as const },
    {
      name: 'the secondary limit',
      fault: { status: 403, secondary: true, retryAfter: 1 } as const,
    },
  ])('$name does not lose a comment, nor make two of it', async ({ fault }) => {
    const { sender, pull, push, until, replies, github } = await started()
    await push('web-1', shas.one)
    github.fail('POST', /\/issues\/12\/comments$/, fault, 1)
    await sender.comment(pull, '/gimlet release staging')
    await until(() => expect(replies()[0]?.body).toContain('**Released**'))
    expect(replies()).toHaveLength(1)
  })
})
