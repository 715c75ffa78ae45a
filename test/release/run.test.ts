import { describe, expect, test } from 'vitest'
import type { ReleaseEvent } from '../../src/domain/event.ts'
import { gate, manifest, trigger } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'
import { someonesGit } from '../support/temp.ts'

const needsStaging = {
  env: 'production',
  otherwise: 'hold',
  expires: '24h',
  require: { '==': [{ var: 'envs.staging.artifactId' }, { var: 'artifact.id' }] },
}
const bothEnvs = {
  'web-p.yaml': manifest(),
  'web-s.yaml': manifest({ env: 'staging' }),
}

const found = async ({ events }: TestParts, id: string) => (await events.find(id)) as ReleaseEvent
const hourMs = 3_600_000

describe('a release', () => {
  test('is one commit of the rendered files, with its trailers and its index', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask({ reason: 'because' })
    expect(await drain(parts.ports)).toMatchObject([{ landed: [{}], failed: [] }])
    const files = await parts.gitops.files()
    expect(Object.keys(files).sort()).toEqual([
      'production/web/configmap-web.yaml',
      'production/web/release.json',
    ])
    expect(files['production/web/configmap-web.yaml']).toContain('tag: "v1"')
    expect(JSON.parse(files['production/web/release.json'] ?? '')).toMatchObject({
      app: 'web',
      env: 'production',
      id: 'r-1',
      artifactId: 'web-1',
      triggeredBy: 'alice',
    })
    expect(await parts.gitops.log()).toEqual([
      '[Gimlet] production/web release web-1',
      'The GitOps repository begins',
    ])
    const [release] = await parts.releases.running({ env: 'production' })
    expect(release).toMatchObject({ id: 'r-1', gitopsRef: await parts.gitops.tipOfRemote() })
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'processed', attempts: 0 })
    expect(await parts.events.commits('r-1')).toMatchObject([{ state: 'landed' }])
    const { tip } = (await parts.events.decision(release?.decisionId ?? '')) ?? {}
    expect(tip).toBe((await someonesGit(parts.gitops.remote, 'rev-parse', 'main~1')).trim())
  })

  test.each<{ name: string; policies: Record<string, string>; want: object; commits: number }>([
    { name: 'that no gate stops lands', policies: {}, want: { status: 'processed' }, commits: 2 },
    {
      name: 'that a gate denies is denied in its words',
      policies: { 'no.json': gate() },
      want: { status: 'denied', statusDesc: 'Not now' },
      commits: 1,
    },
    {
      name: 'that a gate holds waits, in its words',
      policies: { 'no.json': gate({ otherwise: 'hold' }) },
      want: { status: 'held', statusDesc: 'Not now' },
      commits: 1,
    },
    {
      name: 'that a gate warns of lands, and says so',
      policies: { 'no.json': gate({ otherwise: 'warn' }) },
      want: { status: 'processed', statusDesc: expect.stringContaining('warning: Not now') },
      commits: 2,
    },
    {
      name: 'F25: that an invalid policy could touch is denied',
      policies: { 'no.json': '{"kind": "gate", "env": "production", "require": {"<<": []}}' },
      want: { status: 'denied', statusDesc: expect.stringContaining('no') },
      commits: 1,
    },
    {
      name: 'F25: that a broken policy file could touch is denied',
      policies: { 'no.json': '{"kind": "gate", ' },
      want: { status: 'denied', statusDesc: expect.stringContaining('no') },
      commits: 1,
    },
    {
      name: 'F25: that an invalid policy of another environment is about lands',
      policies: { 'no.json': '{"kind": "gate", "env": "staging", "require": {"<<": []}}' },
      want: { status: 'processed' },
      commits: 2,
    },
    {
      name: 'F26: whose gate names a fact that is missing is denied',
      policies: { 'no.json': gate({ require: { '<': [{ var: 'envs.staging.minutes' }, 5] } }) },
      want: { status: 'denied' },
      commits: 1,
    },
  ])('$name', async ({ policies, want, commits }) => {
    const parts = await testParts({ policies })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject(want)
    expect(await parts.gitops.log()).toHaveLength(commits)
  })

  test('A9: of another repository’s artifact is refused', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    await parts.push({
      id: 'evil-1',
      version: { repositoryName: 'evil/web' },
      environments: [{ app: 'web', env: 'production', manifests: 'a: b' }],
    })
    await parts.ask({ id: 'r-2', artifactId: 'evil-1' })
    await parts.ask({ id: 'r-3', artifactId: 'evil-1', app: null })
    await drain(parts.ports)
    expect(await found(parts, 'r-2')).toMatchObject({
      status: 'denied',
      statusDesc: expect.stringContaining('web belongs to the repository owner/web'),
    })
    expect((await found(parts, 'r-3')).status).toBe('denied')
    expect(await parts.gitops.log()).toHaveLength(2)
  })

  test('A9: of an app that its manifest gives to another repository is refused', async () => {
    const web = manifest({ extra: 'repository: owner/mono\n' })
    const parts = await testParts({ manifests: { 'web.yaml': web } })
    const environments = [{ app: 'web', env: 'staging', manifests: 'a: b' }]
    await parts.push({ environments })
    await parts.ask()
    await parts.ask({ id: 'r-2', env: 'staging' })
    await drain(parts.ports)
    for (const id of ['r-1', 'r-2']) expect((await found(parts, id)).status, id).toBe('denied')
    expect(await parts.gitops.log()).toHaveLength(1)
  })

  test('A9/I7: of another repository is refused when the manifest that names the owner is broken', async () => {
    const broken = `${manifest({ extra: 'repository: owner/mono\n' })}\n\t: {`
    const parts = await testParts({ manifests: { 'web.yaml': broken } })
    const own = manifest().split('manifests: |\n')[1]?.replaceAll(/^ {2}/gm, '')
    await parts.push({ environments: [{ app: 'web', env: 'production', manifests: own }] })
    await parts.ask()
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('denied')
  })

  test('of every app makes one commit for each app of the artifact', async () => {
    const mono = { extra: 'repository: owner/web\n' }
    const parts = await testParts({
      manifests: {
        'web.yaml': manifest(),
        'api.yaml': manifest({ app: 'api', ...mono }),
        'other.yaml': manifest({ app: 'other', extra: 'repository: owner/other\n' }),
        'staging.yaml': manifest({ app: 'api', env: 'staging', ...mono }),
      },
    })
    await parts.push()
    await parts.ask({ app: null })
    await drain(parts.ports)
    const children = await parts.events.children('r-1')
    expect(children.map(({ app, env, status }) => [app, env, status])).toEqual(
      expect.arrayContaining([
        ['web', 'production', 'processed'],
        ['api', 'production', 'processed'],
      ]),
    )
    expect(children).toHaveLength(2)
    expect((await parts.gitops.log()).slice(0, 2).sort()).toEqual([
      '[Gimlet] production/api release web-1',
      '[Gimlet] production/web release web-1',
    ])
  })

  test('whose variables nobody knows is denied by their name', async () => {
    const text = manifest().replace('.image.tag', '.NOBODY')
    const parts = await testParts({ manifests: { 'web.yaml': text } })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({
      status: 'denied',
      statusDesc: expect.stringContaining('NOBODY'),
    })
  })
})

