import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { run } from '../../../src/cli/run.ts'
import { plain } from '../../../src/messages/paint.ts'
import { sha } from '../../support/builders.ts'
import { flakyProxy, type Mishap } from '../../support/flaky-proxy.ts'
import { testServer } from '../../support/server.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const toProduction = JSON.stringify({
  kind: 'trigger',
  on: 'artifact',
  env: 'production',
  when: { '==': [{ var: 'artifact.version.branch' }, 'main'] },
})
const gate = (require: unknown, otherwise: string) =>
  JSON.stringify({ kind: 'gate', env: 'production', require, otherwise, message: 'Ask Ada first' })
const approved = { in: ['ada', { var: 'approvals.by' }] }

/** A build of GitLab CI on the main branch. */
const build = {
  GITLAB_CI: 'true',
  CI_PROJECT_PATH: 'owner/web',
  CI_COMMIT_SHA: sha,
  CI_COMMIT_BRANCH: 'main',
  CI_COMMIT_MESSAGE: 'Say it',
  CI_PIPELINE_URL: 'https://ci.example.com/1',
}
const image = ['--image', 'registry.example.com/web:v1']

async function place(
  policies: Readonly<Record<string, string>> = {},
  mishaps: readonly Mishap[] = [],
) {
  const server = await testServer(
    { policies: { 'to-production.json': toProduction, ...policies } },
    onTestFinished,
  )
  const proxy = await flakyProxy(server.url, mishaps, onTestFinished)
  const gimlet = (
    words: readonly string[],
    more: Readonly<Record<string, string | undefined>> = {},
  ) =>
    runGimlet(words, {
      ...build,
      GIMLET_SERVER: proxy.url,
      GIMLET_TOKEN: server.adminToken,
      ...more,
    })
  const artifacts = async () =>
    (await server.call('/api/artifacts')).body as { id: string; items: unknown[] }[]
  return { server, proxy, gimlet, artifacts }
}

