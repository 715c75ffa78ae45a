import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergePreview } from '../../src/commands/merge-preview.ts'
import type { CommandPorts } from '../../src/commands/ports.ts'
import { TokenStore } from '../../src/store/tokens.ts'
import { UserStore } from '../../src/store/users.ts'
import { gate, manifest, trigger } from '../support/builders.ts'
import { drain, type TestParts, testParts } from '../support/parts.ts'

const head = '1'.repeat(40)
const merged = '2'.repeat(40)
const asked = { repository: 'owner/web', headSha: head, baseBranch: 'main' }

const commandsOf = (parts: TestParts): CommandPorts => {
  return {
    ...{ ...parts.ports, artifacts: parts.artifacts, events: parts.events },
    ...{ releases: parts.releases, controls: parts.controls, source: 'api' },
    ...{
      users: new UserStore(parts.database),
      tokens: new TokenStore(parts.database),
      wake: () => undefined,
    },
    gitops: parts.commandGitops,
  }
}

const pushHead = (parts: TestParts, version: Record<string, unknown> = {}) =>
  parts.push({ id: 'web-head', version: { sha: head, branch: 'main', event: 'pr', sourceBranch: 'faster', targetBranch: 'main', ...version } }) // biome-ignore format: one call

const both = {
  'production.yaml': manifest(),
  'staging.yaml': manifest({ env: 'staging' }),
}
const toProduction = trigger({ env: 'production' })
const stagingFirst = gate({
  env: 'production',
  otherwise: 'hold',
  require: { '==': [{ var: 'envs.staging.artifactId' }, { var: 'artifact.id' }] },
  message: 'Release it to staging first',
})

async function previewWith(given: Parameters<typeof testParts>[0]) {
  const parts = await testParts({ manifests: both, ...given })
  await pushHead(parts)
  return { parts, look: () => mergePreview(commandsOf(parts), asked) }
}

describe('a preview of a merge', () => {
  it('is nothing while CI has posted no artifact of the head', async () => {
    const parts = await testParts()
    expect(await mergePreview(commandsOf(parts), asked)).toBeNull()
  })

  it('names what would be released, by which trigger, and what nobody asks for', async () => {
    const { look } = await previewWith({ policies: { 'to-staging.json': trigger() } })
    expect(await look()).toMatchObject({
      artifactId: 'web-head',
      places: [
        { env: 'staging', app: 'web', end: 'released', by: 'to-staging' },
        { env: 'production', app: 'web', end: 'unasked', by: null },
      ],
    })
  })

  it('is of the artifact that a merge makes: that the head runs somewhere does not count', async () => {
    const { parts, look } = await previewWith({
      policies: { 'to-production.json': toProduction, 'staging-first.json': stagingFirst },
    })
    await parts.ask({ id: 'r-head', env: 'staging', artifactId: 'web-head' })
    await drain(parts.ports)
    expect(await look()).toMatchObject({
      places: [
        { env: 'production', end: 'held', message: 'Release it to staging first' },
        { env: 'staging', end: 'unasked' },
      ],
    })
  })

  it('goes on: what is released lets through what waited for it, and what follows it is asked for', async () => {
    const { look } = await previewWith({
      policies: {
        'a-production.json': toProduction,
        'staging-first.json': stagingFirst,
        'to-staging.json': trigger(),
      },
    })
    expect((await look())?.places).toMatchObject([
      { env: 'production', end: 'released' },
      { env: 'staging', end: 'released' },
    ])
    const follow = trigger({ on: 'released', env: 'production', when: { '==': [{ var: 'released.env' }, 'staging'] } }) // biome-ignore format: one value
    const { look: after } = await previewWith({
      policies: { 'follow.json': follow, 'to-staging.json': trigger() },
    })
    expect((await after())?.places).toMatchObject([
      { env: 'staging', end: 'released', by: 'to-staging' },
      { env: 'production', end: 'released', by: 'follow' },
    ])
  })

  it('says who may approve what would be held', async () => {
    const people = { people: [{ login: 'bob', roles: ['approver'] }] }
    const approval = gate({ env: 'production', otherwise: 'hold', require: { approvedBy: { count: 1 } } }) // biome-ignore format: one value
    const { look } = await previewWith({
      policies: {
        'to-production.json': toProduction,
        'approval.json': approval,
        'people.json': JSON.stringify(people),
      },
    })
    expect((await look())?.places[0]).toMatchObject({ end: 'held', approvers: ['bob'] })
  })

  it('tells what is broken from what a policy denies', async () => {
    const { look } = await previewWith({
      policies: {
        'a.json': toProduction,
        'b.json': trigger(),
        'no.json': gate({ env: 'staging' }),
      },
      manifests: {
        ...both,
        'production.yaml': manifest().replace('.image.tag', '.image.nothing'),
      },
    })
    expect((await look())?.places).toMatchObject([
      { env: 'production', end: 'broken', message: expect.stringContaining('image.nothing') },
      { env: 'staging', end: 'denied', message: 'Not now' },
    ])
    const { look: invalid } = await previewWith({ policies: { 'a.json': '{' } })
    expect((await invalid())?.places).toMatchObject([
      { end: 'broken', message: expect.stringContaining('a.json cannot be used') },
      { end: 'broken' },
    ])
  })
})

