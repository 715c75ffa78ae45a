import { type Refusal, refuse } from '../domain/fault.ts'
import { nearestFew } from '../domain/nearest.ts'
import type { CommandPorts } from './ports.ts'

const suggestionsMax = 3

/** Why there is nothing of an app: nobody knows it, and then what was meant perhaps, or nothing fits. */
export async function nothingOf(
  { sources, gitops, releases }: CommandPorts,
  app: string,
  otherwise: string,
): Promise<Refusal> {
  const { manifests } = await sources.manifests(await gitops.lastTip())
  const running = await releases.running({})
  const known = new Set([...manifests, ...running].map((one) => one.app))
  if (known.has(app)) return refuse('not_found', otherwise)
  const meant = nearestFew(app, known, suggestionsMax)
  const hint = meant.length > 0 ? `; did you mean ${meant.join(' or ')}?` : ''
  return refuse('not_found', `There is no app ${app}${hint}`)
}