async function runGimlet(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
) {
  const out: string[] = []
  const err: string[] = []
  const say = (to: string[]) => (text: string) => void to.push(text)
  const terminal = { out: say(out), err: say(err), paint: plain, environment }
  const code = await run(words, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('artifact push', () => {
  it('makes the artifact of the build, and tells what the policies did with it', async () => {
    const { gimlet, artifacts, server } = await place()
    const { code, out, err } = await gimlet(['artifact', 'push', ...image])
    expect([code, out]).toEqual([0, expect.stringContaining('is stored')])
    expect(err).toContain('done  release web → production')
    const [stored] = await artifacts()
    expect(stored).toMatchObject({
      version: { repositoryName: 'owner/web', sha, branch: 'main', event: 'push' },
      items: [
        { name: 'ci', url: build.CI_PIPELINE_URL },
        { name: 'image', tag: 'v1' },
      ],
    })
    expect(err + out + server.lines.join('')).not.toContain(server.adminToken)
  })

  it('is the same artifact when the build is run again, and another when it found something else', async () => {
    const { gimlet, artifacts } = await place()
    await gimlet(['artifact', 'push', ...image])
    const again = await gimlet(['artifact', 'push', ...image])
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('was stored already')])
    await gimlet(['artifact', 'push', '--image', 'registry.example.com/web:v2'])
    expect(await artifacts()).toHaveLength(2)
  })

  it.each<{ name: string; mishaps: readonly Mishap[]; tried: number }>([
    {
      name: '503 and 429',
      mishaps: [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }],
      tried: 3,
    },
    { name: 'a connection that is cut before it arrives', mishaps: ['cut before'], tried: 2 },
    { name: 'an answer that is lost', mishaps: ['cut after'], tried: 2 },
    { name: 'half an answer', mishaps: ['cut inside'], tried: 2 },
  ])(
    'comes through $name, as one artifact with one release (I2, F1)',
    async ({ mishaps, tried }) => {
      const { gimlet, artifacts, proxy, server } = await place({}, mishaps)
      const { code, err } = await gimlet(['artifact', 'push', ...image, '--wait'])
      expect(code).toBe(0)
      expect(err.match(/trying again/g)).toHaveLength(tried - 1)
      expect(proxy.seen.filter((line) => line.startsWith('POST'))).toHaveLength(tried)
      expect(await artifacts()).toHaveLength(1)
      const { body } = await server.call('/api/releases?env=production')
      expect(body).toHaveLength(1)
    },
  )

  it.each([401, 422])('does not try %i again: the answer will be the same', async (status) => {
    const { gimlet, proxy } = await place({}, [{ status }])
    expect((await gimlet(['artifact', 'push', ...image])).code).not.toBe(0)
    expect(proxy.seen).toHaveLength(1)
  })

  it('gives up a server that asks for an hour’s patience, with 69', async () => {
    const { gimlet, proxy } = await place({}, [{ status: 503, headers: { 'retry-after': '3600' } }])
    expect((await gimlet(['artifact', 'push', ...image])).code).toBe(69)
    expect(proxy.seen).toHaveLength(1)
  })

  it('of a denied release is 0 without --wait, since it is stored, and 3 with it', async () => {
    const { gimlet } = await place({ 'no.json': gate(approved, 'deny') })
    const told = await gimlet(['artifact', 'push', ...image])
    expect([told.code, told.err]).toEqual([0, expect.stringContaining('Ask Ada first')])
    const waited = await gimlet(['artifact', 'push', ...image, '--wait'])
    expect([waited.code, waited.err]).toEqual([3, expect.stringContaining('gimlet explain')])
  })

  it('of a held release is 4 when the time is up, and says how to go on', async () => {
    const { gimlet } = await place({ 'no.json': gate(approved, 'hold') })
    const { code, err } = await gimlet(['artifact', 'push', ...image, '--wait', '--timeout', '1s'])
    expect([code, err]).toEqual([
      4,
      expect.stringMatching(/held.*Ask Ada first[\s\S]*gimlet track/),
    ])
  })

  it('goes on following when the server is away for a moment', async () => {
    const { gimlet } = await place({}, ['none', 'cut before', { status: 503 }])
    const { code, err } = await gimlet(['artifact', 'push', ...image, '--wait'])
    expect([code, err]).toEqual([0, expect.stringContaining('done  release web → production')])
  })

  it('says why nothing was asked', async () => {
    const { gimlet } = await place()
    const { code, err } = await gimlet(['artifact', 'push', '--branch', 'other', '--wait'])
    expect([code, err]).toEqual([0, expect.stringMatching(/No trigger[\s\S]*gimlet explain/)])
  })

  it.each([
    { reason: 'ReconciliationSucceeded', severity: 'info', code: 0, word: 'healthy' },
    { reason: 'ReconciliationFailed', severity: 'error', code: 1, word: 'failed' },
  ])(
    '--wait=healthy waits for the cluster: $reason is $code',
    async ({ reason, severity, code, word }) => {
      const { gimlet, server } = await place()
      await gimlet(['artifact', 'push', ...image, '--wait'])
      const { body } = await server.call('/api/status?env=production&app=web')
      const { gitopsRef } = (body as { web: { gitopsRef: string } }).web
      const waiting = gimlet(['artifact', 'push', ...image, '--wait=healthy'])
      await server.post('/api/flux-events?env=production', {
        involvedObject: { kind: 'Kustomization', namespace: 'flux-system', name: 'apps' },
        ...{ severity, reason, message: 'told', reportingController: 'kustomize-controller' },
        timestamp: new Date().toISOString(),
        metadata: { revision: `main@sha1:${gitopsRef}` },
      })
      expect(await waiting).toMatchObject({ code, err: expect.stringContaining(`${word}  web in`) })
    },
  )

  it('--no-wait asks nothing but to store it', async () => {
    const { gimlet, proxy } = await place()
    expect((await gimlet(['artifact', 'push', ...image, '--no-wait'])).code).toBe(0)
    expect(proxy.seen).toHaveLength(1)
  })

  it('--output json prints the artifact with what became of it, and nothing else', async () => {
    const { gimlet } = await place()
    const { out } = await gimlet(['artifact', 'push', ...image, '--wait', '--output', 'json'])
    expect(JSON.parse(out)).toMatchObject({
      id: expect.stringContaining('owner/web-'),
      event: { status: 'processed', events: [{ env: 'production', app: 'web' }] },
    })
  })

  it('tells GitHub Actions by outputs, a summary and lines at the top', async () => {
    const { gimlet } = await place({ 'no.json': gate(approved, 'deny') })
    const [output, summary] = ['output', 'summary'].map((name) => join(tempFolder(), name))
    const environment = {
      GITHUB_ACTIONS: 'true',
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
    }
    const words = [
      'artifact',
      'push',
      ...image,
      '--repository',
      'owner/web',
      '--sha',
      sha,
      '--branch',
      'main',
    ]
    const { err } = await gimlet([...words, '--wait'], environment)
    expect(err).toContain('::error title=GimletD::web in production: Ask Ada first')
    expect(readFileSync(output ?? '', 'utf8')).toMatch(
      /^artifact-id=owner\/web-\w+\nis-new=true\nstatus=denied\nreleased=\[\]\nheld=\[\]\ndenied=\["production\/web"\]\n$/,
    )
    expect(readFileSync(summary ?? '', 'utf8')).toContain(
      '| web | production | denied | Ask Ada first |  |',
    )
  })
})

