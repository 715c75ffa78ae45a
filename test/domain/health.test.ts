import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { appsNamed, gitopsHash, type HealthReport, newsOf } from '../../src/domain/health.ts'
import type { Health, HealthState, Release } from '../../src/domain/release.ts'
import { healthOf } from '../support/builders.ts'

/** The branch, oldest first: its commits are told apart by their numbers. */
const commitAt = (at: number) => String(at).padStart(40, '0')
const heldBy = (commit: string) =>
  new Set(Array.from({ length: Number(commit) + 1 }, (_, at) => commitAt(at)))

type Made = { readonly app: string; readonly at: number }

const released = ({ app, at }: Made): Release => ({
  ...{ id: `r-${at}`, app, env: 'production', artifactId: `${app}-${at}`, triggeredBy: 'alice' },
  ...{ version: {} as never, gitopsRef: commitAt(at), gitopsRepo: '', created: at * 10 },
  ...{ status: 'pushed', rolledBack: false, decisionId: '', policyVersion: '' },
})

const report = (given: Partial<HealthReport> = {}): HealthReport => ({
  ...{ env: 'production', commit: commitAt(1), state: 'healthy', reason: '', message: '' },
  ...{ at: 100, blamed: [], ...given },
})

/** What is known of each release after all reports, in this order. */
function knownAfter(made: readonly Made[], reports: readonly HealthReport[]) {
  const known = new Map<string, Health>()
  for (const one of reports) {
    const releases = [...made].reverse().map((of): Release => {
      const health = known.get(`r-${of.at}`)
      return { ...released(of), ...(health && { health }) }
    })
    for (const { release, health } of newsOf(one, { releases, held: heldBy(one.commit) }))
      known.set(release.id, health)
  }
  return known
}

const web = [{ app: 'web', at: 1 }]
const stateAfter = (...reports: readonly Partial<HealthReport>[]) =>
  knownAfter(web, reports.map(report)).get('r-1')?.state

describe('the health of a release', () => {
  test.each<{ name: string; reports: Partial<HealthReport>[]; state: HealthState | undefined }>([
    { name: 'is what its commit was reported as', reports: [{}], state: 'healthy' },
    { name: 'is of a later commit as well', reports: [{ commit: commitAt(9) }], state: 'healthy' },
    { name: 'is not of an earlier commit', reports: [{ commit: commitAt(0) }], state: undefined },
    {
      name: 'recovers by a later report of the same commit',
      reports: [{ state: 'failed' }, { at: 101 }],
      state: 'healthy',
    },
    {
      name: 'recovers by a later commit, whatever the clocks say (F23)',
      reports: [{ state: 'failed', at: 500 }, { commit: commitAt(2) }],
      state: 'healthy',
    },
    {
      name: 'stays recovered when the failure of an earlier commit comes late (F16)',
      reports: [{ commit: commitAt(2) }, { state: 'failed', at: 900 }],
      state: 'healthy',
    },
    {
      name: 'stays failed when an earlier success comes late (F16)',
      reports: [{ state: 'failed' }, { at: 99 }],
      state: 'failed',
    },
    {
      name: 'is the worse of two at one second',
      reports: [{ state: 'failed' }, {}],
      state: 'failed',
    },
    {
      name: 'stays healthy while the cluster is at it again',
      reports: [{}, { state: 'progressing', at: 200 }, { state: 'progressing', at: 50 }],
      state: 'healthy',
    },
    {
      name: 'is no failure of a later commit that nobody is blamed for',
      reports: [{}, { commit: commitAt(2), state: 'failed', at: 200 }],
      state: 'healthy',
    },
    {
      name: 'is a failure of a later commit that it is blamed for',
      reports: [{}, { commit: commitAt(2), state: 'failed', at: 200, blamed: ['web'] }],
      state: 'failed',
    },
  ])('$name', ({ reports, state }) => {
    expect(stateAfter(...reports)).toBe(state)
  })

  test('keeps since when it is so, and what it recovered from', () => {
    const told = [
      report({ state: 'failed', message: 'crash loop' }),
      report({ at: 120 }),
      report({ at: 180 }),
    ]
    expect(knownAfter(web, told).get('r-1')).toMatchObject({
      ...{ state: 'healthy', since: 120, reported: 180 },
      recoveredFrom: { since: 100, message: 'crash loop' },
    })
  })

  test('is never older than the release, whatever the clock of the cluster says (F23)', () => {
    expect(knownAfter(web, [report({ at: 3 })]).get('r-1')?.since).toBe(10)
  })
})

test('ten commits that the cluster skipped get the state of the one that it applied', () => {
  const made = Array.from({ length: 10 }, (_, at) => ({ app: 'web', at }))
  const known = knownAfter(made, [report({ commit: commitAt(9), state: 'healthy' })])
  expect([...known.values()].map(({ state }) => state)).toEqual(Array(10).fill('healthy'))
  expect([...known.values()].filter(({ basis }) => basis === 'own')).toHaveLength(1)
  const again = knownAfter(made, [
    report({ commit: commitAt(4), state: 'healthy' }),
    report({ commit: commitAt(9), state: 'failed', at: 200 }),
  ])
  expect(again.get('r-4')?.state).toBe('healthy')
  expect(again.get('r-3')?.state).toBe('healthy')
  expect(again.get('r-5')).toMatchObject({ state: 'failed', basis: 'overtaken' })
})

