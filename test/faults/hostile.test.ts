import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { isArtifactId, isLabel, isRepository } from '../../src/domain/names.ts'
import { isResponseUrl } from '../../src/ingress/slack/response-url.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { render } from '../../src/manifest/render.ts'
import { variablesOf } from '../../src/manifest/variables.ts'
import { clean } from '../../src/messages/paint.ts'
import { decide } from '../../src/policy/decide.ts'
import { loadPolicies } from '../../src/policy/policy.ts'
import { artifact, manifest, posted } from '../support/builders.ts'
import { someonesGit } from '../support/temp.ts'
import { corpus, inputsOf } from './hostile/corpus.ts'
import { expectNo, expectUntouched, hostileWorld, type World } from './hostile/world.ts'

let world: World
let refs: string

beforeAll(async () => {
  world = await hostileWorld(afterAll)
  refs = await world.refs()
})

it('the corpus has at least 1,500 inputs, each once and each named', () => {
  for (const [name, all] of corpus) {
    expect([name, new Set(all.map(({ input }) => input)).size]).toEqual([name, all.length])
    expect([name, new Set(all.map(({ is }) => is)).size]).toEqual([name, all.length])
  }
  expect([...corpus.values()].flat().length).toBeGreaterThanOrEqual(1_500)
})

const names = inputsOf('A12-names', 'A17-refs', 'A15-arguments', 'A36-sql')
const part = encodeURIComponent
/** Half a surrogate pair, which has no form in an address. */
const half = /\p{Surrogate}/u
const inAddress = names.filter(({ input }) => !half.test(input))

describe('A12 A15 A17 A36: a name that is none', () => {
  it('is no label, no id that leads anywhere, and no repository', () => {
    for (const { is, input } of names) expect([is, isLabel(input)]).toEqual([is, false])
    for (const { is, input } of inputsOf('A12-names'))
      if (isArtifactId(input) || isRepository(input))
        expect([is, input]).toEqual([is, expect.not.stringMatching(/\.\.|^[-/.]|\p{Cc}|\s/u)])
  })

  it('is refused by every route that takes one, and changes nothing', async () => {
    const { server } = world
    for (const { is, input } of names) {
      const target = { env: 'production', app: 'web', artifactId: 'web-1' }
      expectNo(is, await server.post('/api/releases', { ...target, app: input }))
      expectNo(is, await server.post('/api/releases', { ...target, env: input }))
      expectNo(is, await server.post('/api/locks', { env: input, reason: 'x' }))
      expectNo(is, await server.post('/api/user', { login: `${input}\n`, roles: ['viewer'] }))
    }
    for (const { is, input } of inAddress) {
      const value = part(input)
      expectNo(is, await server.post(`/api/rollback?env=${value}&app=web`, ''))
      expectNo(is, await server.post(`/api/delete?env=production&app=${value}`, ''))
      expectNo(is, await server.call(`/api/releases?env=${value}&app=web`))
      const look = await server.call(`/api/artifacts/${value}`)
      expect([is, look.status < 500]).toEqual([is, true])
    }
    await expectUntouched(world, refs)
  })

  it('filters nothing out of the database but what it names (A36)', async () => {
    const { server } = world
    const all = inputsOf('A36-sql')
    for (const { is, input } of all.filter((one) => !half.test(one.input)))
      for (const path of [
        'artifacts?app',
        'artifacts?branch',
        'artifacts?repository',
        'releases?env=production&app',
        'audit?actor',
        'audit?app',
        'event?id',
      ]) {
        const { status, body } = await server.call(`/api/${path}=${part(input)}`)
        expect([is, path, status < 500]).toEqual([is, path, true])
        if (status === 200) expect([is, path, body]).toEqual([is, path, []])
      }
    await expectUntouched(world, refs)
  })

  it('is refused in an artifact, for its app and environment', async () => {
    for (const { is, input } of names) {
      const environments = [{ app: input, env: 'staging', manifests: 'kind: X' }]
      const answers = [
        await world.server.post('/api/artifact', posted({ id: 'web-9', environments })),
        await world.server.post('/api/artifact', posted({ id: 'web-9', environments: [{ app: 'web', env: input }] })), // biome-ignore format: one line
      ]
      for (const answer of answers) expectNo(is, answer)
    }
    await expectUntouched(world, refs)
  })

  it('is refused on the command line before anything is asked, or by the server', async () => {
    for (const { is, input } of names) {
      const { code, err, out } = await world.gimlet('rollback', 'web', `--env=${input}`)
      expect([is, code !== 0, `${err}${out}`.length > 0]).toEqual([is, true, true])
    }
    await expectUntouched(world, refs)
  })

  it('is refused in Slack, with an answer', async () => {
    for (const { is, input } of names.filter((one) => !half.test(one.input))) {
      const { status } = await world.bySlack.command(`release web@${input} ${input}`, { user: world.user }) // biome-ignore format: one line
      expect([is, status]).toEqual([is, 200])
    }
    await expectUntouched(world, refs)
  })

  it('is refused in a comment on a pull request', async () => {
    for (const { is, input } of inputsOf('A15-arguments', 'A17-refs').filter(
      (_, at) => at % 6 === 0,
    )) {
      const { status } = await world.byGithub.comment(world.pull, `/gimlet rollback web ${input}`)
      expect([is, status < 500]).toEqual([is, true])
    }
    await expectUntouched(world, refs)
  })
})