describe('a policy file that cannot be used', () => {
  it('fails the build that waits, and stands at the top of its run', async () => {
    const { gimlet } = await place({ 'broken.json': '{"kind": "gate"}' })
    const words = ['artifact', 'push', ...image, '--repository', 'owner/web', '--sha', sha]
    const { code, err } = await gimlet([...words, '--wait'], { GITHUB_ACTIONS: 'true' })
    expect([code, err]).toEqual([3, expect.stringMatching(/::error title=GimletD::.*broken\.json/)])
  })
})

describe('the facts that CI found', () => {
  it('let a policy refuse a build with a critical finding', async () => {
    const isClean = { '==': [{ var: 'artifact.scan.critical' }, 0] }
    const { gimlet } = await place({ 'clean.json': gate(isClean, 'deny') })
    const scan = (severities: readonly string[]) => {
      const file = join(tempFolder(), 'scan.json')
      const matches = severities.map((severity) => ({ vulnerability: { severity } }))
      writeFileSync(file, JSON.stringify({ matches }))
      return gimlet(['artifact', 'push', ...image, '--scan', file, '--wait'])
    }
    expect((await scan(['Low', 'Critical'])).code).toBe(3)
    expect((await gimlet(['artifact', 'push', ...image, '--wait'])).code).toBe(3)
    expect((await scan(['Low'])).code).toBe(0)
  })
})

describe('a build without a token', () => {
  /** A CI system that makes tokens: each is another one. */
  async function issuer() {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`)
      response.end(JSON.stringify({ value: `id-token-${asked.length}` }))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?v=1`, asked }
  }

  it('asks GitHub for one that is made for this server, and for a new one each time (A2)', async () => {
    const { gimlet, proxy } = await place({}, ['cut before', { status: 401 }])
    const { url, asked } = await issuer()
    const environment = {
      ACTIONS_ID_TOKEN_REQUEST_URL: url,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'ask-me',
    }
    await gimlet(['artifact', 'push', ...image], { ...environment, GIMLET_TOKEN: undefined })
    const audience = encodeURIComponent(proxy.url)
    expect(asked).toEqual(Array(2).fill(`/token?v=1&audience=${audience} Bearer ask-me`))
    expect(proxy.seen.map((line) => line.split(' ').at(-1))).toEqual(['id-token-1', 'id-token-2'])
  })

  it('shows the one that GitLab made; a token that is given comes first', async () => {
    const { gimlet, proxy } = await place({}, [{ status: 401 }, { status: 401 }])
    const environment = { GIMLET_ID_TOKEN: 'from-gitlab', GIMLET_TOKEN: undefined }
    await gimlet(['artifact', 'push', ...image], environment)
    await gimlet(['artifact', 'push', ...image, '--token', 'given'], environment)
    expect(proxy.seen.map((line) => line.split(' ').at(-1))).toEqual(['from-gitlab', 'given'])
  })

  test('says what to do when the job may not have one', async () => {
    const server = createServer((_, response) => response.writeHead(403).end('{}'))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const environment = {
      ...build,
      ACTIONS_ID_TOKEN_REQUEST_URL: url,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    }
    const { code, err } = await runGimlet(['whoami'], environment)
    expect([code, err]).toEqual([69, expect.stringContaining('id-token: write')])
  })
})
