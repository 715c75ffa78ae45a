import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EventStatus } from '../../src/domain/event.ts'
import type { Release } from '../../src/domain/release.ts'
import type { PreviewManifest } from '../../src/manifest/manifest.ts'
import { type PreviewPull, previewChanges } from '../../src/release/preview-changes.ts'
import type { PreviewAsk, PreviewPlace } from '../../src/release/preview-place.ts'
import { manifestWith } from '../manifest/support.ts'

const repository = 'owner/web'
/** Three of them come to the same label, one to an app's name. */
const branches = ['fix/login', 'fix-login', 'Fix.login', 'login', 'api', 'x'.repeat(70)] as const
const ownApps = new Set(['web-api'])
const rule = { label: null, days: 14 }
const manifests = ['web', 'web-fix'].map((app): PreviewManifest => ({ ...manifestWith('', { app, env: 'preview', repository }), preview: rule })) // biome-ignore format: one value

const branch = fc.constantFrom(...branches)
const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), branch }),
  fc.record({ kind: fc.constant('build' as const), branch }),
  fc.record({ kind: fc.constantFrom('open' as const, 'close' as const), branch }),
  fc.record({ kind: fc.constant('work' as const), ends: fc.constantFrom<EventStatus>('processed', 'held', 'error') }), // biome-ignore format: one value
  fc.record({ kind: fc.constant('look' as const) }),
)

/** A world in which everything that is asked for can be carried out. */
class World {
  readonly pulls = new Map<string, PreviewPull>()
  readonly asked = new Map<string, PreviewAsk>()
  readonly running = new Map<string, Release>()
  nowMs = 1_000_000_000
  #count = 0

  tell(of: string, told: Partial<PreviewPull> | null): void {
    const known = this.pulls.get(of)
    if (told === null) this.pulls.delete(of)
    else if (known) this.pulls.set(of, { ...known, ...told })
  }

  open(of: string): void {
    const number = branches.indexOf(of as (typeof branches)[number])
    if (!this.pulls.has(of))
      this.pulls.set(of, { repository, number, branch: of, labels: [], artifact: null, manifests })
  }

  build(of: string): void {
    const createdUnix = this.nowMs / 1000
    this.tell(of, { artifact: { id: `web-${this.#count++}`, createdUnix } })
  }

  changes() {
    const { asked, running, nowMs } = this
    const pulls = [...this.pulls.values()]
    const set = { previews: manifests }
    return previewChanges({
      ...{ nowMs, set, pulls, asked, running, ownApps },
      bindings: new Map(),
    })
  }

  /** Keeps what is asked for, as the loop does. */
  look(): number {
    const changes = this.changes()
    for (const change of changes) {
      if (change.kind === 'withdraw') {
        const [key, last] = [...this.asked].find(([, { id }]) => id === change.id) ?? []
        if (key && last) this.asked.set(key, { ...last, kind: 'delete', status: 'superseded' })
        continue
      }
      const { kind, env, app, branch: of } = change
      const artifactId = change.kind === 'release' ? change.artifactId : null
      const id = `r-${this.#count++}`
      const place = { env, app, repository, branch: of }
      const now = { status: 'new', days: null, createdMs: this.nowMs } as const
      const ask = { ...place, id, kind, artifactId, ...now }
      this.asked.set(keyOf(ask), ask)
    }
    return changes.length
  }

  /** Carries out what waits, or lets it end otherwise. */
  work(status: EventStatus): void {
    for (const [key, last] of this.asked) {
      if (last.status !== 'new' && last.status !== 'held') continue
      this.asked.set(key, { ...last, status })
      if (status !== 'processed') continue
      const version = { repositoryName: repository, branch: last.branch, event: 'push' }
      const { env, app, artifactId } = last
      if (last.kind === 'delete') this.running.delete(key)
      else this.running.set(key, { env, app, artifactId, version, created: this.nowMs / 1000 } as Release) // biome-ignore format: one line
    }
  }
}

const keyOf = ({ env, app }: Pick<PreviewPlace, 'env' | 'app'>) => `${env}/${app}`

test('previews come to be what the open pull requests ask for, whatever happened', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World()
      for (const one of steps) {
        world.nowMs += 1_000
        if (one.kind === 'look') world.look()
        else if (one.kind === 'work') world.work(one.ends)
        else if (one.kind === 'open') world.open(one.branch)
        else if (one.kind === 'close') world.tell(one.branch, null)
        else if (one.kind === 'push') world.tell(one.branch, { artifact: null })
        else world.build(one.branch)
        expect([...world.running.keys()]).not.toContain('preview/web-api')
      }
      for (const of of world.pulls.keys()) world.build(of)
      // What broke is asked for again after a while.
      for (let round = 0; round < 3; round++) {
        world.nowMs += 11 * 60_000
        world.look()
        world.work('processed')
      }
      expect(world.look()).toBe(0)
      const runs = [...world.running.values()].map(({ artifactId }) => artifactId).sort()
      const wanted = [...world.pulls.values()].flatMap(({ artifact }) => [
        artifact?.id,
        artifact?.id,
      ])
      expect(runs).toEqual(wanted.sort())
    }),
    { numRuns: 2_000 },
  )
})
