import { createSign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { verify } from '@octokit/webhooks-methods'
import { createProbot, Probot, ProbotOctokit } from 'probot'
import { describe, expect, it, onTestFinished } from 'vitest'
import { settableClock } from './clock.ts'
import { type GithubFault, githubStandIn, noProblems } from './github.ts'

const secret = 'secret'
const at = { owner: 'example', repo: 'web' }
const sha = 'a'.repeat(40)

async function github() {
  const standIn = await githubStandIn(onTestFinished)
  const web = standIn.repository({ fullName: 'example/web', private: true })
  const pull = standIn.pull({ repository: web, number: 7, headSha: sha })
  // A function, for Probot gives throttle options of its own over those of an object.
  const off = { retry: { enabled: false }, throttle: { enabled: false } }
  const Octokit = ProbotOctokit.defaults((options: object) => ({ ...options, ...off }))
  const { privateKey, apiUrl: baseUrl } = standIn
  const probot = new Probot({ appId: 1, privateKey, secret, baseUrl, Octokit, logLevel: 'fatal' })
  const octokit = await probot.auth(42)
  const post = (body = 'x') => octokit.rest.issues.createComment({ ...at, issue_number: 7, body })
  return { standIn, web, pull, probot, octokit, post }
}

/** An app that takes whatever it gets. */
async function app() {
  const got: { headers: Record<string, string>; body: string }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    got.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() }) // biome-ignore format: one value
    response.end('{"ok":true}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/github/webhooks`
  return { url, got, payload: () => JSON.parse(got.at(-1)?.body ?? '{}') }
}

