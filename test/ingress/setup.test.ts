import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { delay, HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { authenticator } from '../../src/commands/authenticate.ts'
import { type Config, readConfig } from '../../src/config.ts'
import type { Role } from '../../src/domain/actor.ts'
import { refuse } from '../../src/domain/fault.ts'
import { httpApp } from '../../src/ingress/http/app.ts'
import { makeLog } from '../../src/log.ts'
import { readSettings } from '../../src/read-settings.ts'
import { setupParts } from '../../src/setup-parts.ts'
import { newToken, tokenHash, UserStore } from '../../src/store/users.ts'
import { testParts } from '../support/parts.ts'
import { tempFolder } from '../support/temp.ts'

const pem = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey
const secret = 'the-webhook-secret: #1'
const publicUrl = 'https://gimlet.example.com'
const code = 'a180b1a3d263c81bc6441d7b990bae27d4c10679'
const made = { id: 4711, slug: 'gimletd-acme', pem, webhook_secret: secret, html_url: 'https://github.com/apps/gimletd-acme', client_secret: 'unused-secret' } // biome-ignore format: one value

const conversions = 'https://api.github.com/app-manifests/:code/conversions'
const github = setupServer()
/** Shared by all tests: the set-up keeps nothing in them. */
const parts = await testParts({}, afterAll)
const users = new UserStore(parts.database)
beforeAll(() =>
  github.listen({
    onUnhandledRequest({ url }, print) {
      if (!['127.0.0.1', 'localhost'].includes(new URL(url).hostname)) print.error()
    },
  }),
)
afterEach(() => github.resetHandlers())
afterAll(() => github.close())

/** GitHub gives every code once, as the real one does; answers how often it was asked. */
function githubGives(answer: object = made, url = conversions) {
  const asked: string[] = []
  github.use(
    http.post<{ code: string }>(url, ({ params }) => {
      const isNew = !asked.includes(params.code)
      asked.push(params.code)
      return isNew ? HttpResponse.json(answer, { status: 201 }) : HttpResponse.json({ message: 'Not Found' }, { status: 404 }) // biome-ignore format: one answer
    }),
  )
  return asked
}

/** A server's HTTP, with the set-up page where the settings leave it on, in a folder of its own. */
async function server(settings: Readonly<Record<string, string>> = {}) {
  const dataDir = await tempFolder(onTestFinished)
  const environment = { GIMLET_URL: publicUrl, GIMLET_DATA_DIR: dataDir, ...settings }
  const config = readConfig(environment, null) as Config
  const { ports, clock } = parts
  const lines: string[] = []
  const write = (chunk: Buffer, _: string, done: () => void) => {
    lines.push(chunk.toString('utf8'))
    done()
  }
  const log = makeLog('trace', config.secrets, new Writable({ write }))
  const { token, hash: adminHash } = newToken()
  const keyless = async () => refuse('unauthenticated', 'no CI is known')
  const people = async () => (await ports.sources.policies(await ports.gitops.tip())).people
  const authenticate = authenticator(
    { clock, hash: tokenHash, users, people, keyless },
    { adminHash },
  )
  const app = httpApp({
    handle: () => Promise.reject(new Error('the set-up gives no command')),
    ...{ clock, authenticate, log, slack: null, github: null },
    health: {
      database: async () => 1,
      gitops: async () => 1,
      problems: async () => [],
      isLeader: () => true,
    },
    metrics: async () => '',
    setup: config.setup && setupParts({ ...config.setup, dataDir, log }),
  })
  const get = async (path: string, cookie = '') => page(await app.request(path, { headers: { cookie } })) // biome-ignore format: one call
  const post = async (form: Record<string, string>) =>
    page(await app.request('/setup', { method: 'POST', body: new URLSearchParams(form) }))
  return {
    ...{ app, get, post, token, clock, lines, dataDir, environment },
    file: join(dataDir, 'github.yaml'),
    async user(login: string, roles: readonly Role[], repositories: readonly string[] = []) {
      const made = newToken()
      await users.add({ login, roles: [...roles], repositories, createdUnix: 0 }, made.hash)
      return made.token
    },
    /** Goes as far as to GitHub; answers what a browser would come back with. */
    async begin(organization = '') {
      const { text, cookie } = await post({ token, organization })
      const action = unescaped(/action="([^"]+)"/.exec(text)?.[1] ?? '')
      const state = new URL(action).searchParams.get('state') ?? ''
      return { action, cookie, state, done: (of = code) => `/setup/done?code=${of}&state=${state}` }
    },
  }
}

