import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../src/domain/command.ts'
import { isRefusal } from '../../src/domain/fault.ts'
import { argocdRoutes } from '../../src/ingress/http/argocd.ts'
import { commitOf, objectsIn } from '../../src/ingress/http/cluster-words.ts'
import { fluxRoutes } from '../../src/ingress/http/flux.ts'

const commit = '3f2a9c'.padEnd(40, '1')

/** What a recorded payload of a cluster becomes. */
function said(from: 'flux' | 'argocd', name: string) {
  const text = readFileSync(`test/fixtures/${from}/${name}.json`, 'utf8')
  const [route] = from === 'flux' ? fluxRoutes : argocdRoutes
  const body = route?.body?.parse(JSON.parse(text.replaceAll('<commit>', commit)))
  const command = route?.command({ query: { env: 'production' }, body } as never)
  if (!command || isRefusal(command)) throw new Error(command?.message)
  return (command as Extract<Command, { verb: 'report-health' }>).said
}

const flux: Readonly<Record<string, object>> = {
  applied: { state: 'progressing', blamed: ['web'] },
  'health-check-passed': { state: 'healthy', reason: 'Progressing' },
  reconciled: { state: 'healthy', unit: 'production', unix: 1_796_032_800 },
  'reconciled-old-revision': { state: 'healthy' },
  'reconciled-oci': { state: 'healthy', commits: [commit] },
  'health-check-failed': { state: 'failed', reason: 'HealthCheckFailed', blamed: ['web'] },
  'validation-failed': { state: 'failed', blamed: ['web'] },
  'build-failed': { state: 'failed', blamed: [] },
  'prune-failed': { state: 'failed', blamed: [] },
  'dependency-not-ready': { state: 'progressing' },
  'health-check-canceled': { state: 'progressing' },
  'source-not-found': { ignored: expect.stringContaining('no GitOps commit') },
  bucket: { ignored: expect.stringContaining('no GitOps commit') },
  gitrepository: { ignored: expect.stringContaining('Kustomization') },
  'helmrelease-installed': { ignored: expect.stringContaining('chart version') },
  'helmrelease-upgrade-failed': { ignored: expect.stringContaining('wait: true') },
}

const argocd: Readonly<Record<string, object>> = {
  healthy: { state: 'healthy', commits: [commit], unix: 1_796_032_800 },
  'multi-source': { state: 'healthy', commits: [commit] },
  progressing: { state: 'progressing' },
  degraded: { state: 'failed', reason: 'Degraded', message: expect.stringContaining('deadline') },
  'degraded-out-of-sync': { state: 'failed', commits: [commit] },
  missing: { state: 'progressing', reason: 'Missing' },
  suspended: { state: 'progressing', reason: 'Suspended' },
  'out-of-sync': { state: 'progressing', reason: 'OutOfSync', commits: [commit] },
  'sync-running': { state: 'progressing', reason: 'Running' },
  'sync-failed': { state: 'failed', reason: 'SyncFailed', commits: [commit] },
  'sync-error': { state: 'failed', reason: 'SyncError' },
  unknown: { ignored: expect.stringContaining('does not know') },
  'comparison-error': { ignored: expect.stringContaining('does not know') },
  'chart-only': { ignored: expect.stringContaining('no GitOps commit') },
}

describe.each([
  { from: 'flux', table: flux },
  { from: 'argocd', table: argocd },
] as const)('what $from sends', ({ from, table }) => {
  test.each(Object.entries(table))('%s', (name, want) => {
    expect(said(from, name)).toMatchObject(want)
  })

  test('every recorded payload is in the table', () => {
    const recorded = readdirSync(`test/fixtures/${from}`).map((file) => file.replace('.json', ''))
    expect(recorded.sort()).toEqual(Object.keys(table).sort())
  })
})

describe('a revision', () => {
  const branch = fc.stringMatching(/^[A-Za-z0-9._@/-]{1,30}$/)
  const id = fc.oneof(fc.stringMatching(/^[0-9a-f]{40}$/), fc.stringMatching(/^[0-9a-f]{64}$/))

  test('is read in every form, on any branch', () => {
    fc.assert(
      fc.property(branch, id, (name, at) => {
        const algorithm = at.length === 40 ? 'sha1' : 'sha256'
        const forms = [`${name}@${algorithm}:${at}`, `${algorithm}:${at}`, `${name}/${at}`, at]
        expect(forms.map(commitOf)).toEqual([at, at, at, at])
      }),
    )
  })

  test.each(['', 'main', '1.2.3', `main@sha1:${commit.slice(0, 12)}`, `${commit}x`, `x${commit}`])(
    '%j names no commit',
    (text) => {
      expect(commitOf(text)).toBeUndefined()
    },
  )
})

describe('the objects of a message', () => {
  test.each([
    {
      message: "timeout waiting for: [Deployment/prod/web status: 'InProgress', Job/prod/migrate]",
      objects: ['web', 'migrate'],
    },
    { message: 'deployment/web is stalled', objects: ['web'] },
    { message: 'HelmRelease/prod/web-api failed', objects: ['web-api'] },
    { message: "accumulating './production/web/deploy.yaml'", objects: [] },
    { message: 'nothing of the kind', objects: [] },
  ])('$message', ({ message, objects }) => {
    expect(objectsIn(message)).toEqual(objects)
  })

  test('are found in any text, in no time (F33)', () => {
    const long = [`${'a/'.repeat(200_000)}`, `x/${'a-'.repeat(200_000)}`, 'A'.repeat(400_000)]
    const started = performance.now()
    for (const text of long) objectsIn(text)
    fc.assert(fc.property(fc.string(), (text) => void objectsIn(text)))
    expect(performance.now() - started).toBeLessThan(60_000)
  })
})

test('A6: a revision that is no text names no commit', () => {
  const [route] = fluxRoutes
  const involvedObject = { kind: 'Kustomization' }
  const metadata = { revision: { toString: 1 } }
  const body = route?.body?.parse({ involvedObject, metadata })
  expect(route?.command({ query: { env: 'production' }, body } as never)).toMatchObject({
    said: { ignored: expect.stringContaining('no GitOps commit') },
  })
})
