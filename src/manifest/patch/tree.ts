import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { parseYaml, type YamlDocument } from '../parse-yaml.ts'

/**
 * A YAML value that knows where it was written. Patches make new trees and share what they leave
 * alone, so that `writeTree` can keep the text of it.
 */
export type Tree = Mapping | Sequence | Leaf
export type Mapping = {
  readonly kind: 'mapping'
  readonly entries: ReadonlyMap<string, Tree>
  readonly source: Node | null
}
export type Sequence = {
  readonly kind: 'sequence'
  readonly items: readonly Tree[]
  readonly source: Node | null
}
export type Leaf = {
  readonly kind: 'leaf'
  readonly value: unknown
  /** As it stands in its text, where that is one line: `0644` stays `0644`. */
  readonly written: string | null
  readonly source: Node | null
}

/** A text with one object, read. */
export type ParsedText = {
  readonly text: string
  readonly document: YamlDocument
  readonly root: Mapping
}

/** Reads a text that holds one mapping. */
export function readOne(text: string): ParsedText | Refusal {
  const parsed = readMany(text)
  if (isRefusal(parsed)) return parsed
  const [only] = parsed
  if (only && parsed.length === 1) return only
  return refuse('invalid', `must be one YAML document, and holds ${parsed.length}`)
}

/** Reads every document of a text that is not empty; each must be a mapping. */
export function readMany(text: string): readonly ParsedText[] | Refusal {
  const documents = parseYaml(text)
  if (isRefusal(documents)) return documents
  const parsed: ParsedText[] = []
  for (const document of documents) {
    if (document.value === null) continue
    const root = treeOf(text, document)
    if (root.kind !== 'mapping')
      return refuse('invalid', `document ${document.number} must be a mapping of fields`)
    parsed.push({ text, document, root })
  }
  return parsed
}

/** The tree of a document. An alias is the tree that it stands for, as if written there. */
export function treeOf(text: string, { nodes }: YamlDocument): Tree {
  const known = new Map<Node, Tree>()
  const read = (node: unknown): Tree => {
    if (isAlias(node)) return withoutSource(read(node.resolve(nodes)))
    const tree = known.get(node as Node) ?? readNode(node)
    known.set(node as Node, tree)
    return tree
  }
  const readNode = (node: unknown): Tree => {
    if (isMap(node)) return { kind: 'mapping', entries: entriesOf(node, read), source: node }
    if (isSeq(node)) return { kind: 'sequence', items: node.items.map(read), source: node }
    if (!isScalar(node)) return { kind: 'leaf', value: null, written: 'null', source: null }
    const [from = 0, to = 0] = node.range ?? []
    const slice = text.slice(from, to)
    const isOneLine = slice !== '' && !/[\r\n]/.test(slice)
    return { kind: 'leaf', value: node.value, written: isOneLine ? slice : null, source: node }
  }
  return read(nodes.contents)
}

const entriesOf = (map: YAMLMap, read: (node: unknown) => Tree): ReadonlyMap<string, Tree> =>
  new Map(map.items.map(({ key, value }) => [keyOf(key), read(value)]))

/** The name of a mapping's key. */
export const keyOf = (key: unknown): string => String(isScalar(key) ? key.value : key)

const withoutSource = (tree: Tree): Tree => ({ ...tree, source: null })

/** The plain value of a tree. Mappings are `Map`s. */
export function plainOf(tree: Tree): unknown {
  if (tree.kind === 'leaf') return tree.value
  if (tree.kind === 'sequence') return tree.items.map(plainOf)
  return new Map([...tree.entries].map(([key, entry]) => [key, plainOf(entry)]))
}

/** A leaf that no text has yet. */
export const leaf = (value: string | number | boolean | null): Leaf => ({
  kind: 'leaf',
  value,
  written: null,
  source: null,
})

/** A mapping that no text has yet. */
export const mapping = (entries: Iterable<readonly [string, Tree]> = []): Mapping => ({
  kind: 'mapping',
  entries: new Map(entries),
  source: null,
})

/** The same mapping with one entry set, or without it where the tree is `undefined`. */
export function withEntry(map: Mapping, key: string, tree: Tree | undefined): Mapping {
  if (map.entries.get(key) === tree) return map
  const entries = new Map(map.entries)
  if (tree === undefined) entries.delete(key)
  else entries.set(key, tree)
  return { ...map, entries }
}

/** What stands at a path of keys. */
export function treeAt(tree: Tree | undefined, ...path: readonly string[]): Tree | undefined {
  return path.reduce(
    (found, key) => (found?.kind === 'mapping' ? found.entries.get(key) : undefined),
    tree,
  )
}

/** The text at a path of keys, or `undefined` where there is none. */
export function textAt(tree: Tree | undefined, ...path: readonly string[]): string | undefined {
  const found = treeAt(tree, ...path)
  return found?.kind === 'leaf' && typeof found.value === 'string' ? found.value : undefined
}

/** True for a leaf that says `null`. */
export const isNull = (tree: Tree): boolean => tree.kind === 'leaf' && tree.value === null