describe('the stand-in takes what Octokit sends', () => {
  it('keeps comments, their edits, reactions and that they are hidden', async () => {
    const { standIn, web, octokit, post } = await github()
    const { data, status } = await post('one')
    expect([status, data.user?.login, data.user?.type]).toEqual([201, 'gimlet[bot]', 'Bot'])
    const of = { ...at, comment_id: data.id }
    await octokit.rest.issues.updateComment({ ...of, body: 'two' })
    const react = () => octokit.rest.reactions.createForIssueComment({ ...of, content: 'eyes' })
    const [first, again] = [await react(), await react()]
    expect([first.status, again.status, again.data.id]).toEqual([201, 200, first.data.id])
    const hide = 'mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }' // biome-ignore format: one value
    await octokit.graphql(hide, { id: data.node_id })
    const seen = { body: 'two', edits: 1, author: 'gimlet[bot]', minimized: 'outdated' }
    expect(standIn.comments(web, 7)).toMatchObject([seen])
    expect(standIn.reactions(data.id)).toEqual([{ content: 'eyes', author: 'gimlet[bot]' }])
    await octokit.rest.reactions.deleteForIssueComment({ ...of, reaction_id: first.data.id })
    await octokit.rest.issues.deleteComment(of)
    expect([standIn.comments(web, 7), standIn.reactions(data.id)]).toEqual([[], []])
    noProblems(standIn)
  })

  it('knows people, branches, pull requests and repositories', async () => {
    const { standIn, web, pull, octokit, probot } = await github()
    standIn.permission(web, 'Bob', 'maintain')
    const level = (username: string) => octokit.rest.repos.getCollaboratorPermissionLevel({ ...at, username }) // biome-ignore format: one value
    expect((await level('bob')).data).toMatchObject({ permission: 'write', role_name: 'maintain' })
    expect((await level('alice')).data).toMatchObject({ permission: 'none' })
    await expect(level('nobody')).rejects.toMatchObject({ status: 404 })
    for (let n = 100; n < 250; n++) standIn.pull({ repository: web, number: n, headRef: `f/${n}` })
    expect(await octokit.paginate(octokit.rest.pulls.list, { ...at, per_page: 100 })).toHaveLength(151) // biome-ignore format: one line
    const branch = { ...at, branch: 'f/100' }
    expect((await octokit.rest.repos.getBranch(branch)).data.name).toBe('f/100')
    web.branches.delete('f/100')
    await expect(octokit.rest.repos.getBranch(branch)).rejects.toMatchObject({ status: 404 })
    pull.merge({ by: 'Bob', sha: 'd'.repeat(40) })
    const merged = { state: 'closed', merged: true, merged_by: { login: 'Bob' }, head: { sha } }
    web.rename('site')
    const { data } = await octokit.rest.pulls.get({ ...at, pull_number: 7 })
    expect(data).toMatchObject({ ...merged, base: { repo: { name: 'site', id: web.id } } })
    const compare = { ...at, repo: 'site', basehead: `main...${sha}` }
    expect((await octokit.rest.repos.compareCommitsWithBasehead(compare)).data.status).toBe('ahead')
    const listed = await octokit.rest.apps.listReposAccessibleToInstallation()
    expect(listed.data.repositories).toMatchObject([{ full_name: 'example/site' }])
    const asApp = await probot.auth()
    expect((await asApp.rest.apps.getAuthenticated()).data?.slug).toBe('gimlet')
  })

  it('is where the environment of Probot says', async () => {
    const { standIn } = await github()
    const env = { APP_ID: '1', PRIVATE_KEY: standIn.privateKey, GHE_HOST: standIn.host, GHE_PROTOCOL: 'http', LOG_LEVEL: 'fatal' } as const // biome-ignore format: one value
    const octokit = await createProbot({ env }).auth(42)
    expect((await octokit.rest.repos.get(at)).data.full_name).toBe('example/web')
    await octokit.request('GET /repos/{owner}/{repo}', { ...at, baseUrl: standIn.origin })
    noProblems(standIn)
    await expect(octokit.request('GET /nowhere')).rejects.toMatchObject({ status: 404 })
    expect(() => noProblems(standIn)).toThrow(/knows no such route/)
  })

  it('ends the deployment before, but for production', async () => {
    const { standIn, web, octokit } = await github()
    const { repos } = octokit.rest
    const succeed = async (environment: string) => {
      const about = { ref: sha, environment, required_contexts: [], payload: { app: 'web' } }
      const { data } = await repos.createDeployment({ ...at, ...about })
      const deployment_id = (data as { id: number }).id
      await repos.createDeploymentStatus({ ...at, deployment_id, state: 'success' })
    }
    for (const environment of ['staging', 'staging', 'production', 'production']) await succeed(environment) // biome-ignore format: one line
    const states = standIn.deployments(web).map(({ environment, state }) => `${environment} ${state}`) // biome-ignore format: one value
    expect(states).toEqual(['staging inactive', 'staging success', 'production success', 'production success']) // biome-ignore format: one line
    expect(standIn.deployments(web)[0]).toMatchObject({ sha, payload: { app: 'web' } })
    const found = await repos.listDeployments({ ...at, environment: 'staging', sha })
    expect(found.data).toHaveLength(2)
    noProblems(standIn)
  })

  it('holds a deployment back while a status of its commit is not a success', async () => {
    const { standIn, web, octokit } = await github()
    const { repos, checks } = octokit.rest
    await repos.createCommitStatus({ ...at, sha, state: 'pending', context: 'gimlet/staging' })
    await expect(repos.createDeployment({ ...at, ref: sha })).rejects.toMatchObject({ status: 409 })
    await repos.createDeployment({ ...at, ref: sha, required_contexts: [] })
    const { data } = await checks.create({ ...at, name: 'gate', head_sha: sha, status: 'in_progress' }) // biome-ignore format: one value
    await checks.update({ ...at, check_run_id: data.id, conclusion: 'success' })
    expect(standIn.checks(web, sha)).toMatchObject([{ status: 'completed', conclusion: 'success' }])
    const listed = await checks.listForRef({ ...at, ref: sha, check_name: 'gate' })
    expect(listed.data.total_count).toBe(1)
    expect(standIn.statuses(web, sha)).toMatchObject([{ context: 'gimlet/staging' }])
  })

  it('refuses what GitHub refuses, and remembers it', async () => {
    const { standIn, octokit, post } = await github()
    await expect(post('x'.repeat(65_537))).rejects.toMatchObject({ status: 422 })
    await expect(post(' ')).rejects.toMatchObject({ status: 422 })
    const status = { ...at, sha, state: 'success' as const, description: 'x'.repeat(141) }
    await expect(octokit.rest.repos.createCommitStatus(status)).rejects.toMatchObject({ status: 422 }) // biome-ignore format: one line
    const check = { ...at, name: 'gate', head_sha: sha, status: 'completed' as const }
    await expect(octokit.rest.checks.create(check as never)).rejects.toMatchObject({ status: 422 })
    expect(standIn.problems).toHaveLength(4)
    expect(() => noProblems(standIn)).toThrow(/comments: .*too long/)
    standIn.permissions = { metadata: 'read' }
    await expect(post()).rejects.toMatchObject({ status: 403 })
  })
})

