import { isRefusal } from '../domain/fault.ts'
import { parseYaml } from './parse-yaml.ts'

/**
 * The Kubernetes objects in files as they would be written, as plain values. A file that cannot be
 * read counts as one object that nothing is known of, so that no policy says yes to it.
 */
export function readObjects(files: ReadonlyMap<string, string>): unknown[] {
  return [...files.values()].flatMap((text) => {
    const documents = parseYaml(text)
    return isRefusal(documents) ? [null] : documents.map(({ value }) => plain(value))
  })
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (!(value instanceof Map)) return value
  const object: Record<string, unknown> = Object.create(null)
  for (const [key, one] of value) object[String(key)] = plain(one)
  return object
}
