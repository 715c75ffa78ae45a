import { describe, expect, test } from 'vitest'
import { Previews } from '../../src/release/previews.ts'
import { rehearse } from '../../src/release/rehearse.ts'
import { alice, event, gate, manifest, trigger } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'

const dayMs = 24 * 60 * 60_000
const main = 'deploy: { event: push, branch: main }\n'
const staging = (deploy = main) => ({ 'web.yaml': manifest({ env: 'staging', extra: deploy }) })

/** What runs, as `env/app artifact`. */
async function running(parts: TestParts): Promise<string[]> {
  await drain(parts.ports)
  const all = await parts.releases.running({})
  return all.map(({ env, app, artifactId }) => `${env}/${app} ${artifactId}`).sort()
}

const arrivalOf = (parts: TestParts, id: string) => parts.events.ofArtifact(id)

/** What is kept of why the triggers asked, or did not. */
async function triggersOf(parts: TestParts, id: string) {
  const arrival = await arrivalOf(parts, id)
  return (await parts.events.decision(arrival?.decisionId ?? ''))?.triggers
}

describe('deploy in a manifest', () => {
  test('releases what fits it, as the manifest’s own policy', async () => {
    const parts = await testParts({ manifests: staging() })
    await parts.arrive({ id: 'web-1', version: { branch: 'main' } })
    expect(await running(parts)).toEqual(['staging/web web-1'])
    const [release] = await parts.releases.history({ env: 'staging', app: 'web', limit: 1 })
    expect(release?.triggeredBy).toBe('policy:manifest.deploy')
  })

  test('that does not fit releases nothing, and the arrival says why', async () => {
    const parts = await testParts({ manifests: staging() })
    await parts.arrive({ id: 'web-1', version: { branch: 'feature/x' } })
    expect(await running(parts)).toEqual([])
    expect((await arrivalOf(parts, 'web-1'))?.statusDesc).toBe(
      'No trigger asked for a release; web in staging: branch is "feature/x", the pattern is "main"',
    )
    expect(await triggersOf(parts, 'web-1')).toMatchObject([
      { app: 'web', by: null, trace: [{ policy: 'manifest.deploy', outcome: 'skipped' }] },
    ])
  })

  test('beside a policy that asks makes one request, and both are shown', async () => {
    const parts = await testParts({ manifests: staging(), policies: { 'all.json': trigger() } })
    await parts.arrive({ id: 'web-1', version: { branch: 'main' } })
    expect(await running(parts)).toEqual(['staging/web web-1'])
    expect(await parts.events.children('e-web-1')).toHaveLength(1)
    expect(await triggersOf(parts, 'web-1')).toMatchObject([
      { by: 'all', trace: [{ policy: 'all' }, { policy: 'manifest.deploy', outcome: 'holds' }] },
    ])
  })

  test('is no licence: a gate stops it', async () => {
    const parts = await testParts({ manifests: staging(), policies: { 'no.json': gate() } })
    await parts.arrive({ id: 'web-1', version: { branch: 'main' } })
    expect(await running(parts)).toEqual([])
    expect(await parts.events.children('e-web-1')).toMatchObject([
      { status: 'denied', statusDesc: 'Not now' },
    ])
  })

  test('stops after a rollback, as everything automatic does', async () => {
    const parts = await testParts({ manifests: staging() })
    for (const id of ['web-1', 'web-2']) {
      await parts.arrive({ id, version: { branch: 'main' } })
      await drain(parts.ports)
    }
    const [, first] = await parts.releases.history({ env: 'staging', app: 'web', limit: 2 })
    await parts.ask({
      id: 'r-back',
      kind: 'rollback',
      env: 'staging',
      artifactId: 'web-1',
      toRef: first?.gitopsRef ?? null,
    })
    await drain(parts.ports)
    await parts.arrive({ id: 'web-3', version: { branch: 'main' } })
    expect(await running(parts)).toEqual(['staging/web web-1'])
    expect(await parts.events.children('e-web-3')).toMatchObject([{ status: 'held' }])
  })

  test('an invalid policy file keeps it from asking, too', async () => {
    const parts = await testParts({ manifests: staging(), policies: { 'bad.json': '{' } })
    await parts.arrive({ id: 'web-1', version: { branch: 'main' } })
    expect(await running(parts)).toEqual([])
    expect((await arrivalOf(parts, 'web-1'))?.status).toBe('denied')
  })

  test('of an artifact’s own manifest counts, and A9: not for an app of another repository', async () => {
    const parts = await testParts({
      manifests: {
        'api.yaml': manifest({ app: 'api', env: 'staging', extra: 'repository: owner/api\n' }),
      },
    })
    const own = (app: string) => ({
      app,
      env: 'staging',
      manifests: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n',
      deploy: { event: 'push', branch: 'main', tag: '' },
    })
    await parts.arrive({ id: 'web-1', environments: [own('web'), own('api')] })
    expect(await running(parts)).toEqual(['staging/web web-1'])
  })

  test('is not asked again by what follows a release', async () => {
    const follow = trigger({
      on: 'released',
      env: 'production',
      when: { '==': [{ var: 'released.env' }, 'preview'] },
    })
    const parts = await testParts({
      manifests: {
        ...staging('deploy: { event: push, branch: "*" }\n'),
        'p.yaml': manifest({ env: 'preview' }),
      },
      policies: { 'f.json': follow },
    })
    await parts.push({ id: 'web-1' })
    await parts.ask({ env: 'preview' })
    expect(await running(parts)).toEqual(['preview/web web-1'])
  })

  test('shows in what is played beforehand', async () => {
    const parts = await testParts({ manifests: staging() })
    const artifact = await parts.push({ id: 'web-1' })
    const played = await rehearse(parts.ports, {
      artifact,
      actor: alice,
      tip: await parts.gitops.writer.tip(),
    })
    expect(played.requests).toMatchObject([
      { end: 'released', event: { app: 'web', actor: { login: 'policy:manifest.deploy' } } },
    ])
    expect(await running(parts)).toEqual([])
  })
})

