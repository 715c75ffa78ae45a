import type { Outcome } from '../domain/outcome.ts'
import type { Release } from '../domain/release.ts'
import type { CommandPorts } from './ports.ts'

/** What runs where. Apps that have a manifest for a place but were never released there show as `null`. */
export async function status(
  ports: CommandPorts,
  { env, app }: { env: string; app?: string },
): Promise<Outcome> {
  const place = env === '*' ? undefined : env
  const where = { ...(place === undefined ? {} : { env: place }), ...(app ? { app } : {}) }
  const running = await ports.releases.running(where)
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
