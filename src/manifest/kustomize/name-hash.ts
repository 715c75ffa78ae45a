import { type Mapping, textAt, treeAt } from '../patch/tree.ts'
import { sha256 } from './sha256.ts'

const hashCharacters = 10
/** Characters that are replaced, in kustomize's way, so that no words come out. */
const letters: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' }

/** The suffix that kustomize gives the name of a ConfigMap or Secret with this content. */
export function nameHash(root: Mapping): string {
  const kind = textAt(root, 'kind') ?? ''
  const binaryData = treeAt(root, 'binaryData')
  const content = [
    ...(binaryData ? [['binaryData', sortedJson(root, 'binaryData')]] : []),
    ['data', sortedJson(root, 'data')],
    ['kind', goText(kind)],
    // kustomize leaves the name out of what it hashes, and writes the empty text.
    ['name', goText('')],
    ...(kind === 'Secret' ? [['type', goText(textAt(root, 'type') ?? '')]] : []),
  ]
  const json = `{${content.map(([key, value]) => `"${key}":${value}`).join(',')}}`
  return sha256(json)
    .slice(0, hashCharacters)
    .replaceAll(/[013ae]/g, (character) => letters[character] ?? character)
}

/** The texts of a mapping as Go writes them: in the order of their keys' bytes. */
function sortedJson(root: Mapping, field: string): string {
  const map = treeAt(root, field)
  if (map?.kind !== 'mapping') return '""'
  const keys = [...map.entries.keys()].sort((a, b) => (a < b ? -1 : 1))
  return `{${keys.map((key) => `${goText(key)}:${goText(textAt(map, key) ?? '')}`).join(',')}}`
}

/** Go's JSON also escapes what HTML would take for its own, and two line ends. */
const goText = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
