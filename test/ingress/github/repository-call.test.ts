import { describe, expect, onTestFinished, test } from 'vitest'
import { githubApi, probotOf } from '../../../src/ingress/github/api.ts'
import { githubCallOf, graphqlRoute } from '../../../src/ingress/github/repository-call.ts'
import { makeLog } from '../../../src/log.ts'
import { githubStandIn } from '../../support/github.ts'

const at = { owner: 'example', repo: 'gitops' }
const byId = 'GET /repos/{owner}/{repo}'
const lookups = /^\/repos\/example\/gitops\/installation$/

/** The way to a repository on GitHub, as the app and by a token. */
async function ways() {
  const github = await githubStandIn(onTestFinished)
  github.permissions = { metadata: 'read', contents: 'write' }
  const repository = github.repository({ fullName: 'example/gitops' })
  const baseUrl = `${github.origin}/api/v3`
  const given = { appId: '1', privateKey: github.privateKey, secret: 'a-secret-of-the-tests' }
  const api = githubApi(() => probotOf({ ...given, baseUrl, log: makeLog('silent', []) }))
  const asApp = githubCallOf({ kind: 'app', api }, { ...at, baseUrl })
  const token = github.personalToken()
  const byToken = githubCallOf({ kind: 'token', token }, { ...at, baseUrl })
  return { github, repository, asApp, byToken }
}

describe('as the app', () => {
  test('asks once which installation it is', async () => {
    const { github, asApp } = await ways()
    for (let count = 0; count < 3; count++)
      expect(await asApp(byId, at)).toMatchObject({
        kind: 'ok',
        data: { full_name: 'example/gitops' },
      })
    expect(github.callsOf('GET', lookups)).toHaveLength(1)
  })

  test('F32: finds the installation again when the app was installed anew', async () => {
    const { github, repository, asApp } = await ways()
    await asApp(byId, at)
    github.installations.splice(0, 1, { id: 77, account: 'example', isSuspended: false })
    repository.installationId = 77
    expect(await asApp(byId, at)).toMatchObject({ kind: 'ok' })
    expect(await asApp(byId, at)).toMatchObject({ kind: 'ok' })
    expect(github.callsOf('GET', lookups)).toHaveLength(2)
  })

  test('F32: says what to do where the app is not installed', async () => {
    const { repository, asApp } = await ways()
    repository.installationId = 43
    const message = expect.stringContaining('is not installed on example/gitops; install it there')
    expect(await asApp(byId, at)).toEqual({ kind: 'refused', status: 404, message })
  })

  test('F32: reads and does not write with an app that may only read, until it may', async () => {
    const { github, asApp } = await ways()
    github.permissions = { metadata: 'read', contents: 'read' }
    const write = () => asApp('POST /repos/{owner}/{repo}/git/trees', { ...at, tree: [] })
    expect(await asApp(byId, at)).toMatchObject({ kind: 'ok' })
    const message = expect.stringContaining('set contents to write')
    expect(await write()).toEqual({ kind: 'refused', status: 403, message })
    expect(github.callsOf('POST', /\/git\/trees$/)).toEqual([])
    github.permissions = { metadata: 'read', contents: 'write' }
    await write()
    expect(github.callsOf('POST', /\/git\/trees$/)).toHaveLength(1)
  })
})

describe('by a token', () => {
  test('asks nobody for an installation', async () => {
    const { github, byToken } = await ways()
    expect(await byToken(byId, at)).toMatchObject({ kind: 'ok' })
    expect(github.callsOf('GET', lookups)).toEqual([])
  })

  test.each([
    {
      name: 'a limit',
      fault: { status: 429, retryAfter: 30 },
      want: { kind: 'limited', afterMs: 30_000 },
    },
    {
      name: 'trouble',
      fault: { status: 503 },
      want: { kind: 'unreachable', problem: 'status 503' },
    },
    {
      name: 'no answer',
      fault: { close: true as const },
      want: { kind: 'unreachable', problem: 'no answer' },
    },
    {
      name: 'a no',
      fault: { status: 404, message: 'Not Found' },
      want: { kind: 'refused', status: 404 },
    },
  ])('F24: $name is a value', async ({ fault, want }) => {
    const { github, byToken } = await ways()
    github.fail('GET', /^\/repos\/example\/gitops$/, fault)
    expect(await byToken(byId, at)).toMatchObject(want)
  })

  test('F24: the limit that GraphQL tells with a 200 is a limit', async () => {
    const { github, byToken } = await ways()
    const answer = { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] }
    github.graphqlAnswers.push({ query: /viewer/, answer })
    const asked = byToken('POST /graphql', { query: '{ viewer { login } }' })
    expect(await asked).toEqual({ kind: 'limited', afterMs: 60_000 })
  })
})

test.each([
  { baseUrl: undefined, want: 'POST /graphql' },
  { baseUrl: 'https://ghe.example.com/api/v3', want: 'POST https://ghe.example.com/api/graphql' },
])('GraphQL of $baseUrl is $want', ({ baseUrl, want }) => {
  expect(graphqlRoute(baseUrl)).toBe(want)
})
