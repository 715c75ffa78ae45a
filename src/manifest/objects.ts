import { type Refusal, refuse } from '../domain/fault.ts'

/** What tells one Kubernetes object from another. */
export type ObjectName = {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** Git and file systems take 255 bytes for a name; Kubernetes takes 253 for an object's. */
const fileNameCharactersMax = 250

/** Reads the identity of a Kubernetes object, or says what it misses. */
export function objectName(value: unknown, defaultNamespace: string): ObjectName | Refusal {
  if (!(value instanceof Map))
    return refuse('invalid', 'must be a Kubernetes object: a mapping with apiVersion and kind')
  const kind = textAt(value, 'kind')
  if (kind === 'List')
    return refuse(
      'invalid',
      'kind List is not supported; write its objects as documents of their own',
    )
  const metadata = value.get('metadata')
  const name = metadata instanceof Map ? textAt(metadata, 'name') : null
  if (textAt(value, 'apiVersion') === null) return missing('apiVersion')
  if (kind === null) return missing('kind')
  if (!(metadata instanceof Map) || name === null) return missing('metadata.name')
  return { kind, name, namespace: textAt(metadata, 'namespace') ?? defaultNamespace }
}

const missing = (field: string): Refusal =>
  refuse('invalid', `${field} is missing; it must be text that is not empty`)

function textAt(map: ReadonlyMap<unknown, unknown>, key: string): string | null {
  const value = map.get(key)
  return typeof value === 'string' && value !== '' ? value : null
}

/**
 * A file name for every object, in their order: `<kind>-<name>.yaml`, and with the namespace where two
 * would be the same. Names do not depend on the order.
 */
export function fileNames(objects: readonly ObjectName[]): readonly string[] | Refusal {
  const twice = firstTwice(
    objects.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`),
  )
  if (twice) return refuse('invalid', `${twice} stands there twice; keep one of them`)
  const short = objects.map(({ kind, name }) => `${kind}-${name}`).map(fileName)
  const names = objects.map(({ kind, namespace, name }, at) => {
    const own = short[at] ?? ''
    return short.indexOf(own) === short.lastIndexOf(own)
      ? own
      : fileName(`${kind}-${name}-${namespace}`)
  })
  const collision = firstTwice(names)
  if (collision)
    return refuse('invalid', `two objects would be written to ${collision}; rename one of them`)
  const long = names.find((name) => name.length > fileNameCharactersMax)
  return long
    ? refuse(
        'invalid',
        `kind and name make a file name of more than ${fileNameCharactersMax} characters`,
      )
    : names
}

const fileName = (text: string): string =>
  `${text.toLowerCase().replaceAll(/[^a-z0-9.-]/gu, '-')}.yaml`

function firstTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(name).size)
}