async function page(response: Response) {
  const set = response.headers.get('set-cookie') ?? ''
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, set, cookie: set.split(';', 1)[0] ?? '' } // biome-ignore format: one value
}

const unescaped = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')

describe('the set-up page', () => {
  test.each([
    { name: 'all of it', set: { APP_ID: '1', PRIVATE_KEY: pem, WEBHOOK_SECRET: secret } },
    { name: 'a part of it', set: { APP_ID: '1' } },
  ])('is not there when $name is configured', async ({ set }) => {
    const { app } = await server(set)
    for (const [method, path] of [
      ['GET', '/setup'],
      ['POST', '/setup'],
      ['GET', '/setup/done?code=a&state=b'],
    ] as const) {
      // biome-ignore format: one table
      const [asked, unknown] = [await app.request(path, { method }), await app.request('/none', { method })] // biome-ignore format: one pair
      expect([asked.status, asked.headers.get('content-type')]).toEqual([404, unknown.headers.get('content-type')]) // biome-ignore format: one claim
    }
  })

  test('asks for a token and an organization, and nothing is loaded or run in it', async () => {
    const { get } = await server()
    const { status, text, headers } = await get('/setup')
    expect(status).toBe(200)
    expect(text).toMatch(/<input[^>]+name="token" type="password"/)
    expect(text).toContain('name="organization"')
    expect(text).not.toMatch(/<script|<link|<img|\son\w+=|\sstyle=|\ssrc=/i)
    expect(headers.get('content-type')).toBe('text/html; charset=UTF-8')
  })

  test.each([
    { name: 'no address', set: { GIMLET_URL: '' }, isOn: false },
    { name: 'http', set: { GIMLET_URL: 'http://gimlet.example.com' }, isOn: false },
    { name: 'this machine', set: { GIMLET_URL: 'https://localhost:8888' }, isOn: false },
    { name: 'this machine’s number', set: { GIMLET_URL: 'https://127.0.0.2/' }, isOn: false },
    { name: 'this machine’s long number', set: { GIMLET_URL: 'https://[::1]/' }, isOn: false },
    { name: 'http and GitHub Enterprise', set: { GIMLET_URL: 'http://gimlet.example.com', GHE_HOST: 'github.example.com' }, isOn: true }, // biome-ignore format: one row
    { name: 'this machine and GitHub Enterprise', set: { GIMLET_URL: 'http://localhost', GHE_HOST: 'github.example.com' }, isOn: false }, // biome-ignore format: one row
  ])('with $name: a button is there, $isOn', async ({ set, isOn }) => {
    const { get, post, token } = await server(set)
    const { text } = await get('/setup')
    expect(text.includes('<button')).toBe(isOn)
    expect(text.includes('Set <code>GIMLET_URL</code>')).toBe(!isOn)
    const sent = await post({ token })
    expect([sent.status, sent.text.includes('name="manifest"')]).toEqual(isOn ? [200, true] : [409, false]) // biome-ignore format: one claim
  })
})

describe('who may', () => {
  test.each(['', 'wrong', 'gimlet_x'])(
    'nobody with the token "%s": 401 and the form',
    async (wrong) => {
      const { post } = await server()
      const { status, text, set } = await post({ token: wrong, organization: 'acme' })
      expect([status, set]).toEqual([401, ''])
      expect(text).toContain('name="token"')
      expect(text).toContain('value="acme"')
      expect(text).not.toContain('name="manifest"')
    },
  )

  test.each(['viewer', 'ci', 'releaser', 'approver'] as const)('not a %s: 403', async (role) => {
    const { post, user } = await server()
    const { status, text, set } = await post({ token: await user(role, [role]) })
    expect([status, set]).toEqual([403, ''])
    expect(text).toContain(`${role} may not set up GitHub; that takes the role admin`)
  })

  test('an administrator, and not one of a single repository or place', async () => {
    const { post, user } = await server()
    expect((await post({ token: await user('other', ['admin']) })).status).toBe(200)
    const bound = await user('bound', ['admin'], ['acme/web'])
    expect((await post({ token: bound })).status).toBe(403)
    const here = { role: 'admin', env: 'staging' }
    const people = [{ login: 'placed-person', tokens: ['placed'], roles: [here] }]
    await parts.putPolicies({ 'people.json': JSON.stringify({ people }) })
    onTestFinished(() => parts.putPolicies({ 'people.json': null }))
    expect((await post({ token: await user('placed', []) })).status).toBe(403)
  })

  test('a token in the address is none', async () => {
    const { app, token } = await server()
    const sent = await app.request(`/setup?token=${token}&access_token=${token}`, { method: 'POST', body: new URLSearchParams() }) // biome-ignore format: one call
    expect(sent.status).toBe(401)
  })

  test('a body has at most 8 KiB', async () => {
    const { post, token } = await server()
    const { status, text } = await post({ token, organization: 'a'.repeat(9_000) })
    expect([status, text.includes('too large')]).toEqual([413, true])
  })
})