const branchApp = (extra = ''): string =>
  manifest({ app: '"web-{{ .BRANCH | sanitizeDNSName }}"', env: 'preview', extra }).replace(
    /name: "web-.*"/,
    'name: "{{ .APP }}"',
  )
const whole = branchApp(
  `deploy: { event: push, branch: "feature/*" }
cleanup: { event: branchDeleted, branch: "feature/*", app: "web-{{ .BRANCH | sanitizeDNSName }}" }
`,
)

const gone = (parts: TestParts, branch: string, repository = 'owner/web') =>
  parts.events.add({
    ...event({
      id: `e-gone-${branch}`,
      kind: 'branchDeleted',
      artifactId: null,
      env: null,
      app: null,
    }),
    about: { on: 'branchDeleted', repository, branch },
  })
const goneText = async (parts: TestParts, branch: string) =>
  (
    await parts.events.decision((await parts.events.find(`e-gone-${branch}`))?.decisionId ?? '')
  )?.triggers?.flatMap(({ env, app, trace }) =>
    trace.map(({ policy, outcome, problem }) => [`${env}/${app}`, policy, outcome, problem]),
  )

describe('an app with variables in its name', () => {
  test('is released under its branch’s name and deleted with the branch', async () => {
    const parts = await testParts({ manifests: { 'web.yaml': whole } })
    for (const [at, branch] of ['feature/a', 'feature/b', 'main'].entries())
      await parts.arrive({ id: `web-${at}`, version: { branch } })
    expect(await running(parts)).toEqual([
      'preview/web-feature-a web-0',
      'preview/web-feature-b web-1',
    ])
    expect(Object.keys(await parts.gitops.files())).toContain(
      'preview/web-feature-a/configmap-web-feature-a.yaml',
    )
    await gone(parts, 'feature/a')
    expect(await running(parts)).toEqual(['preview/web-feature-b web-1'])
    expect((await parts.gitops.log())[0]).toBe('[Gimlet] preview/web-feature-a delete')
    expect(await goneText(parts, 'feature/a')).toEqual([
      ['preview/web-feature-a', 'manifest.cleanup', 'holds', undefined],
    ])
  })

  test('may have other variables in cleanup, as GimletD made its users write it', async () => {
    const parts = await testParts({
      manifests: { 'web.yaml': whole.replace('.BRANCH', '.HEAD') },
    })
    await parts.arrive({
      id: 'web-1',
      version: { branch: 'feature/a' },
      context: { HEAD: 'feature/a' },
    })
    expect(await running(parts)).toEqual(['preview/web-feature-a web-1'])
    await gone(parts, 'feature/a')
    expect(await running(parts)).toEqual([])
  })

  test('may be released by a person, from its own branch only', async () => {
    const parts = await testParts({ manifests: { 'web.yaml': whole } })
    for (const branch of ['fix/a', 'main'])
      await parts.push({ id: `web-${branch}`, version: { branch } })
    for (const [id, artifactId] of [
      ['r-1', 'web-fix/a'],
      ['r-2', 'web-main'],
    ] as const) {
      await parts.ask({ id, artifactId, app: 'web-fix-a', env: 'preview' })
      await drain(parts.ports)
    }
    expect(await running(parts)).toEqual(['preview/web-fix-a web-fix/a'])
    expect((await parts.events.find('r-2'))?.statusDesc).toContain('has no manifest for web-fix-a')
  })

  test('A12: whose name another branch has is refused, and the other stays', async () => {
    const parts = await testParts({ manifests: { 'web.yaml': whole } })
    await parts.arrive({ id: 'web-1', version: { branch: 'feature/a-b' } })
    await drain(parts.ports)
    await parts.arrive({ id: 'web-2', version: { branch: 'feature/a/b' } })
    expect(await running(parts)).toEqual(['preview/web-feature-a-b web-1'])
    expect(await parts.events.children('e-web-2')).toMatchObject([
      { status: 'denied', statusDesc: 'web-feature-a-b in preview shows feature/a-b already' },
    ])
    await gone(parts, 'feature/a/b')
    expect(await running(parts)).toEqual(['preview/web-feature-a-b web-1'])
  })

  test('never takes the name of an app that has a manifest of its own', async () => {
    const parts = await testParts({
      manifests: {
        'web.yaml': whole,
        'other.yaml': manifest({
          app: 'web-feature-a',
          env: 'staging',
          extra: 'repository: owner/other\n',
        }),
      },
    })
    await parts.arrive({ id: 'web-1', version: { branch: 'feature/a' } })
    expect(await running(parts)).toEqual([])
    expect((await arrivalOf(parts, 'web-1'))?.statusDesc).toBe(
      'No trigger asked for a release; web in preview: web.yaml: app: web-feature-a has its own manifest, other.yaml',
    )
  })

  test('that the artifact gives no name is told with why', async () => {
    const manifests = {
      'web.yaml': whole.replace('.BRANCH | sanitizeDNSName }}"\nenv', '.HEAD }}"\nenv'),
    }
    const parts = await testParts({ manifests })
    await parts.arrive({ id: 'web-1', version: { branch: 'feature/a' } })
    expect(await running(parts)).toEqual([])
    expect((await arrivalOf(parts, 'web-1'))?.statusDesc).toContain(
      'web in preview: web.yaml: app: {{ .HEAD }}: unknown variable HEAD',
    )
  })
})

