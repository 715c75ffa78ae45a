import { describe, expect, test } from 'vitest'
import { Previews } from '../../src/release/previews.ts'
import { PullStore } from '../../src/store/pulls.ts'
import { manifest } from '../support/builders.ts'
import { drain, testParts } from '../support/parts.ts'

const day = 24 * 60 * 60_000
const commit = (digit: number) => String(digit).repeat(40)

/** A manifest that is for pull requests; its object is named like the app. */
const preview = (rule = 'true') =>
  manifest({ env: 'preview', extra: `repository: owner/web\npreview: ${rule}\n` }).replace(
    'name: web',
    'name: "{{ .APP }}"',
  )

type Told = { branch?: string; sha?: string; isOpen?: boolean; isFork?: boolean; labels?: string[] }

async function previewParts(manifests: Record<string, string> = { 'preview.yaml': preview() }) {
  const parts = await testParts({ manifests })
  const pulls = new PullStore(parts.database)
  const previews = new Previews(parts.ports)
  await pulls.keepRepository({ id: 1, name: 'owner/web', installation: 7, defaultBranch: 'main' })
  let pushed = 0
  return {
    ...parts,
    /** What GitHub tells of a pull request. */
    pull: (number: number, told: Told = {}) =>
      pulls.keep(
        {
          ...{ repositoryId: 1, number, baseBranch: 'main' },
          headBranch: told.branch ?? 'fix/login',
          headSha: told.sha ?? commit(number),
          ...{
            isOpen: told.isOpen ?? true,
            isFork: told.isFork ?? false,
            labels: told.labels ?? [],
          },
        },
        Math.floor(parts.clock.nowMs() / 1000) + pushed++,
      ),
    /** What CI posts of a commit. */
    built: (sha: string, version: Record<string, unknown> = {}) =>
      parts.push({
        id: `web-${sha.slice(0, 4)}`,
        version: { sha, branch: 'fix/login', ...version },
      }),
    /** Looks, carries out what was asked for, and answers what runs. */
    async settle(): Promise<string[]> {
      await previews.compare()
      await drain(parts.ports)
      const running = await parts.releases.running({ env: 'preview' })
      return running.map(({ app, artifactId }) => `${app} ${artifactId}`).sort()
    },
  }
}