const envs = ['dev', 'production', 'staging']
const env = fc.constantFrom(...envs)
const app = fc.constantFrom('web', 'api')
const rule = fc.oneof(
  env.map((one) => ({ '==': [{ var: `envs.${one}.artifactId` }, { var: 'artifact.id' }] })),
  env.map((one) => ({ '>=': [{ var: `envs.${one}.minutes` }, 0] })),
  env.map((one) => ({ '!': [{ '==': [{ var: [`envs.${one}.sha`, 'none'] }, { var: 'artifact.version.sha' }] }] })), // biome-ignore format: one value
  fc.constantFrom(
    { '==': [{ var: 'artifact.version.branch' }, 'main'] },
    { '==': [{ var: 'artifact.version.event' }, 'push'] },
    { '==': [{ var: 'artifact.version.sourceBranch' }, 'faster'] },
    { '==': [{ var: 'actor.kind' }, 'policy'] },
    { '==': [{ var: 'app' }, 'web'] },
    { '>=': [{ var: 'current.minutes' }, 30] },
    { approvedBy: { count: 1 } },
  ),
)
const followRule = env.map((one) => ({ '==': [{ var: 'released.env' }, one] }))
const policy = fc.oneof(
  { weight: 4, arbitrary: fc.record({ env, when: rule }).map((one) => trigger(one)) },
  { weight: 2, arbitrary: fc.record({ env, when: followRule }).map((one) => trigger({ on: 'released', ...one })) }, // biome-ignore format: one value
  {
    weight: 4,
    arbitrary: fc
      .record({
        env,
        require: rule,
        otherwise: fc.constantFrom('hold', 'deny', 'warn'),
        message: fc.constantFrom('No', 'Not so'),
      })
      .map((one) => gate(one)),
  },
  { weight: 1, arbitrary: fc.record({ env, require: rule }).map((one) => gate({ ...one, otherwise: 'hold', newer: 'queues' })) }, // biome-ignore format: one value
)
const world = fc.record({
  policies: fc.array(policy, { minLength: 2, maxLength: 8 }),
  lock: fc.option(fc.record({ env, app: fc.option(app) })),
  /** Where the head's artifact runs already, by force of nobody's policies. */
  runs: fc.uniqueArray(env, { maxLength: 2 }),
})

/** A place is asked for twice, and the second request queues behind the first, which is held. */
const askedTwice = {
  policies: [
    trigger({ env: 'staging' }),
    ...[
      { env: 'production', after: 'staging' },
      { env: 'dev', after: 'staging' },
      { env: 'dev', after: 'production' },
    ].map(({ after, ...to }) =>
      trigger({ on: 'released', ...to, when: { '==': [{ var: 'released.env' }, after] } }),
    ),
    gate({ env: 'dev', otherwise: 'hold', newer: 'queues' }),
  ],
  lock: null,
  runs: [],
}

describe('what a preview says', () => {
  it('is what becomes of the artifact when it is posted, and looking stores nothing', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ policies, lock, runs }) => {
        const parts = await testParts({ manifests: everywhere })
        await pushHead(parts)
        for (const one of runs)
          await parts.ask({ id: `r-${one}`, env: one, artifactId: 'web-head' })
        await drain(parts.ports)
        parts.clock.moveMs(45 * 60_000)
        await parts.putPolicies(Object.fromEntries(policies.map((text, at) => [`p${at}.json`, text]))) // biome-ignore format: one line
        if (lock)
          await parts.controls.lock({ ...lock, id: 'l-1', kind: 'freeze', by: 'alice', reason: 'why', createdUnix: 0, untilUnix: null }) // biome-ignore format: one line
        const before = await everything(parts)
        const preview = await mergePreview(commandsOf(parts), asked)
        expect(await everything(parts)).toEqual(before)
        const said = Object.fromEntries(
          (preview?.places ?? [])
            .filter(({ by }) => by !== null)
            .map(({ env: to, app: of, end, message }) => [`${to}/${of}`, end === 'released' ? end : [end, message]]), // biome-ignore format: one value
        )
        await parts.arrive({ id: 'web-real', version: { sha: merged, branch: 'main', event: 'push' } }) // biome-ignore format: one line
        await drain(parts.ports)
        expect(preview?.isCut).toBe(false)
        expect(said).toEqual(await became(parts))
      }),
      { numRuns: 40, examples: [[askedTwice]] },
    )
  })
})

const own = { extra: 'repository: owner/web\n' }
const everywhere = Object.fromEntries(
  envs.flatMap((one) =>
    ['web', 'api'].map((of) => [`${one}-${of}.yaml`, manifest({ env: one, app: of, ...own })]),
  ),
)

/** Every row that is stored, and the tip of the GitOps repository. */
async function everything({ database, gitops }: TestParts) {
  const tables = await database.read(`select name from sqlite_master where type = 'table' order by name`) // biome-ignore format: one line
  const rows = await Promise.all(tables.map(({ name }) => database.read(`select * from "${name}"`)))
  return { rows: JSON.stringify(rows), tip: await gitops.tipOfRemote() }
}

/** What the real loop has made of the real artifact, by place. */
async function became(parts: TestParts) {
  const rows = await parts.database.read(
    `select env, app, status, status_desc from events
     where artifact_id = 'web-real' and env is not null and app is not null order by seq`,
  )
  const ends: Record<string, unknown> = {}
  for (const { env: to, app: of, status, status_desc: why } of rows) {
    const place = `${to}/${of}`
    // Nothing is said yet of what queues behind a request that is held: that is how the place stands.
    if (status === 'new' || status === 'superseded' || ends[place] === 'released') continue
    ends[place] = status === 'processed' ? 'released' : [status, why]
  }
  return ends
}