describe('cleanup in a manifest', () => {
  const fixed = (branch: string) => ({
    'web.yaml': manifest({
      env: 'preview',
      extra: `cleanup: { event: branchDeleted, branch: "${branch}", app: web }\n`,
    }),
    'live.yaml': manifest({ env: 'production' }),
  })
  async function released(branch: string) {
    const parts = await testParts({ manifests: fixed(branch) })
    await parts.push({ id: 'web-1', version: { branch: 'fix/x' } })
    await parts.push({ id: 'web-main', version: { branch: 'main' } })
    for (const env of ['preview', 'production']) {
      await parts.ask({ id: `r-${env}`, env, artifactId: 'web-1' })
      await drain(parts.ports)
    }
    return parts
  }

  test('deletes what ran of the branch there, and nothing elsewhere', async () => {
    const parts = await released('fix/*')
    await gone(parts, 'fix/x')
    expect(await running(parts)).toEqual(['production/web web-1'])
  })

  test.each([
    {
      name: 'that the pattern leaves out',
      pattern: '!fix/*',
      repository: 'owner/web',
      why: 'branch is "fix/x", the pattern is "!fix/*"',
    },
    { name: 'of another repository', pattern: '*', repository: 'owner/other', why: undefined },
  ])('leaves alone a branch $name', async ({ pattern, repository, why }) => {
    const parts = await released(pattern)
    await gone(parts, 'fix/x', repository)
    expect(await running(parts)).toEqual(['preview/web web-1', 'production/web web-1'])
    expect((await goneText(parts, 'fix/x'))?.[0]?.[3]).toBe(why)
  })

  test('leaves alone what a person released there since, and says so', async () => {
    const parts = await released('*')
    await parts.ask({ id: 'r-2', env: 'preview', artifactId: 'web-main' })
    await drain(parts.ports)
    await gone(parts, 'fix/x')
    expect(await running(parts)).toEqual(['preview/web web-main', 'production/web web-1'])
    expect(await goneText(parts, 'fix/x')).toContainEqual([
      ...['preview/web', 'manifest.cleanup', 'skipped'],
      'it stays: web-main of main runs there, released by alice',
    ])
    expect((await parts.events.find('e-gone-fix/x'))?.statusDesc).toBe(
      'No trigger asked; web in preview: it stays: web-main of main runs there, released by alice',
    )
  })

  test('F30: leaves alone what a person asked for before it was carried out', async () => {
    const parts = await released('*')
    await parts.ask({ id: 'r-2', env: 'preview', artifactId: 'web-main' })
    await gone(parts, 'fix/x')
    expect(await running(parts)).toEqual(['preview/web web-main', 'production/web web-1'])
    expect(await parts.events.children('e-gone-fix/x')).toMatchObject([
      {
        status: 'denied',
        statusDesc: 'web in preview stays: web-main of main runs there, released by alice',
      },
    ])
  })

  test('leaves alone what a person went back to, and says so', async () => {
    const parts = await released('*')
    await parts.push({ id: 'web-2', version: { branch: 'fix/x' } })
    await parts.ask({ id: 'r-2', env: 'preview', artifactId: 'web-2' })
    await drain(parts.ports)
    const [, first] = await parts.releases.history({ env: 'preview', app: 'web', limit: 2 })
    await parts.ask({
      id: 'r-back',
      kind: 'rollback',
      env: 'preview',
      artifactId: 'web-1',
      toRef: first?.gitopsRef ?? null,
    })
    await drain(parts.ports)
    await gone(parts, 'fix/x')
    expect(await running(parts)).toEqual(['preview/web web-1', 'production/web web-1'])
    expect(await goneText(parts, 'fix/x')).toContainEqual([
      ...['preview/web', 'manifest.cleanup', 'skipped'],
      'it stays: alice has rolled it back',
    ])
  })

  test('waits for a lock to go, and says whose it is', async () => {
    const parts = await released('*')
    await parts.controls.lock({
      id: 'l-1',
      kind: 'freeze',
      env: 'preview',
      app: 'web',
      by: 'bob',
      reason: 'demo',
      createdUnix: 0,
      untilUnix: null,
    })
    await gone(parts, 'fix/x')
    expect(await running(parts)).toEqual(['preview/web web-1', 'production/web web-1'])
    expect(await parts.events.children('e-gone-fix/x')).toMatchObject([
      { status: 'held', statusDesc: expect.stringContaining('is locked by bob: demo') },
    ])
  })

  test('of an artifact’s own manifest counts, even when it runs no more', async () => {
    const parts = await testParts()
    const own = {
      app: 'web',
      env: 'preview',
      manifests: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n',
      cleanup: { event: 'branchDeleted', branch: 'fix/*', app: 'web' },
    }
    await parts.push({ id: 'web-1', version: { branch: 'fix/x' }, environments: [own] })
    await parts.ask({ env: 'preview' })
    await drain(parts.ports)
    await gone(parts, 'fix/x')
    expect(await running(parts)).toEqual([])
  })
})