describe('tokens', () => {
  it('end after an hour, or when told, and only a JWT makes them', async () => {
    const { standIn, post } = await github()
    const clock = settableClock()
    standIn.nowMs = clock.nowMs
    await post()
    const call = standIn.callsOf('POST', /access_tokens$/)
    expect(call).toMatchObject([{ status: 201, token: 'app' }])
    const asked = (authorization: string, path = '/installation/repositories') =>
      fetch(`${standIn.apiUrl}${path}`, { headers: { authorization } }).then((answer) => answer.status) // biome-ignore format: one value
    const token = await installationToken(standIn.apiUrl, standIn.privateKey)
    expect(await asked(`token ${token}`)).toBe(200)
    expect(await asked(`token ${token}`, '/app')).toBe(401)
    clock.moveMs(60 * 60_000)
    expect(await asked(`token ${token}`)).toBe(401)
    clock.moveMs(-1)
    standIn.expireTokens()
    expect(await asked(`token ${token}`)).toBe(401)
    expect(await asked('bearer a.b.c', '/app')).toBe(401)
  })
})

describe('faults', () => {
  const faults: { fault: GithubFault; want: object; kept?: number }[] = [
    { fault: { status: 502 }, want: { status: 502 } },
    { fault: { status: 422, message: 'No' }, want: { status: 422 } },
    { fault: { status: 403, rateLimit: true }, want: { status: 403, response: { headers: { 'x-ratelimit-remaining': '0' } } } },
    { fault: { status: 403, secondary: true, retryAfter: 5 }, want: { status: 403, message: /secondary rate limit/, response: { headers: { 'retry-after': '5' } } } },
    { fault: { status: 429, retryAfter: 7 }, want: { status: 429, response: { headers: { 'retry-after': '7' } } } },
    { fault: { close: true }, want: { status: 500 } },
    { fault: { lost: true }, want: { status: 500 }, kept: 2 },
  ] // biome-ignore format: a table
  it.each(faults)('fails once as told: $fault', async ({ fault, want, kept = 1 }) => {
    const { standIn, web, post } = await github()
    standIn.fail('POST', /\/comments$/, fault)
    const error = await post().catch((thrown: unknown) => thrown)
    const { message, ...rest } = want as { message?: RegExp }
    expect(error).toMatchObject(rest)
    if (message) expect(String(error)).toMatch(message)
    expect((await post()).status).toBe(201)
    expect(standIn.comments(web, 7)).toHaveLength(kept)
    noProblems(standIn)
  })

  it('answers late, answers HTML, and is away', async () => {
    const { standIn, post } = await github()
    standIn.fail('POST', /\/comments$/, { hang: 30 })
    standIn.fail('POST', /\/comments$/, { html: true })
    expect((await post()).status).toBe(201)
    expect((await post()).data).toMatch(/^<!DOCTYPE/)
    standIn.down()
    await expect(post()).rejects.toMatchObject({ status: 500 })
    standIn.up()
    expect((await post()).status).toBe(201)
    standIn.limitPerMinute = standIn.createdMax()
    await expect(post()).rejects.toThrow(/secondary rate limit/)
  })
})