describe('the way to GitHub', () => {
  test('carries app.yml with the addresses of this server, and a cookie that fits', async () => {
    const { post, token } = await server()
    const { text, set } = await post({ token: ` ${token}\n` })
    const manifest = JSON.parse(unescaped(/name="manifest" value="([^"]+)"/.exec(text)?.[1] ?? ''))
    expect(manifest).toEqual({
      ...parse(readFileSync('app.yml', 'utf8')),
      hook_attributes: { url: `${publicUrl}/api/github/webhooks`, active: true },
      redirect_url: `${publicUrl}/setup/done`,
    })
    expect(text).toMatch(/action="https:\/\/github\.com\/settings\/apps\/new\?state=[\w-]{43}"/)
    expect(set).toMatch(
      /^gimlet_setup=[\w-]{43}; Max-Age=1800; Path=\/setup; HttpOnly; Secure; SameSite=Lax$/,
    )
    expect(text).not.toContain(token)
  })

  test('leads to an organization', async () => {
    const { begin } = await server()
    expect((await begin('Acme-Inc')).action).toMatch(
      /^https:\/\/github\.com\/organizations\/Acme-Inc\/settings\/apps\/new\?state=/,
    )
  })

  test('leads to GitHub Enterprise, from below a proxy’s path', async () => {
    const { post, token, get } = await server({ GIMLET_URL: 'http://tools.example.com/gimlet/', GHE_HOST: 'github.example.com:8443', GHE_PROTOCOL: 'http' }) // biome-ignore format: one call
    const { text, set } = await post({ token })
    expect(text).toContain('action="http://github.example.com:8443/settings/apps/new?state=')
    expect(set).toContain('Path=/gimlet/setup;')
    expect(set).not.toContain('Secure')
    const policy = (await get('/setup')).headers.get('content-security-policy')
    expect(policy).toContain("form-action 'self' http://github.example.com:8443;")
  })

  test.each([
    '../evil',
    'a/b',
    '-a',
    'a-',
    'a--b',
    'a b',
    '?x=',
    '"><script>alert(1)</script>',
    `${'a'.repeat(40)}`,
    'é',
  ])('does not lead to the organization %s', async (organization) => {
    // biome-ignore format: one row
    const { post, token } = await server()
    const { status, text, set } = await post({ token, organization })
    expect([status, set]).toEqual([422, ''])
    expect(text).not.toContain('<script')
    expect(text).not.toContain(token)
  })
})