describe('an arrival', () => {
  test('asks for the releases that the triggers name, once', async () => {
    const parts = await testParts({ manifests: bothEnvs, policies: { 'go.json': trigger() } })
    await parts.push()
    await parts.events.add({
      ...(await found(parts, 'e-web-1')),
      id: 'r-arrival',
      kind: 'artifact',
      createdMs: parts.clock.nowMs(),
    })
    await drain(parts.ports)
    const children = await parts.events.children('r-arrival')
    expect(children).toMatchObject([
      { env: 'staging', app: 'web', status: 'processed', source: 'policy' },
    ])
    expect(children[0]?.actor.login).toBe('policy:go')
    expect(await parts.gitops.log()).toHaveLength(2)
  })

  test('of a pull request asks for nothing by a trigger that names no events', async () => {
    const parts = await testParts({ manifests: bothEnvs, policies: { 'go.json': trigger() } })
    await parts.push({ version: { event: 'pr' } })
    await parts.events.add({
      ...(await found(parts, 'e-web-1')),
      id: 'r-arrival',
      createdMs: parts.clock.nowMs(),
    })
    await drain(parts.ports)
    expect(await parts.events.children('r-arrival')).toEqual([])
  })
})

describe('a hold', () => {
  test('ends as denied when it expires', async () => {
    const parts = await testParts({ policies: { 'wait.json': gate(needsStaging) } })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'held' })
    parts.clock.moveMs(24 * hourMs - 1)
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('held')
    parts.clock.moveMs(1)
    await drain(parts.ports)
    expect(await found(parts, 'r-1')).toMatchObject({
      status: 'denied',
      statusDesc: expect.stringMatching(/^Not now.*waited until 2026-11-24T09:30:00.000Z/),
    })
    expect(await parts.gitops.log()).toHaveLength(1)
  })

  test('goes on when another release makes its fact true', async () => {
    const policies = { 'wait.json': gate(needsStaging) }
    const parts = await testParts({ policies, manifests: bothEnvs })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    await parts.ask({ id: 'r-2', env: 'staging' })
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('processed')
    expect(await parts.gitops.log()).toHaveLength(3)
  })

  test('goes on when its policy changes', async () => {
    const parts = await testParts({ policies: { 'wait.json': gate({ otherwise: 'hold' }) } })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    await parts.putPolicies({ 'wait.json': null })
    parts.clock.moveMs(15_000)
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('processed')
  })

  test('does not go on at its expiry although its fact came true with it', async () => {
    const policies = { 'wait.json': gate({ ...needsStaging, expires: '1h' }) }
    const parts = await testParts({ policies, manifests: bothEnvs })
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    parts.clock.moveMs(2 * hourMs)
    await drain(parts.ports)
    await parts.ask({ id: 'r-2', env: 'staging' })
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('denied')
  })

  test('F31: that a newer release overtakes is superseded and never lands', async () => {
    const policies = { 'wait.json': gate(needsStaging) }
    const parts = await testParts({ policies, manifests: bothEnvs })
    await parts.push()
    await parts.push({ id: 'web-2' })
    await parts.ask()
    await drain(parts.ports)
    await parts.ask({ id: 'r-2', artifactId: 'web-2' })
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('superseded')
    await parts.ask({ id: 'r-3', env: 'staging' })
    await drain(parts.ports)
    expect((await found(parts, 'r-1')).status).toBe('superseded')
    expect(await parts.releases.running({ env: 'production' })).toEqual([])
  })
})

