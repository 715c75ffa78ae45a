import { expect, test } from 'vitest'
import type { ReleaseEvent } from '../../src/domain/event.ts'
import type { Release } from '../../src/domain/release.ts'
import { EventStore } from '../../src/store/events.ts'
import { ReleaseStore } from '../../src/store/releases.ts'
import { event, healthOf } from '../support/builders.ts'
import { tempDatabase } from '../support/temp.ts'

const version = {
  ...{ repositoryName: 'acme/web', sha: 'a'.repeat(40), branch: 'main', event: 'push' as const },
  ...{ sourceBranch: '', targetBranch: '', tag: '', url: '', created: 0 },
  ...{ authorName: 'Zoë "Z" Ångström\n', authorEmail: '', committerName: '', committerEmail: '' },
  message: 'a\u2028b \\ "c" 🚀 {"x":[1]}',
}

const release = (given: Partial<Release>): Release => ({
  ...{ id: 'r-1', app: 'web', env: 'production', artifactId: 'web-1', triggeredBy: 'alice' },
  ...{ version, gitopsRef: 'b'.repeat(40), gitopsRepo: '/gitops', created: 7, status: 'pushed' },
  ...{ rolledBack: false, decisionId: 'd-1', policyVersion: 'v1' },
  ...given,
})

async function store(landed: readonly Release[]) {
  const { database } = await tempDatabase()
  const events = new EventStore(database)
  const releases = new ReleaseStore(database)
  for (const one of landed) {
    await events.add(event({ id: one.id, app: one.app, env: one.env }))
    const added = (await events.find(one.id)) as ReleaseEvent
    await releases.land([{ event: added, ref: one.gitopsRef, statusDesc: '', release: one }])
  }
  return releases
}

const places = async (
  releases: ReleaseStore,
  where: { env?: string | undefined; app?: string | undefined },
) => (await releases.running(where)).map(({ env, app, id }) => `${env}/${app} ${id}`)

test('what runs is found by any part of its place, in the order of places', async () => {
  const releases = await store([
    release({ id: 'r-1', env: 'staging', app: 'web' }),
    release({ id: 'r-2', env: 'production', app: 'web' }),
    release({ id: 'r-3', env: 'production', app: 'api' }),
    release({ id: 'r-4', env: 'production', app: 'web' }),
  ])
  const all = ['production/api r-3', 'production/web r-4', 'staging/web r-1']
  expect(await places(releases, {})).toEqual(all)
  expect(await places(releases, { env: 'production', app: undefined })).toEqual(all.slice(0, 2))
  expect(await places(releases, { app: 'web' })).toEqual(all.slice(1))
  expect(await places(releases, { env: 'staging', app: 'web' })).toEqual(all.slice(2))
  expect(await places(releases, { env: 'staging', app: 'api' })).toEqual([])
})

test('a release comes back as it was kept, whatever its texts hold', async () => {
  const plain = release({})
  const back = release({ id: 'r-2', gitopsRef: 'c'.repeat(40), rollbackTo: 'b'.repeat(40) })
  const releases = await store([plain])
  expect(await releases.history({ env: 'production', limit: 9 })).toStrictEqual([plain])
  const both = await store([plain, back])
  expect(await both.history({ env: 'production', app: 'web', limit: 9 })).toStrictEqual([
    back,
    plain,
  ])
  const health = healthOf({ since: 5, reported: 6, message: 'it "runs"' })
  expect(await both.reportHealth([{ id: 'r-2', known: undefined, health }], [])).toBe(true)
  expect(await both.running({ app: 'web' })).toStrictEqual([{ ...back, health }])
  // Of two that were concluded from the same health, the second one has to look again.
  const failed = healthOf({ state: 'failed' })
  expect(await both.reportHealth([{ id: 'r-2', known: undefined, health: failed }], [])).toBe(false)
  expect(await both.running({ app: 'web' })).toStrictEqual([{ ...back, health }])
  const later = release({ id: 'r-3', gitopsRef: 'd'.repeat(40) })
  const undone = await store([plain, later, back])
  expect(await undone.ofEvents(['r-3', 'r-1'])).toStrictEqual([
    plain,
    { ...later, rolledBack: true },
  ])
})

test('an app is found with the repository that it is bound to, alone or among all (A9)', async () => {
  const { database } = await tempDatabase()
  const events = new EventStore(database)
  const releases = new ReleaseStore(database)
  for (const app of ['web', 'api']) {
    const one = release({ id: `r-${app}`, app })
    await events.add(event({ id: one.id, app, env: one.env }))
    const added = (await events.find(one.id)) as ReleaseEvent
    await releases.land([
      { event: added, ref: one.gitopsRef, statusDesc: '', release: one, repository: `acme/${app}` },
    ])
  }
  const bindings = async (...apps: string[]) =>
    Object.fromEntries(await releases.bindings(apps.length === 0 ? undefined : apps))
  expect(await bindings()).toEqual({ web: 'acme/web', api: 'acme/api' })
  expect(await bindings('web')).toEqual({ web: 'acme/web' })
  expect(await bindings('shop')).toEqual({})
})
