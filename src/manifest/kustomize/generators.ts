import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { printBlock } from '../patch/print-tree.ts'
import { leaf, type Mapping, mapping, textAt, treeAt, withEntry } from '../patch/tree.ts'
import { type ReadFile, readFile } from './files.ts'
import type { Generator, GeneratorOptions, Kustomization } from './kustomization.ts'
import { changed, identitiesOf, type Resource, resourcesOf } from './resource.ts'

type Source = { readonly read: ReadFile; readonly folder: string }
type Kind = 'ConfigMap' | 'Secret'

/** The resources with the ConfigMaps and Secrets that the generators make or add to. */
export function withGenerated(
  resources: readonly Resource[],
  kustomization: Kustomization,
  source: Source,
): readonly Resource[] | Refusal {
  const { configMapGenerator, secretGenerator, generatorOptions } = kustomization
  const all = [
    ...configMapGenerator.map((one) => ({ kind: 'ConfigMap' as const, generator: one })),
    ...secretGenerator.map((one) => ({ kind: 'Secret' as const, generator: one })),
  ]
  let result = resources
  for (const { kind, generator } of all) {
    const generated = generate(
      kind,
      { ...generator, options: merged(generatorOptions, generator.options) },
      source,
    )
    const next = isRefusal(generated) ? generated : added(result, generated, generator)
    if (isRefusal(next))
      return refuse(next.code, `${kind} ${generator.name} of the generator: ${next.message}`)
    result = next
  }
  return result
}

const merged = (all: GeneratorOptions, own: GeneratorOptions): GeneratorOptions => ({
  ...all,
  ...own,
  labels: { ...all.labels, ...own.labels },
  annotations: { ...all.annotations, ...own.annotations },
})

function generate(kind: Kind, generator: Generator, source: Source): Resource | Refusal {
  const data = dataOf(generator, source)
  if (isRefusal(data)) return data
  const { name, namespace, options } = generator
  const { labels = {}, annotations = {}, immutable } = options
  const texts = (pairs: Iterable<readonly [string, string]>) =>
    mapping([...pairs].map(([key, text]) => [key, leaf(text)]))
  const entries = [...data].map(
    ([key, text]) => [key, kind === 'Secret' ? base64(text) : text] as const,
  )
  const root = mapping([
    ['apiVersion', leaf('v1')],
    ['kind', leaf(kind)],
    [
      'metadata',
      mapping([
        ['name', leaf(name)],
        ...(namespace ? [['namespace', leaf(namespace)] as const] : []),
        ...(Object.keys(labels).length > 0
          ? [['labels', texts(Object.entries(labels))] as const]
          : []),
        ...(Object.keys(annotations).length > 0
          ? [['annotations', texts(Object.entries(annotations))] as const]
          : []),
      ]),
    ],
    ...(kind === 'Secret' ? [['type', leaf(generator.type ?? 'Opaque')] as const] : []),
    ...(entries.length > 0 ? [['data', texts(entries)] as const] : []),
    ...(immutable ? [['immutable', leaf(true)] as const] : []),
  ])
  const made = resourcesOf(printBlock(root, 0), `${kind} ${name} of the generator`)
  if (isRefusal(made)) return made
  const [resource] = made
  return resource
    ? { ...resource, isHashed: options.disableNameSuffixHash !== true }
    : refuse('invalid', 'makes no object')
}

/** What the files and literals of a generator say, by key. */
function dataOf(generator: Generator, source: Source): ReadonlyMap<string, string> | Refusal {
  const data = new Map<string, string>()
  const add = (pair: readonly [string, string] | Refusal): Refusal | undefined => {
    if (isRefusal(pair)) return pair
    const [key, text] = pair
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
      return refuse('invalid', `the key ${key} may have letters, digits, "-", "_" and "." only`)
    if (data.has(key)) return refuse('invalid', `the key ${key} is there twice`)
    data.set(key, text)
    return undefined
  }
  for (const path of generator.envs) {
    const text = readFile(source.read, source.folder, path)
    if (isRefusal(text)) return text
    for (const line of text.split(/\r?\n/)) {
      const problem = /^\s*(?:#|$)/.test(line) ? undefined : add(pairOf(line.trimStart(), path))
      if (problem) return problem
    }
  }
  for (const file of generator.files) {
    const problem = add(fileOf(file, source))
    if (problem) return problem
  }
  for (const literal of generator.literals) {
    const pair = pairOf(literal, 'literals')
    const problem = add(isRefusal(pair) ? pair : [pair[0], unquoted(pair[1])])
    if (problem) return problem
  }
  return data
}

function pairOf(text: string, place: string): readonly [string, string] | Refusal {
  const at = text.indexOf('=')
  return at > 0
    ? [text.slice(0, at), text.slice(at + 1)]
    : refuse('invalid', `${place}: write KEY=VALUE; there is no "=" in one of them`)
}

const unquoted = (text: string): string =>
  /^(["']).*\1$/s.test(text) && text.length > 1 ? text.slice(1, -1) : text

function fileOf(file: string, { read, folder }: Source): readonly [string, string] | Refusal {
  const at = file.indexOf('=')
  const path = file.slice(at + 1)
  const text = readFile(read, folder, path)
  const key = at < 0 ? (path.split('/').at(-1) ?? '') : file.slice(0, at)
  return isRefusal(text) ? text : [key, text]
}

const base64Columns = 70

/** Base64 in lines, as kustomize writes it; its hash is of these lines. */
function base64(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const encoded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  const lines = encoded.match(new RegExp(`.{1,${base64Columns}}`, 'g')) ?? []
  return encoded.length < base64Columns ? encoded : `${lines.join('\n')}\n`
}

/** Adds what was generated, or puts it into the one that is there already. */
function added(
  resources: readonly Resource[],
  generated: Resource,
  { name, namespace, behavior }: Generator,
): readonly Resource[] | Refusal {
  const kind = textAt(generated.root, 'kind')
  const at = resources.findIndex((one) =>
    identitiesOf(one).some(
      (identity) =>
        identity.kind === kind &&
        identity.name === name &&
        (namespace === undefined || identity.namespace === namespace),
    ),
  )
  const before = resources[at]
  if (behavior === 'create')
    return before
      ? refuse('invalid', `is there already; write "behavior: merge" or "replace"`)
      : [...resources, generated]
  if (!before) return refuse('invalid', `there is none to ${behavior}; leave "behavior" out`)
  const root = combined(before.root, generated.root, behavior === 'merge')
  return resources.with(at, changed(before, root))
}

function combined(before: Mapping, generated: Mapping, isMerged: boolean): Mapping {
  const over = (path: readonly string[]) => {
    const [old, own] = [treeAt(before, ...path), treeAt(generated, ...path)]
    if (own?.kind !== 'mapping' || old?.kind !== 'mapping') return own ?? old
    return { ...old, entries: new Map([...old.entries, ...own.entries]) }
  }
  const metadata = treeAt(before, 'metadata')
  const named = ['labels', 'annotations'].reduce(
    (map, key) => withEntry(map, key, over(['metadata', key])),
    metadata?.kind === 'mapping' ? metadata : mapping(),
  )
  // What replaces keeps only who it is.
  return isMerged
    ? withEntry(withEntry(before, 'metadata', named), 'data', over(['data']))
    : withEntry(generated, 'metadata', named)
}