test('the newest artifact of a branch says how it is cleaned up', async () => {
  const parts = await testParts()
  const own = {
    app: 'web',
    env: 'preview',
    manifests: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n',
  }
  const cleanup = { event: 'branchDeleted', branch: '*', app: 'web' }
  const version = { event: 'pr', branch: 'main', sourceBranch: 'fix/x', targetBranch: 'main' }
  await parts.push({ id: 'web-1', version, environments: [{ ...own, cleanup }] })
  await parts.push({ id: 'web-2', version, environments: [own] })
  await parts.push({ id: 'web-3', environments: [{ ...own, cleanup }] })
  await parts.ask({ env: 'preview' })
  await drain(parts.ports)
  await gone(parts, 'fix/x')
  expect(await running(parts)).toEqual(['preview/web web-1'])
})

describe('a preview with rules of its own', () => {
  const preview = (extra: string) => ({
    'web.yaml': manifest({
      env: 'preview',
      extra: `repository: owner/web\npreview: { days: 3 }\n${extra}`,
    }).replace('name: web', 'name: "{{ .APP }}"'),
  })
  const rule = 'deploy: { event: push, branch: "!{main,master}" }\n'

  test('comes with what its deploy fits, without a pull request, and goes with its branch', async () => {
    const parts = await testParts({ manifests: preview(rule) })
    await parts.arrive({ id: 'web-1', version: { branch: 'fix/x' } })
    await parts.arrive({ id: 'web-2', version: { branch: 'main' } })
    expect(await running(parts)).toEqual(['preview/web-fix-x web-1'])
    await gone(parts, 'fix/x')
    expect(await running(parts)).toEqual([])
  })

  test('A12: whose name another branch has gets one with a hash', async () => {
    const parts = await testParts({ manifests: preview(rule) })
    for (const [at, branch] of ['fix/x', 'fix-x'].entries()) {
      await parts.arrive({ id: `web-${at}`, version: { branch } })
      await drain(parts.ports)
    }
    const [plain, hashed] = await running(parts)
    expect(plain).toBe('preview/web-fix-x web-0')
    expect(hashed).toMatch(/^preview\/web-fix-x-[0-9a-z]{8} web-1$/)
    await gone(parts, 'fix-x')
    expect(await running(parts)).toEqual([plain])
  })

  test('needs no pull request and does not end with one, but with its days', async () => {
    const parts = await testParts({ manifests: preview(rule) })
    const previews = new Previews(parts.ports)
    const settled = async () => {
      await previews.compare()
      return running(parts)
    }
    await parts.arrive({ id: 'web-1', version: { branch: 'fix/x' } })
    await drain(parts.ports)
    expect(await settled()).toEqual(['preview/web-fix-x web-1'])
    parts.clock.moveMs(3 * dayMs)
    expect(await settled()).toEqual(['preview/web-fix-x web-1'])
    parts.clock.moveMs(1_000)
    expect(await settled()).toEqual([])
    expect(await settled()).toEqual([])
  })

  test('is asked for once when a pull request is open as well', async () => {
    const parts = await testParts({ manifests: preview(rule) })
    await parts.arrive({
      id: 'web-1',
      version: { event: 'pr', branch: 'fix/x', targetBranch: 'main' },
    })
    await parts.arrive({ id: 'web-2', version: { branch: 'fix/x' } })
    await drain(parts.ports)
    await new Previews(parts.ports).compare()
    expect(await running(parts)).toEqual(['preview/web-fix-x web-2'])
    expect(
      await parts.releases.history({ env: 'preview', app: 'web-fix-x', limit: 9 }),
    ).toHaveLength(1)
  })

  test('goes with the branches that its cleanup fits only', async () => {
    const parts = await testParts({
      manifests: preview(`${rule}cleanup: { event: branchDeleted, branch: "!keep/*" }\n`),
    })
    for (const [at, branch] of ['fix/x', 'keep/y'].entries())
      await parts.arrive({ id: `web-${at}`, version: { branch } })
    expect(await running(parts)).toHaveLength(2)
    for (const branch of ['fix/x', 'keep/y']) await gone(parts, branch)
    expect(await running(parts)).toEqual(['preview/web-keep-y web-1'])
  })
})