describe('who a report is about', () => {
  const apps = new Set(['web', 'web-api', 'api'])
  test.each<{ given: Partial<HealthReport>; named: string[] | null }>([
    { given: { app: 'web', unit: 'production-api' }, named: ['web'] },
    { given: { unit: 'api' }, named: ['api'] },
    { given: { unit: 'production-web' }, named: ['web'] },
    { given: { unit: 'web-production' }, named: ['web'] },
    { given: { unit: 'acme-gitops-production-web-api' }, named: ['web-api'] },
    { given: { unit: 'staging-web' }, named: null },
    { given: { unit: 'apps' }, named: null },
    { given: { unit: 'apps', state: 'failed', blamed: ['api', 'redis'] }, named: ['api'] },
    { given: { unit: 'apps', state: 'healthy', blamed: ['api'] }, named: null },
    { given: { unit: 'apps', state: 'failed', blamed: ['redis'] }, named: null },
  ])('$given: $named', ({ given, named }) => {
    const found = appsNamed(report(given), apps)
    expect(found && [...found]).toEqual(named)
  })

  test('one broken app leaves the others alone', () => {
    const made = ['web', 'api'].map((app, at) => ({ app, at }))
    const known = knownAfter(made, [
      report({ commit: commitAt(1) }),
      report({ commit: commitAt(1), at: 200, state: 'failed', blamed: ['web'] }),
    ])
    expect([known.get('r-0')?.state, known.get('r-1')?.state]).toEqual(['failed', 'healthy'])
  })
})

const branchLength = 6
const state = fc.constantFrom<HealthState>('progressing', 'healthy', 'failed')
const reports = fc.array(
  fc
    .record({
      commit: fc.nat(branchLength),
      at: fc.integer({ min: 0, max: 60 }),
      state,
      message: fc.constantFrom('', 'a', 'b'),
      blamed: fc.constantFrom([], ['web'], ['api']),
      unit: fc.constantFrom('apps', 'web'),
    })
    .map(({ commit, ...one }) => report({ ...one, commit: commitAt(commit) })),
  { maxLength: 8 },
)
const made = fc
  .array(fc.constantFrom('web', 'api'), { maxLength: branchLength })
  .map((apps) => apps.map((app, at) => ({ app, at })))
const settled = ({ state: is, commit, reported, message, basis }: Health) => ({
  ...{ is, commit, reported, message, basis },
})

describe('whatever the order and number of true reports (F15, F16)', () => {
  test('every release ends in the same state', () => {
    fc.assert(
      fc.property(
        made,
        reports.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
          ),
        ),
        (releases, [inOrder, mixed]) => {
          const one = knownAfter(releases, inOrder)
          const other = knownAfter(releases, mixed)
          const shown = (known: ReadonlyMap<string, Health>) =>
            Object.fromEntries([...known].map(([id, health]) => [id, settled(health)]))
          expect(shown(other)).toEqual(shown(one))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('nothing counts as healthy for longer than it was', () => {
    const times = fc.uniqueArray(fc.integer({ min: 20, max: 90 }), { minLength: 1, maxLength: 8 })
    const told = times.chain((all) =>
      fc.tuple(
        fc.constant([...all].sort((a, b) => a - b)),
        fc.array(fc.constantFrom<HealthState>('healthy', 'failed'), {
          minLength: all.length,
          maxLength: all.length,
        }),
        fc.shuffledSubarray([...all.keys()], { minLength: all.length }),
      ),
    )
    fc.assert(
      fc.property(told, ([all, states, order]) => {
        const inOrder = all.map((at, n) => report({ at, state: states[n] ?? 'healthy' }))
        const truth = knownAfter(web, inOrder).get('r-1')
        const mixed = knownAfter(
          web,
          order.flatMap((n) => inOrder[n] ?? []),
        ).get('r-1')
        expect(mixed?.state).toBe(truth?.state)
        if (mixed?.state === 'healthy')
          expect(mixed.since).toBeGreaterThanOrEqual(truth?.since ?? Number.NaN)
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  { health: undefined, want: 'pushed' },
  { health: healthOf({ state: 'progressing' }), want: 'Progressing' },
  { health: healthOf(), want: 'ReconciliationSucceeded' },
  { health: healthOf({ state: 'failed', reason: 'HealthCheckFailed' }), want: 'HealthCheckFailed' },
  { health: healthOf({ state: 'failed', reason: 'ValidationFailed' }), want: 'ValidationFailed' },
  { health: healthOf({ state: 'failed', reason: 'Degraded' }), want: 'ReconciliationFailed' },
])('a GitOps commit is told as $want', ({ health, want }) => {
  expect(gitopsHash(commitAt(1), health).status).toBe(want)
})
