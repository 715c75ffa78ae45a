import type { PolicySet } from './policy.ts'
import { covers, type Scoped, type Target } from './scope.ts'

type Applying = Pick<PolicySet, 'triggers' | 'gates' | 'objects' | 'invalid'>

/** More places than this are asked about rarely enough to be looked for anew. */
const placesMax = 4_096

const known = new WeakMap<PolicySet, Map<string, Applying>>()

/**
 * The policies of a set that are about one app in one environment. Found once for each place, so that
 * a decision costs what the policies cost that apply, not those that exist.
 */
export function applying(policies: PolicySet, target: Target): Applying {
  const places = known.get(policies) ?? new Map<string, Applying>()
  known.set(policies, places)
  const place = `${target.env}/${target.app}`
  const found = places.get(place)
  if (found) return found
  const { triggers, gates, objects, invalid } = policies
  const covering = <T extends Scoped>(all: readonly T[]) => all.filter((one) => covers(one, target))
  const fresh = {
    triggers: covering(triggers),
    gates: covering(gates),
    objects: covering(objects),
    invalid: covering(invalid),
  }
  if (places.size >= placesMax) places.clear()
  places.set(place, fresh)
  return fresh
}