describe('a rollback', () => {
  async function released() {
    const parts = await testParts()
    await parts.push()
    await parts.push({ id: 'web-2', items: [{ name: 'image', tag: 'v2' }] })
    await parts.ask()
    await parts.ask({ id: 'r-2', artifactId: 'web-2' })
    await drain(parts.ports)
    const [first] = await parts.releases.ofEvents(['r-1'])
    return { parts, first: first?.gitopsRef ?? '' }
  }

  test('restores the folder but for its release.json, and marks what was rolled back', async () => {
    const { parts, first } = await released()
    const before = await parts.gitops.files(first)
    await parts.ask({ id: 'r-3', kind: 'rollback', artifactId: 'web-1', toRef: first })
    await drain(parts.ports)
    const after = await parts.gitops.files()
    const path = 'production/web/release.json'
    expect({ ...after, [path]: '' }).toEqual({ ...before, [path]: '' })
    expect(JSON.parse(after[path] ?? '')).toMatchObject({ id: 'r-3', rollbackTo: first })
    expect(await parts.releases.running({})).toMatchObject([
      { id: 'r-3', artifactId: 'web-1', rollbackTo: first },
    ])
    const history = await parts.releases.history({ env: 'production', limit: 10 })
    expect(history.map(({ id, rolledBack }) => [id, rolledBack])).toEqual([
      ['r-3', false],
      ['r-2', true],
      ['r-1', false],
    ])
  })

  test('to a commit that released nothing here is denied', async () => {
    const { parts } = await released()
    const tip = (
      await someonesGit(parts.gitops.remote, 'rev-list', '--max-parents=0', 'main')
    ).trim()
    await parts.ask({ id: 'r-3', kind: 'rollback', toRef: tip })
    await drain(parts.ports)
    expect((await found(parts, 'r-3')).status).toBe('denied')
    expect(await parts.gitops.log()).toHaveLength(3)
  })

  test('passes through the gates as any other release', async () => {
    const { parts, first } = await released()
    await parts.putPolicies({ 'no.json': gate() })
    await parts.ask({ id: 'r-3', kind: 'rollback', toRef: first })
    await drain(parts.ports)
    expect((await found(parts, 'r-3')).status).toBe('denied')
  })

  test('F6: whose landing was not kept is finished with one commit', async () => {
    const { parts, first } = await released()
    await parts.ask({ id: 'r-3', kind: 'rollback', toRef: first })
    const landings = { ...kept(parts), land: () => Promise.reject(new Error('killed')) }
    await expect(drain({ ...parts.ports, landings })).rejects.toThrow('killed')
    await drain(parts.restarted())
    expect(await found(parts, 'r-3')).toMatchObject({ status: 'processed' })
    expect(await parts.gitops.log()).toHaveLength(4)
    expect(await parts.releases.running({})).toMatchObject([{ id: 'r-3', rollbackTo: first }])
  })
})

