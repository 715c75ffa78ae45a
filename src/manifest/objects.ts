import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import type { ObjectText } from './object-text.ts'
import { parseYaml } from './parse-yaml.ts'

/** What tells one Kubernetes object from another. */
export type ObjectName = {
  /** Of its apiVersion, without the version; empty for the core group. */
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

/** An object that was read: its text, where it comes from, its name and its value. */
export type NamedObject = ObjectText & {
  readonly name: ObjectName
  readonly value: ReadonlyMap<unknown, unknown>
}

/** Git and file systems take 255 bytes for a name; Kubernetes takes 253 for an object's. */
const fileNameCharactersMax = 250

/** Reads an object's text, or says what it misses and where. */
export function namedObject(object: ObjectText, defaultNamespace: string): NamedObject | Refusal {
  const { text, place } = object
  const value = object.value ?? parsedOf(text)
  const name = isRefusal(value) ? value : objectName(value, defaultNamespace)
  if (isRefusal(name)) return refuse('invalid', `${place}: ${name.message}`)
  return { text, place, name, value: value as NamedObject['value'] }
}

function parsedOf(text: string): unknown | Refusal {
  const documents = parseYaml(text)
  return isRefusal(documents) ? documents : documents[0]?.value
}

/** The identity of a Kubernetes object, or what it misses. */
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
  const apiVersion = textAt(value, 'apiVersion')
  if (apiVersion === null) return missing('apiVersion')
  if (kind === null) return missing('kind')
  if (!(metadata instanceof Map) || name === null) return missing('metadata.name')
  const namespace = textAt(metadata, 'namespace') ?? defaultNamespace
  return { group: groupOf(apiVersion), kind, name, namespace }
}

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''

const missing = (field: string): Refusal =>
  refuse('invalid', `${field} is missing; it must be text that is not empty`)

function textAt(map: ReadonlyMap<unknown, unknown>, key: string): string | null {
  const value = map.get(key)
  return typeof value === 'string' && value !== '' ? value : null
}

/**
 * A file for every object, sorted by its name: `<kind>-<name>.yaml`, and with the namespace or the
 * group where two would be the same. Names do not depend on the order.
 */
export function filesOf(objects: readonly NamedObject[]): ReadonlyMap<string, string> | Refusal {
  const twice = firstTwice(objects, ({ name }) => Object.values(name).join('\0'))
  if (twice) {
    const [first, { name, place }] = twice
    const shown = `${name.kind} ${name.namespace}/${name.name}`
    return refuse('invalid', `${place}: ${shown} stands in ${first.place}, too; keep one of them`)
  }
  const names = fileNames(objects.map(({ name }) => name))
  const files = objects.map((object, at) => ({ ...object, file: names[at] ?? '' }))
  const collision = firstTwice(files, ({ file }) => file)
  if (collision) {
    const [first, { file, place }] = collision
    return refuse(
      'invalid',
      `${place}: would be written to ${file}, as what stands in ${first.place}; rename one of them`,
    )
  }
  const long = files.find(({ file }) => file.length > fileNameCharactersMax)
  if (long)
    return refuse(
      'invalid',
      `${long.place}: kind and name make a file name of more than ${fileNameCharactersMax} characters`,
    )
  return new Map(
    files.map(({ file, text }) => [file, text] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function fileNames(objects: readonly ObjectName[]): readonly string[] {
  const forms: readonly ((name: ObjectName) => string)[] = [
    ({ kind, name }) => `${kind}-${name}`,
    ({ kind, name, namespace }) => `${kind}-${name}-${namespace}`,
    ({ kind, name, namespace, group }) => `${kind}-${name}-${namespace}-${group || 'core'}`,
  ]
  let names: readonly string[] = objects.map(() => '')
  for (const form of forms)
    names = names.map((name, at, all) => {
      const object = objects[at]
      const isOwn = name !== '' && all.indexOf(name) === all.lastIndexOf(name)
      return isOwn || !object ? name : fileName(form(object))
    })
  return names
}

const fileName = (text: string): string =>
  `${text.toLowerCase().replaceAll(/[^a-z0-9.-]/gu, '-')}.yaml`

/** The first two that have the same key. */
function firstTwice<Of>(all: readonly Of[], keyOf: (one: Of) => string): [Of, Of] | undefined {
  const seen = new Map<string, Of>()
  for (const one of all) {
    const before = seen.get(keyOf(one))
    if (before !== undefined) return [before, one]
    seen.set(keyOf(one), one)
  }
  return undefined
}
