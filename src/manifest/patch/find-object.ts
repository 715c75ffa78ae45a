import { type Refusal, refuse } from '../../domain/fault.ts'
import { nearestFew } from '../../domain/nearest.ts'
import { type Tree, textAt } from './tree.ts'

/** Which object a patch is for. What is not given may be anything. */
export type Target = {
  readonly group?: string | undefined
  readonly version?: string | undefined
  readonly kind: string
  readonly name: string
  readonly namespace?: string | undefined
}

/** What tells an object from another. */
export type Identity = {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly name: string
  /** `null` of an object that names none. */
  readonly namespace: string | null
}

const namesMax = 3

/** The identity of an object; empty texts where it has none. */
export function identityOf(root: Tree): Identity {
  const apiVersion = textAt(root, 'apiVersion') ?? ''
  const slash = apiVersion.indexOf('/')
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: textAt(root, 'kind') ?? '',
    name: textAt(root, 'metadata', 'name') ?? '',
    namespace: textAt(root, 'metadata', 'namespace') ?? null,
  }
}

/** The place of the one object that a patch is for. */
export function findObject(objects: readonly Identity[], target: Target): number | Refusal {
  const found = objects.flatMap((object, at) => (isTarget(object, target) ? [at] : []))
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const wanted = `${target.kind} ${target.name}`
  if (found.length > 1)
    return refuse('invalid', `${wanted} is there in several namespaces; name one of them`)
  return refuse('invalid', `there is no ${shown(target)}; ${nearby(objects, target)}`)
}

/** True for an object that a patch may be for. */
export function isTarget(object: Identity, target: Target): boolean {
  const { group, version, namespace } = target
  return (
    object.kind === target.kind &&
    object.name === target.name &&
    (group === undefined || object.group === group) &&
    (version === undefined || object.version === version) &&
    (namespace === undefined || (object.namespace ?? 'default') === namespace)
  )
}

/** The objects that may have been meant. */
function nearby(objects: readonly Identity[], target: Target): string {
  const names = [...new Set(objects.map(shown))]
  const twins = objects.filter(({ kind, name }) => kind === target.kind && name === target.name)
  const near = nearestFew(`${target.kind} ${target.name}`, objects.map(short), namesMax)
  const few = twins.length > 0 ? twins.map(shown) : near.length > 0 ? near : names
  const more = few.length > namesMax ? ' and others' : ''
  return few.length === 0
    ? 'there are no objects'
    : `there is ${few.slice(0, namesMax).join(', ')}${more}`
}

const short = ({ kind, name }: Identity): string => `${kind} ${name}`

/** `apps/v1 Deployment web in staging`, as far as it is known. */
export function shown({ group, version, kind, name, namespace }: Target | Identity): string {
  const api = [group, version].filter((part) => part).join('/')
  return `${api} ${kind} ${name}${namespace ? ` in ${namespace}` : ''}`.trimStart()
}
