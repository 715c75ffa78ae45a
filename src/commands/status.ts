import { authorOf } from '../domain/history.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { DriftCommit, Release } from '../domain/release.ts'
import type { CommandPorts } from './ports.ts'

/** What runs where, or ran at a moment. Apps that have a manifest for a place but were never released there show as `null`. */
export async function status(
  ports: CommandPorts,
  { env, app, atUnix }: { env: string; app?: string; atUnix?: number },
): Promise<Outcome> {
  const place = env === '*' ? undefined : env
  const where = { ...(place === undefined ? {} : { env: place }), ...(app ? { app } : {}) }
  const running = await (atUnix === undefined
    ? runningNow(ports, where)
    : ports.releases.ranAt({ ...where, atUnix }))
  const { manifests } = await ports.sources.manifests(await ports.gitops.lastTip())
  const known = manifests.filter(
    (manifest) => (place === undefined || manifest.env === place) && (!app || manifest.app === app),
  )
  const rows = new Map<string, Map<string, Release | null>>()
  const put = (at: { env: string; app: string }, release: Release | null) =>
    rows.set(at.env, (rows.get(at.env) ?? new Map()).set(at.app, release))
  if (place !== undefined) rows.set(place, new Map())
  if (place !== undefined && app) put({ env: place, app }, null)
  for (const manifest of known) put(manifest, null)
  for (const release of running) put(release, release)
  const byName = <T>(entries: Iterable<readonly [string, T]>) =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
  const status = byName([...rows].map(([name, apps]) => [name, byName(apps)] as const))
  return { kind: 'status', env, status }
}

/** What runs now, with what people changed by hand since it was released. */
export async function runningNow(
  ports: CommandPorts,
  where: { env?: string; app?: string },
): Promise<readonly Release[]> {
  const running = await ports.releases.running(where)
  const found = await ports.drift.here(where)
  const byPlace = new Map<string, DriftCommit[]>()
  for (const commit of found) {
    const { env, app, ref, subject, created } = commit
    const shown = { ref, author: authorOf(commit), subject, created }
    byPlace.set(`${env}/${app}`, [...(byPlace.get(`${env}/${app}`) ?? []), shown])
  }
  return running.map((release) => {
    const commits = byPlace.get(`${release.env}/${release.app}`)
    return commits === undefined ? release : { ...release, drift: { commits } }
  })
}