describe('the way back', () => {
  test('keeps the keys: the next start has GitHub on, and the page none of them', async () => {
    const asked = githubGives()
    const { begin, get, file, dataDir, environment, lines, token } = await server()
    const { cookie, done } = await begin('acme')
    const { status, text, set } = await get(done(), cookie)
    expect([status, asked]).toEqual([200, [code]])
    expect(text).toContain('href="https://github.com/apps/gimletd-acme/installations/new"')
    expect(text).toContain('gimlet doctor github')
    expect(set).toContain('gimlet_setup=; Max-Age=0; Path=/setup')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(dataDir)).toEqual(['github.yaml'])
    const next = readSettings(environment) as Config
    expect(next.github).toMatchObject({ appId: '4711', privateKey: pem, secrets: [secret] })
    expect(next.secrets).toEqual([pem, secret])
    expect(next.setup).toBeNull()
    const told = [text, set, ...lines].join('\n')
    for (const kept of [pem, pem.slice(40, 80), secret, 'unused-secret', token, code]) expect(told).not.toContain(kept) // biome-ignore format: one claim
  })

  test('is gone once it was taken: a refresh and another flow change nothing', async () => {
    const asked = githubGives()
    const { begin, get, post, file, token } = await server()
    const [first, second] = [await begin(), await begin()]
    await get(first.done(), first.cookie)
    const kept = readFileSync(file, 'utf8')
    const again = await get(first.done('other'), first.cookie)
    expect([again.status, again.text.includes('Start the server again')]).toEqual([403, true])
    const late = await get(second.done('other'), second.cookie)
    expect([late.status, late.text.includes('Start the server again')]).toEqual([409, true])
    const form = await get('/setup')
    expect([form.status, form.text.includes('Start the server again'), form.text.includes('<form')]).toEqual([200, true, false]) // biome-ignore format: one claim
    expect((await post({ token })).status).toBe(409)
    expect([asked, readFileSync(file, 'utf8')]).toEqual([[code], kept])
  })

  test('is taken once, also by two at the same moment', async () => {
    const asked = githubGives()
    const { begin, get } = await server()
    const { cookie, done } = await begin()
    const both = await Promise.all([get(done(), cookie), get(done('other'), cookie)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 403])
    expect(asked).toHaveLength(1)
  })

  test('of two flows at the same moment, one app is kept whole', async () => {
    github.use(
      http.post<{ code: string }>(conversions, async ({ params }) => {
        await delay(30)
        return HttpResponse.json({ ...made, id: params.code === 'one' ? 1 : 2, webhook_secret: `secret-${params.code}` }, { status: 201 }) // biome-ignore format: one answer
      }),
    )
    const { begin, get, file } = await server()
    const [one, two] = [await begin(), await begin()]
    const both = await Promise.all([get(one.done('one'), one.cookie), get(two.done('two'), two.cookie)]) // biome-ignore format: one call
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
    const winner = both[0]?.status === 200 ? ['1', 'secret-one'] : ['2', 'secret-two']
    const { APP_ID, WEBHOOK_SECRET } = parse(readFileSync(file, 'utf8'))
    expect([APP_ID, WEBHOOK_SECRET]).toEqual(winner)
  })

  test('does not replace a file that came in between', async () => {
    const { begin, get, file, dataDir } = await server()
    github.use(
      http.post(conversions, () => {
        writeFileSync(file, 'somebody else’s')
        return HttpResponse.json(made, { status: 201 })
      }),
    )
    const { cookie, done } = await begin()
    expect((await get(done(), cookie)).status).toBe(409)
    expect(readFileSync(file, 'utf8')).toBe('somebody else’s')
    expect(readdirSync(dataDir)).toEqual(['github.yaml'])
  })

  test('is closed after 30 minutes', async () => {
    const { begin, get, clock, file } = await server()
    const late = await begin()
    clock.moveMs(30 * 60_000)
    const { status, text } = await get(late.done(), late.cookie)
    expect([status, existsSync(file)]).toEqual([403, false])
    expect(text).toContain(`href="${publicUrl}/setup"`)
    githubGives()
    const inTime = await begin()
    clock.moveMs(30 * 60_000 - 1)
    expect((await get(inTime.done(), inTime.cookie)).status).toBe(200)
  })

  test('is closed to another browser, which does not close it to the right one', async () => {
    githubGives()
    const { begin, get, file } = await server()
    const [mine, other] = [await begin(), await begin()]
    const strangers = ['', 'gimlet_setup=', 'gimlet_setup=wrong', other.cookie]
    for (const cookie of strangers) expect((await get(mine.done(), cookie)).status).toBe(403)
    for (const path of ['/setup/done', `/setup/done?code=${code}`, `/setup/done?code=${code}&state=`, `/setup/done?code=${code}&state=wrong`]) // biome-ignore format: one list
      expect((await get(path, mine.cookie)).status).toBe(403)
    expect(existsSync(file)).toBe(false)
    expect((await get(mine.done(), mine.cookie)).status).toBe(200)
  })

  test('few are open at once, the newest', async () => {
    githubGives()
    const { begin, get } = await server()
    const all = await Promise.all(Array.from({ length: 9 }, () => begin()))
    const [first, last] = [all[0]!, all[8]!]
    expect((await get(first.done(), first.cookie)).status).toBe(403)
    expect((await get(last.done(), last.cookie)).status).toBe(200)
  })

  test.each([
    '..%2F..%2Fuser',
    'a%2Fb',
    'a%3Fb',
    'a%23',
    '%00',
    'a%0D%0Ab',
    '%3Cscript%3E',
    'a'.repeat(101),
    '',
  ])('asks GitHub nothing about the code %s', async (hostile) => {
    // biome-ignore format: one row
    const { begin, get, file } = await server()
    const { cookie, done } = await begin()
    const { status, text } = await get(done(hostile), cookie)
    expect([status, text.includes('<script'), existsSync(file)]).toEqual([403, false, false])
  })

  test.each([
    { name: '404', answer: () => new HttpResponse('oops', { status: 404 }), want: '404' },
    { name: '500', answer: () => new HttpResponse('oops', { status: 500 }), want: '500' },
    { name: 'nothing', answer: () => HttpResponse.error(), want: 'did not answer' },
    { name: 'a redirect', answer: () => HttpResponse.redirect('https://api.github.com/other', 302), want: 'did not answer' }, // biome-ignore format: one row
    { name: 'no JSON', answer: () => new HttpResponse('<html>', { status: 201 }), want: 'can be used' }, // biome-ignore format: one row
    { name: 'other JSON', answer: () => HttpResponse.json({ ...made, pem: null }), want: 'can be used' }, // biome-ignore format: one row
    { name: 'a secret that is none', answer: () => HttpResponse.json({ ...made, webhook_secret: 'short' }), want: 'cannot be used' }, // biome-ignore format: one row
  ])('GitHub answers $name: what to do, and nothing is kept', async ({ answer, want }) => {
    github.use(http.post(conversions, answer))
    const { begin, get, dataDir } = await server()
    const { cookie, done } = await begin()
    const { status, text } = await get(done(), cookie)
    expect([status, readdirSync(dataDir)]).toEqual([502, []])
    expect(text).toMatch(new RegExp(want))
    expect(text).toContain(`href="${publicUrl}/setup"`)
    expect(text).not.toContain('oops')
    expect((await get('/setup')).text).toContain('name="token"')
  })

  test('names what the file system did only in the log', async () => {
    githubGives()
    const { begin, get, dataDir, lines } = await server()
    const { cookie, done } = await begin()
    await rm(dataDir, { recursive: true })
    const { status, text } = await get(done(), cookie)
    expect([status, text.includes('The keys could not be kept')]).toEqual([500, true])
    expect(text).not.toContain(dataDir)
    expect(lines.join()).toContain('ENOENT')
    expect(lines.join()).not.toContain(secret)
  })

  test.each([
    'https://evil.example.com/apps/x',
    'https://github.com.evil.example.com/apps/x',
    'https://github.com@evil.example.com/apps/x',
    'javascript:alert(1)//github.com',
    'http://github.com/apps/x',
    '"><script>',
  ])('does not link to %s', async (html_url) => {
    githubGives({ ...made, html_url })
    const { begin, get } = await server()
    const { cookie, done } = await begin()
    const { status, text } = await get(done(), cookie)
    expect([status, text.includes('<a '), text.includes('<script')]).toEqual([200, false, false])
  })

  test('asks GitHub Enterprise for the keys', async () => {
    const enterprise = 'https://github.example.com'
    const html_url = `${enterprise}/github-apps/gimletd`
    const asked = githubGives({ ...made, html_url }, `${enterprise}/api/v3/app-manifests/:code/conversions`) // biome-ignore format: one call
    const { begin, get } = await server({ GHE_HOST: 'github.example.com' })
    const { cookie, done } = await begin()
    expect((await get(done(), cookie)).text).toContain(`href="${html_url}/installations/new"`)
    expect(asked).toEqual([code])
  })
})

test('every page is alone: its headers let nothing in, and nobody keep or frame it', async () => {
  githubGives()
  const { begin, get, post, token } = await server()
  const { cookie, done } = await begin()
  const pages = [
    await get('/setup'),
    await post({ token: 'wrong' }),
    await post({ token, organization: '/' }),
    await post({ token }),
    await post({ token, organization: 'a'.repeat(9_000) }),
    await get('/setup/done'),
    await get(done(), cookie),
    await get(done(), cookie),
    await get('/setup'),
    await post({ token }),
  ]
  expect(pages.map(({ status }) => status)).toEqual([200, 401, 422, 200, 413, 403, 200, 403, 200, 409]) // biome-ignore format: one claim
  for (const { headers, text } of pages) {
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self' https:\/\/github\.com; frame-ancestors 'none'; base-uri 'none'$/,
    )
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(text).not.toContain(token)
  }
})