describe('a delete', () => {
  test('takes the folder away, and only it', async () => {
    const parts = await testParts({ manifests: bothEnvs })
    await parts.push()
    await parts.ask()
    await parts.ask({ id: 'r-2', env: 'staging' })
    await parts.ask({ id: 'r-3', kind: 'delete', artifactId: null })
    await drain(parts.ports)
    expect(Object.keys(await parts.gitops.files()).every((path) => path.startsWith('staging/'))).toBe(true) // biome-ignore format: one claim
    expect(await parts.releases.running({})).toMatchObject([{ env: 'staging' }])
  })

  test('F6: whose landing was not kept is finished with one commit', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    await drain(parts.ports)
    await parts.ask({ id: 'r-2', kind: 'delete' })
    const landings = { ...kept(parts), land: () => Promise.reject(new Error('killed')) }
    await expect(drain({ ...parts.ports, landings })).rejects.toThrow('killed')
    await drain(parts.restarted())
    expect((await found(parts, 'r-2')).status).toBe('processed')
    expect(await parts.gitops.log()).toHaveLength(3)
    expect(await parts.releases.running({})).toEqual([])
  })
})

/** The real landings as plain functions, to change one of them. */
function kept({ releases }: TestParts): TestParts['ports']['landings'] {
  return {
    intend: (intents) => releases.intend(intents),
    land: (landing) => releases.land(landing),
  }
}

describe('when the tip moves', () => {
  /** A gitops whose next push comes after somebody else's. */
  function overtaken(parts: TestParts, theirs: () => Promise<unknown>) {
    let isFirst = true
    const writer = parts.gitops.writer
    return {
      url: writer.url,
      tip: () => writer.tip(),
      lastTip: () => writer.lastTip(),
      landed: (refs: readonly string[]) => writer.landed(refs),
      async commit(...args: Parameters<typeof writer.commit>) {
        if (isFirst) await theirs()
        isFirst = false
        return writer.commit(...args)
      },
    }
  }

  test('F8: a lost race is decided again on the new tip, and both commits are there', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const theirs = () => parts.gitops.someoneCommits({ 'README.md': 'hello' }, 'theirs')
    await drain({ ...parts.ports, gitops: overtaken(parts, theirs) })
    expect((await parts.gitops.log()).slice(0, 2)).toEqual([
      '[Gimlet] production/web release web-1',
      'theirs',
    ])
    expect(await parts.events.commits('r-1')).toHaveLength(2)
    const [release] = await parts.releases.running({})
    const decision = await parts.events.decision(release?.decisionId ?? '')
    expect(decision?.tip).toBe((await someonesGit(parts.gitops.remote, 'rev-parse', 'main~1')).trim()) // biome-ignore format: one claim
  })

  test('F3: a gate that came with the new tip counts: nothing is committed', async () => {
    const policies = { 'open.json': gate({ env: 'elsewhere' }) }
    const parts = await testParts({ policies, policiesInGitops: true })
    await parts.push()
    await parts.ask()
    const theirs = () => parts.gitops.someoneCommits({ 'policies/freeze.json': gate() }, 'freeze')
    await drain({ ...parts.ports, gitops: overtaken(parts, theirs) })
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'denied', statusDesc: 'Not now' })
    expect((await parts.gitops.log())[0]).toBe('freeze')
    const { decisionId } = await found(parts, 'r-1')
    const decision = await parts.events.decision(decisionId ?? '')
    expect(decision).toMatchObject({ verdict: 'deny', tip: await parts.gitops.tipOfRemote() })
  })

  test('F3: a policy of the new tip is the version that stands in the commit', async () => {
    const policies = { 'open.json': gate({ env: 'elsewhere' }) }
    const parts = await testParts({ policies, policiesInGitops: true })
    await parts.push()
    await parts.ask()
    let theirTip = ''
    const theirs = async () => {
      theirTip = await parts.gitops.someoneCommits({ 'policies/more.json': gate({ env: 'other' }) })
    }
    await drain({ ...parts.ports, gitops: overtaken(parts, theirs) })
    const [release] = await parts.releases.running({})
    expect(release?.policyVersion).toBe(theirTip)
  })

  test('F8: who loses every race goes back to the queue as an outage', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const moved = { ...overtaken(parts, () => Promise.resolve()), commit: () => Promise.resolve({ kind: 'moved' as const }) } // biome-ignore format: one value
    await expect(drain({ ...parts.ports, gitops: moved })).rejects.toMatchObject({
      code: 'gitops_unreachable',
    })
  })
})

