import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { render } from '../../src/manifest/render.ts'
import { variablesOf } from '../../src/manifest/variables.ts'
import { decide } from '../../src/policy/decide.ts'
import { loadPolicies } from '../../src/policy/policy.ts'
import { artifact, manifest, posted } from '../support/builders.ts'
import { githubSecret } from '../support/github-server.ts'
import { testServer } from '../support/server.ts'
import { inputsOf } from './hostile/corpus.ts'
import { expectUntouched, expectWhole, hostileWorld, ofWeb, type World } from './hostile/world.ts'

let world: World
let refs: string

beforeAll(async () => {
  world = await hostileWorld(afterAll)
  refs = await world.refs()
})

describe('a body that is none', () => {
  it('A4 A6: is answered with a no or kept, whoever signed it', async () => {
    for (const [at, { is, input }] of inputsOf('A6-hooks').entries()) {
      const answers = [
        await world.server.post('/api/artifact', input),
        await signedHook(input, `hostile-${at}`),
        await world.bySlack.raw(input),
        await world.bySlack.raw(`${new URLSearchParams({ payload: input })}`),
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

it('A20 I7: a policy that is none stops what it could touch, in a whole server', async () => {
  const server = await testServer({}, onTestFinished)
  await server.post('/api/artifact', posted())
  const asked = { env: 'production', app: 'web', artifactId: 'web-1' }
  const plan = async () => {
    const { status, body } = await server.post('/api/releases', { ...asked, dryRun: true })
    expect(status).toBe(200)
    return (body as { plans: { decision: { verdict: string; message: string } }[] }).plans[0]
      ?.decision
  }
  expect((await plan())?.verdict).toBe('allow')
  for (const { is, input } of inputsOf('A20-policies').filter((_, at) => at % 8 === 0)) {
    await server.putPolicies({ 'one.json': input })
    const decision = await plan()
    expect([is, decision?.verdict]).toEqual([is, expect.toBeOneOf(['deny', 'hold'])])
    expect([is, decision?.message]).toEqual([is, expect.stringMatching(/\w/)])
  }
  const { body } = await server.post('/api/releases', asked)
  expect((await server.ended((body as { id: string }).id)).status).not.toBe('processed')
})

it('A14: YAML that would take all memory or time is refused, or read at once', () => {
  for (const { is, input } of inputsOf('A14-yaml')) {
    const [began, before] = [performance.now(), process.memoryUsage().heapUsed]
    loadManifests({ version: 'v', files: new Map([['one.yaml', input]]) })
    expect([is, performance.now() - began < 1_000]).toEqual([is, true])
    expect([is, process.memoryUsage().heapUsed - before < 200_000_000]).toEqual([is, true])
  }
})

it('A14: the same in an artifact is answered within two seconds, and by nothing that broke', async () => {
  for (const [at, { is, input }] of inputsOf('A14-yaml').entries()) {
    const environments = [{ app: 'web', env: 'staging', manifests: input }]
    const began = performance.now()
    const { status } = await world.server.post(
      '/api/artifact',
      ofWeb({ id: `bomb-${at}`, environments }),
    )
    const asked = { env: 'staging', app: 'web', artifactId: `bomb-${at}`, dryRun: true }
    const plan = await world.server.post('/api/releases', asked)
    expect([is, status < 500, plan.status < 500]).toEqual([is, true, true])
    expect([is, performance.now() - began < 2_000]).toEqual([is, true])
  }
  await expectUntouched(world, refs)
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

it('the repository is whole after all of this', () => expectWhole(world))