describe('webhooks', () => {
  it('carry a signature that Octokit takes, unless told otherwise', async () => {
    const { standIn, pull } = await github()
    const { url, got } = await app()
    const sender = standIn.sender(url, { secret })
    const isValid = () => {
      const { headers, body } = got.at(-1) ?? { headers: {}, body: '' }
      return verify(secret, body, headers['x-hub-signature-256'] ?? 'sha256=0')
    }
    expect(await sender.ping()).toMatchObject({ status: 200, json: { ok: true } })
    expect(await isValid()).toBe(true)
    expect(got[0]?.headers).toMatchObject({ 'x-github-event': 'ping', 'x-github-hook-installation-target-id': '1' }) // biome-ignore format: one line
    await sender.comment(pull, 'é', { contentType: 'application/x-www-form-urlencoded' })
    expect(await isValid()).toBe(true)
    await sender.comment(pull, 'x', { secret: 'other', delivery: 'd-1' })
    expect(await isValid()).toBe(false)
    expect(got.at(-1)?.headers['x-github-delivery']).toBe('d-1')
    await sender.ping({ signature: null })
    expect(got.at(-1)?.headers['x-hub-signature-256']).toBeUndefined()
  })

  it('say what the state says', async () => {
    const { standIn, web, pull, octokit } = await github()
    const { url, payload } = await app()
    const sender = standIn.sender(url, { secret })
    await sender.comment(pull, '/release web', { by: 'bob', commentId: 5 })
    const repository = { id: web.id, full_name: 'example/web', owner: { login: 'example' } }
    const by = { id: standIn.user('bob').id, login: 'bob', type: 'User' }
    const issue = { number: 7, pull_request: { merged_at: null } }
    expect(payload()).toMatchObject({ action: 'created', repository, issue, installation: { id: 42 }, sender: by, comment: { id: 5, body: '/release web', user: by } }) // biome-ignore format: one line
    expect((await octokit.rest.issues.getComment({ ...at, comment_id: 5 })).data.body).toBe('/release web') // biome-ignore format: one line
    await sender.comment(pull, 'new', { by: 'bob', commentId: 5, action: 'edited', sender: 'eve' })
    expect(payload()).toMatchObject({ changes: { body: { from: '/release web' } }, sender: { login: 'eve' }, comment: { body: 'new', user: by } }) // biome-ignore format: one line
    pull.push('e'.repeat(40))
    await sender.pullRequest(pull, 'synchronize')
    expect(payload()).toMatchObject({ before: sha, after: 'e'.repeat(40), number: 7, pull_request: { head: { sha: 'e'.repeat(40), repo: { id: web.id } } } }) // biome-ignore format: one line
    await sender.push({ repository: web, ref: 'main', after: sha, by: 'bob' })
    expect(payload()).toMatchObject({ ref: 'refs/heads/main', after: sha, created: false, deleted: false, pusher: { name: 'bob' }, repository }) // biome-ignore format: one line
    await sender.deleteBranch({ repository: web, branch: 'change-7' })
    expect(payload()).toMatchObject({ ref: 'change-7', ref_type: 'branch', repository })
    await sender.workflowRun({ repository: web, headSha: sha, conclusion: 'failure' })
    expect(payload()).toMatchObject({ workflow_run: { head_sha: sha, conclusion: 'failure' } })
    await sender.repositoryRenamed(web, 'site')
    expect(payload()).toMatchObject({ action: 'renamed', repository: { name: 'site' }, changes: { repository: { name: { from: 'web' } } } }) // biome-ignore format: one line
    await sender.installationRepositories('removed', { repositories: [web] })
    expect(payload()).toMatchObject({ repositories_removed: [{ full_name: 'example/site' }] })
    await expect(octokit.rest.repos.get({ ...at, repo: 'site' })).rejects.toMatchObject({ status: 404 }) // biome-ignore format: one line
    await sender.installation('suspend')
    expect(payload()).toMatchObject({ action: 'suspend', installation: { id: 42, app_id: 1 } })
    expect(JSON.stringify(payload())).not.toMatch(/Codertocat\/Hello-World|api\.github\.com/)
  })

  it('that were lost are listed, and come again when the app asks', async () => {
    const { standIn, pull, probot } = await github()
    const { url, got } = await app()
    const sender = standIn.sender(url, { secret })
    const lost = { delivery: 'd-lost', isLost: true }
    expect(await sender.comment(pull, 'x', lost)).toMatchObject({ status: 0 })
    for (let n = 0; n < 3; n++) await sender.ping()
    const { apps } = (await probot.auth()).rest
    const first = await apps.listWebhookDeliveries({ per_page: 2 })
    const cursor = /cursor=([^&>]+)/.exec(first.headers.link ?? '')?.[1] ?? ''
    const { data } = await apps.listWebhookDeliveries({ per_page: 2, cursor })
    expect(data[1]).toMatchObject({ guid: 'd-lost', event: 'issue_comment', action: 'created' })
    const { id: delivery_id = 0, status } = data[1] ?? {}
    expect(status).not.toBe('OK')
    const one = await apps.getWebhookDelivery({ delivery_id })
    expect(one.data.request.payload).toMatchObject({ comment: { body: 'x' } })
    expect((await apps.redeliverWebhookDelivery({ delivery_id })).status).toBe(202)
    await expect.poll(() => got.at(-1)?.headers['x-github-delivery']).toBe('d-lost')
  })
})

async function installationToken(apiUrl: string, key: string): Promise<string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const unsigned = `${part({ alg: 'RS256' })}.${part({ iss: 1, iat: now - 30, exp: now + 570 })}`
  const signature = createSign('RSA-SHA256').update(unsigned).sign(key, 'base64url')
  const headers = { authorization: `bearer ${unsigned}.${signature}` }
  const url = `${apiUrl}/app/installations/42/access_tokens`
  const { token } = (await (await fetch(url, { method: 'POST', headers })).json()) as Made
  return token
}

type Made = { readonly token: string }