describe('a crash', () => {
  test('F6: between the push and its landing ends in exactly one commit', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const landings = { ...kept(parts), land: () => Promise.reject(new Error('killed')) }
    await expect(drain({ ...parts.ports, landings })).rejects.toThrow('killed')
    expect(await parts.releases.running({})).toEqual([])
    await drain(parts.restarted())
    expect(await parts.gitops.log()).toHaveLength(2)
    expect(await found(parts, 'r-1')).toMatchObject({ status: 'processed' })
    const [release] = await parts.releases.running({})
    expect(release?.gitopsRef).toBe(await parts.gitops.tipOfRemote())
  })

  test('F41: of the recovery, too, ends in exactly one commit', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const landings = { ...kept(parts), land: () => Promise.reject(new Error('killed')) }
    for (let round = 0; round < 3; round++)
      await expect(drain(parts.restarted({ landings }))).rejects.toThrow('killed')
    await drain(parts.restarted())
    expect(await parts.gitops.log()).toHaveLength(2)
    expect(await parts.events.commits('r-1')).toHaveLength(1)
  })

  test('F5: before the push ends in exactly one commit, decided anew', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const intend: TestParts['ports']['landings']['intend'] = async (intents) => {
      await parts.releases.intend(intents)
      throw new Error('killed')
    }
    const landings = { ...kept(parts), intend }
    await expect(drain({ ...parts.ports, landings })).rejects.toThrow('killed')
    expect(await parts.gitops.log()).toHaveLength(1)
    await drain(parts.restarted())
    expect(await parts.gitops.log()).toHaveLength(2)
    const states = (await parts.events.commits('r-1')).map(({ state }) => state)
    expect(states.sort()).toEqual(['intended', 'landed'])
  })

  test('F3: after the decision is no licence: a freeze that came meanwhile counts', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    const intend = () => Promise.reject(new Error('killed'))
    const landings = { ...kept(parts), intend }
    await expect(drain({ ...parts.ports, landings })).rejects.toThrow('killed')
    await parts.putPolicies({ 'freeze.json': gate() })
    await drain(parts.restarted())
    expect((await found(parts, 'r-1')).status).toBe('denied')
    expect(await parts.gitops.log()).toHaveLength(1)
  })

  test('F2: before anything was done is as if it had not been', async () => {
    const parts = await testParts()
    await parts.push()
    await parts.ask()
    await parts.events.claimTargeted(parts.clock.nowMs(), 1)
    await drain(parts.restarted())
    expect((await found(parts, 'r-1')).status).toBe('processed')
  })
})

test('I4: releases of one target land in the order they were asked for', async () => {
  const parts = await testParts({ manifests: bothEnvs })
  for (const at of [1, 2, 3]) await parts.push({ id: `web-${at}` })
  for (const at of [1, 2, 3]) await parts.ask({ id: `r-${at}`, artifactId: `web-${at}` })
  await parts.ask({ id: 'r-4', env: 'staging' })
  await drain(parts.ports)
  expect(await parts.gitops.log('--reverse', '--', 'production/web')).toEqual(
    [1, 2, 3].map((at) => `[Gimlet] production/web release web-${at}`),
  )
  expect(await parts.releases.running({ env: 'production' })).toMatchObject([
    { artifactId: 'web-3' },
  ])
})