describe('a preview of a pull request', () => {
  test('comes with the artifact of its head, follows it, and goes when it is closed: once each', async () => {
    const { pull, built, settle, gitops } = await previewParts()
    await pull(1)
    expect(await settle()).toEqual([])
    await built(commit(1))
    expect(await settle()).toEqual(['web-fix-login web-1111'])
    await pull(1, { sha: commit(2) })
    expect(await settle()).toEqual(['web-fix-login web-1111'])
    await built(commit(2))
    expect(await settle()).toEqual(['web-fix-login web-2222'])
    expect(await settle()).toEqual(['web-fix-login web-2222'])
    await pull(1, { sha: commit(2), isOpen: false })
    expect(await settle()).toEqual([])
    expect(await settle()).toEqual([])
    expect((await gitops.log()).slice(0, 3)).toEqual([
      '[Gimlet] preview/web-fix-login delete',
      '[Gimlet] preview/web-fix-login release web-2222',
      '[Gimlet] preview/web-fix-login release web-1111',
    ])
  })

  test('names its objects by its own name', async () => {
    const { pull, built, settle, gitops } = await previewParts()
    await pull(1)
    await built(commit(1))
    await settle()
    expect(Object.keys(await gitops.files())).toContain(
      'preview/web-fix-login/configmap-web-fix-login.yaml',
    )
  })

  test('comes again when it is opened again', async () => {
    const { pull, built, settle } = await previewParts()
    await built(commit(1))
    for (const isOpen of [true, false, true]) {
      await pull(1, { isOpen })
      expect(await settle()).toEqual(isOpen ? ['web-fix-login web-1111'] : [])
    }
  })

  test('R11: is not made of a fork', async () => {
    const { pull, built, settle } = await previewParts()
    await pull(1, { isFork: true })
    await built(commit(1), { event: 'pr', sourceBranch: 'fix/login', branch: 'main' })
    expect(await settle()).toEqual([])
  })

  test('is of a label when its manifest says so, and goes with the label', async () => {
    const { pull, built, settle } = await previewParts({
      'preview.yaml': preview('{ label: show }'),
    })
    await built(commit(1))
    await pull(1, { labels: ['bug'] })
    expect(await settle()).toEqual([])
    await pull(1, { labels: ['bug', 'show'] })
    expect(await settle()).toEqual(['web-fix-login web-1111'])
    await pull(1, { labels: ['bug'] })
    expect(await settle()).toEqual([])
  })

  test('goes when its artifact is old, and comes again with a newer one', async () => {
    const { pull, built, settle, clock } = await previewParts({
      'preview.yaml': preview('{ days: 3 }'),
    })
    await built(commit(1))
    await pull(1)
    clock.moveMs(3 * day)
    expect(await settle()).toEqual(['web-fix-login web-1111'])
    clock.moveMs(1_000)
    expect(await settle()).toEqual([])
    await pull(1, { sha: commit(2) })
    await built(commit(2))
    expect(await settle()).toEqual(['web-fix-login web-2222'])
  })

  test('A12: whose name another has keeps apart from it', async () => {
    const { pull, built, settle } = await previewParts({
      'preview.yaml': preview(),
      'api.yaml': manifest({ app: 'web-api', env: 'staging', extra: 'repository: owner/web\n' }),
    })
    for (const [at, branch] of ['fix/login', 'fix-login', 'Fix.Login', 'api'].entries()) {
      await built(commit(at + 1), { branch })
      await pull(at + 1, { branch })
    }
    const running = await settle()
    expect(running.map((one) => one.replace(/-[0-9a-z]{8} /, '-# ')).sort()).toEqual([
      'web-api-# web-4444',
      'web-fix-login web-1111',
      'web-fix-login-# web-2222',
      'web-fix-login-# web-3333',
    ])
    await pull(1, { branch: 'fix/login', isOpen: false })
    expect(await settle()).toEqual(running.filter((one) => one !== 'web-fix-login web-1111'))
  })

  test('A9: never takes the name of an app of another repository', async () => {
    const { pull, built, settle, push, ask, ports } = await previewParts({
      'preview.yaml': preview(),
      'other.yaml': manifest({
        app: 'web-api',
        env: 'preview',
        extra: 'repository: owner/other\n',
      }),
    })
    await push({ id: 'other-1', version: { repositoryName: 'owner/other' } })
    await ask({ artifactId: 'other-1', app: 'web-api', env: 'preview' })
    await drain(ports)
    await built(commit(1), { branch: 'api' })
    await pull(1, { branch: 'api' })
    const [own, other] = await settle()
    expect([own, other]).toEqual(['web-api other-1', expect.stringMatching(/^web-api-[0-9a-z]{8} web-1111$/)]) // biome-ignore format: one line
  })

  test('that waits is withdrawn when its pull request is closed', async () => {
    const { pull, built, settle, events, putPolicies } = await previewParts()
    await putPolicies({
      'hold.json': JSON.stringify({ kind: 'gate', env: 'preview', otherwise: 'hold', expires: '24h', require: { '==': [{ var: 'app' }, 'nothing'] }, message: 'Not now' }),
    }) // biome-ignore format: one policy
    await built(commit(1))
    await pull(1)
    await settle()
    const [held] = await events.held()
    await pull(1, { isOpen: false })
    await settle()
    expect(await events.find(held?.id ?? '')).toMatchObject({
      status: 'superseded',
      statusDesc: 'no pull request of fix/login is open',
    })
    await pull(1)
    await settle()
    expect(await events.held()).toMatchObject([{ app: 'web-fix-login' }])
  })

  test('leaves what a person did to it alone', async () => {
    const { pull, built, settle, ask, ports } = await previewParts()
    await built(commit(1))
    await built(commit(2))
    await pull(1)
    await settle()
    await ask({ artifactId: 'web-2222', app: 'web-fix-login', env: 'preview' })
    expect(await settle()).toEqual(['web-fix-login web-2222'])
    await ask({ id: 'r-2', kind: 'delete', artifactId: null, app: 'web-fix-login', env: 'preview' })
    expect(await settle()).toEqual([])
    expect(await settle()).toEqual([])
    await drain(ports)
  })

  test('stays while its manifest cannot be read', async () => {
    const { pull, built, settle, putManifests } = await previewParts()
    await built(commit(1))
    await pull(1)
    await settle()
    await putManifests({ 'preview.yaml': 'app: [' })
    expect(await settle()).toEqual(['web-fix-login web-1111'])
    await pull(1, { isOpen: false })
    expect(await settle()).toEqual([])
  })
})

describe('where GitHub tells nothing', () => {
  const version = { repositoryName: 'team/web', event: 'pr', branch: 'main', sourceBranch: 'fix/login', targetBranch: 'main' } // biome-ignore format: one value
  const manifests = { 'preview.yaml': preview().replace('owner/web', 'team/web') }

  test('a preview is of the newest artifact of a pull request, and goes with its branch', async () => {
    const { push, settle, ask, clock } = await previewParts(manifests)
    await push({ id: 'web-1', version })
    await push({ id: 'web-2', version })
    expect(await settle()).toEqual(['web-fix-login web-2'])
    clock.moveMs(1_000)
    await ask({
      ...{ kind: 'branchDeleted', artifactId: null, app: null, env: null },
      about: { on: 'branchDeleted', repository: 'team/web', branch: 'fix/login' },
    })
    expect(await settle()).toEqual([])
  })

  test('and goes when it is old', async () => {
    const { push, settle, clock } = await previewParts(manifests)
    await push({ id: 'web-1', version })
    await settle()
    clock.moveMs(14 * day + 1_000)
    expect(await settle()).toEqual([])
  })
})
