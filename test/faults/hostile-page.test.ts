import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { apiClient } from '../support/api-client.ts'
import { testServer } from '../support/server.ts'
import { tempFolder } from '../support/temp.ts'
import { inputsOf } from './hostile/corpus.ts'

let call: ReturnType<typeof apiClient>['call']
const texts = inputsOf('A29-html').filter(({ input }) => !/\p{Surrogate}/u.test(input))
const policy = "default-src 'none'; style-src 'sha256-"

/** The one page of the product that shows what was typed at it: the form, again, with the name in it. */
const formWith = (organization: string) =>
  call('/setup', {
    method: 'POST',
    token: null,
    body: new URLSearchParams({ token: 'x', organization }),
  })

beforeAll(async () => {
  const port = await freePort()
  // The page is there for a server that GitHub can reach; we ask it where it is.
  const environment = { PORT: `${port}`, GIMLET_URL: 'https://gimlet.example.com' }
  const { adminToken } = await testServer({ environment }, afterAll)
  call = apiClient({ url: `http://127.0.0.1:${port}`, adminToken }).call
})

it('A29: what was typed into the set-up page is one value on it, under a policy without scripts', async () => {
  for (const { is, input } of texts) {
    const { status, headers, text } = await formWith(input)
    expect([is, status]).toEqual([is, 401])
    expect(headers.get('content-security-policy')).toContain(policy)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect([is, fieldOf(text).match(/</g)?.length]).toEqual([is, 1])
    expect([is, text.split('<').length]).toEqual([is, (await formWith('x')).text.split('<').length])
  }
})

it('A29: no other path answers with a page, whatever is in it', async () => {
  for (const { is, input } of texts)
    for (const path of [
      `/${encodeURIComponent(input)}`,
      `/api/artifacts?app=${encodeURIComponent(input)}`,
    ]) {
      const { headers } = await call(path)
      expect([is, headers.get('content-type')]).toEqual([is, expect.not.stringContaining('html')])
      expect([is, headers.get('x-content-type-options')]).toEqual([is, 'nosniff'])
    }
})

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))

it.skipIf(!chromium)(
  'A29: a browser reads it as that value and runs none of it, even without the policy',
  async () => {
    const fields = []
    for (const { input } of texts) fields.push(fieldOf((await formWith(input)).text))
    const asked: string[] = []
    // `ran` shows that this browser does run what stands in a page, so that silence means something.
    const ran = '<img src="/ran" onerror="document.title += 1">'
    const page = `<!doctype html><meta charset="utf-8"><title>0</title><script>window.alert = () => { document.title = 'alert' }</script>${ran}<form>${fields.join('\n')}</form>`
    const host = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(request.url === '/' ? 200 : 404, {
        'content-type': 'text/html; charset=utf-8',
      })
      response.end(request.url === '/' ? page : '')
    })
    host.listen(0, '127.0.0.1')
    await once(host, 'listening')
    const { port } = host.address() as AddressInfo
    const shown = await domOf(`http://127.0.0.1:${port}/`)
    host.close()
    expect(shown).toContain('<title>01</title>')
    const form = shown.slice(shown.indexOf('<form>'), shown.indexOf('</form>'))
    expect(form.match(/<\w+/g)).toEqual(['<form', ...texts.map(() => '<input')])
    expect(asked.filter((path) => !['/', '/ran', '/favicon.ico'].includes(path))).toEqual([])
  },
)

/** The field of the page that shows the name again. */
const fieldOf = (text: string): string => /<input id="organization"[^>]*>/.exec(text)?.[0] ?? ''

/** What a page became in the browser, when it was loaded and its scripts had run. */
async function domOf(url: string): Promise<string> {
  const profile = await tempFolder(afterAll)
  const options = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
  const browser = spawn(chromium ?? '', [
    ...options,
    '--virtual-time-budget=5000',
    '--dump-dom',
    url,
  ])
  let text = ''
  browser.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  await once(browser, 'close')
  return text
}

async function portOf(host: Server): Promise<number> {
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  return (host.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const host = createServer()
  const port = await portOf(host)
  host.close()
  return port
}