describe('a body that is none', () => {
  it('A4 A6: is answered with a no or kept, whoever signed it', async () => {
    for (const [at, { is, input }] of inputsOf('A6-hooks').entries()) {
      const answers = [
        await world.server.post('/api/artifact', input),
        await signedHook(input, `hostile-${at}`),
      ]
      for (const { status } of answers) expect([is, status < 500]).toEqual([is, true])
    }
    await expectUntouched(world, refs)
  })

  it('A19: changes no prototype, and is kept as what it is or refused', async () => {
    for (const { is, input } of inputsOf('A19-keys')) {
      const { status } = await world.server.post('/api/artifact', input)
      expect([is, status < 500]).toEqual([is, true])
      expect([is, ({} as { isAdmin?: unknown }).isAdmin]).toEqual([is, undefined])
    }
    await expectUntouched(world, refs)
  })
})

async function signedHook(body: string, delivery: string) {
  const { createHmac } = await import('node:crypto')
  const { githubSecret } = await import('../support/github-server.ts')
  const digest = createHmac('sha256', githubSecret).update(body).digest('hex')
  return fetch(`${world.server.url}/api/github/webhooks`, {
    method: 'POST',
    body,
    headers: {
      ...{ 'content-type': 'application/json', 'x-github-event': 'issue_comment' },
      ...{ 'x-github-delivery': delivery, 'x-hub-signature-256': `sha256=${digest}` },
    },
  })
}

const facts = { app: 'web', env: 'production', artifact: { version: { branch: 'main' } } }

it('A20 A21 A22 F25 I7: a policy that is none, or says nothing clear, never lets anything through', () => {
  for (const { is, input } of inputsOf('A20-policies')) {
    const set = loadPolicies({ version: 'v', files: new Map([['one.json', input]]) })
    const began = performance.now()
    const { verdict } = decide(set, { app: 'web', env: 'production', facts, nowMs: 0 })
    expect([is, performance.now() - began < 1_000]).toEqual([is, true])
    expect([is, verdict]).toEqual([is, expect.not.stringMatching('allow')])
  }
})

it('A14: YAML that would take all memory or time is refused, or read at once', () => {
  for (const { is, input } of inputsOf('A14-yaml')) {
    const [began, before] = [performance.now(), process.memoryUsage().heapUsed]
    loadManifests({ version: 'v', files: new Map([['one.yaml', input]]) })
    expect([is, performance.now() - began < 1_000]).toEqual([is, true])
    expect([is, process.memoryUsage().heapUsed - before < 200_000_000]).toEqual([is, true])
  }
})

it('A13: a value of an artifact is that text in what is written, whatever it looks like', () => {
  const [one] = loadManifests({
    version: 'v',
    files: new Map([['web.yaml', manifest()]]),
  }).manifests
  for (const { is, input } of inputsOf('A13-values')) {
    const read = artifact({ items: [{ name: 'image', tag: input }] })
    const built = { ...read, id: 'web-1', created: 0, version: { ...read.version, created: 0 } }
    const target = { app: 'web', env: 'production', namespace: 'default', actor: 'ann' }
    const files = one && render(one, variablesOf(built, target))
    const [text = ''] = files instanceof Map ? [...files.values()] : []
    expect([is, (parse(text) as { data: unknown }).data]).toEqual([is, { tag: input }])
  }
})

it('A11: no address that is given to us is called, and none is taken for Slack’s', async () => {
  for (const { is, input } of inputsOf('A11-urls')) {
    const url = input.replace('127.0.0.1', `127.0.0.1:${world.canary.port}`)
    const chart = { name: 'web', repository: url, version: '1.0.0' }
    const environments = [{ app: 'web', env: 'staging', chart }]
    const answer = await world.server.post(
      '/api/artifact',
      posted({ id: `web-url`, environments, items: [{ name: 'CI', url }] }),
    )
    expect([is, answer.status < 500]).toEqual([is, true])
    expect([is, isResponseUrl(input, 'https://slack.com/api/')]).toEqual([is, false])
  }
  await expectUntouched(world, await world.refs())
})

describe('A18 A29 A30: what people write', () => {
  it('forges no trailer, and is one value in the commit', async () => {
    const { server, remote } = world
    const texts = inputsOf('A18-trailers', 'A30-texts').filter((_, at) => at % 8 === 0)
    for (const { is, input } of texts) {
      const asked = { env: 'production', app: 'web', artifactId: 'web-1', reason: input }
      const { status, body } = await server.post('/api/releases', asked)
      expect([is, status < 500]).toEqual([is, true])
      const { id } = body as { id?: string }
      if (id !== undefined) await server.ended(id)
    }
    const names = await someonesGit(remote, 'log', '--format=%(trailers:only,keyonly)', 'main')
    const known = new Set(['Release-Id', 'Artifact-Id', 'Triggered-By', 'Decision-Id', 'Policy-Version', 'Source-Commit', 'Audit-Head']) // biome-ignore format: one list
    const found = names.split('\n').filter(Boolean)
    expect(found.filter((name) => !known.has(name))).toEqual([])
    const ids = await someonesGit(
      remote,
      'log',
      '--format=%(trailers:key=Release-Id,valueonly)',
      'main',
    )
    expect(ids).not.toContain('forged')
  })

  it('is shown on a terminal without codes that move, hide or turn', () => {
    for (const { is, input } of inputsOf('A30-texts', 'A29-html', 'A18-trailers'))
      expect([is, clean(input)]).toEqual([
        is,
        expect.not.stringMatching(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u),
      ])
  })

  it('names nobody in Slack, links nowhere, and fits in its blocks', async () => {
    const { server, slack } = world
    for (const { input } of inputsOf('A30-texts', 'A29-html').filter((_, at) => at % 10 === 0)) {
      const { body } = await server.post('/api/locks', { env: 'testing', reason: input })
      const { id } = body as { id?: string }
      if (id !== undefined) await server.call(`/api/locks/${id}`, { method: 'DELETE' })
    }
    await expect.poll(() => slack.messages().length).toBeGreaterThan(0)
    const texts = slack.messages().flatMap(({ text, blocks }) => marksIn([text, blocks]))
    expect(
      texts.filter((text) =>
        /<!(?:channel|here|everyone|subteam|date)|<@U0001>|<https:\/\/evil/.test(text),
      ),
    ).toEqual([])
    expect(slack.problems).toEqual([])
  })

  it('is no HTML on any page: nothing but our own is served, under a policy without scripts (A29)', async () => {
    for (const { input } of inputsOf('A29-html').filter((one) => !half.test(one.input)))
      for (const path of [
        `/setup?x=${part(input)}`,
        `/${part(input)}`,
        `/api/artifacts?app=${part(input)}`,
      ]) {
        const { text, headers } = await world.server.call(path)
        expect(headers.get('x-content-type-options')).toBe('nosniff')
        if (headers.get('content-type')?.includes('json')) continue
        expect(text).not.toContain('alert(1)>')
        expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      }
  })
})

/** What Slack reads as marks: text of its own kind, and none of what is plain. */
function marksIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(marksIn)
  if (typeof value !== 'object' || value === null) return []
  const { type, text, ...rest } = value as Record<string, unknown>
  // Rich text and plain text are shown as they stand.
  if (type === 'plain_text' || type === 'text') return []
  return [...marksIn(text), ...Object.values(rest).flatMap(marksIn)]
}
