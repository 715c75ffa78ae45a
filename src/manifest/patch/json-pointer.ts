import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { nearest } from '../../domain/nearest.ts'
import { type Tree, withEntry } from './tree.ts'

/** The keys of a JSON pointer (RFC 6901). */
export type Pointer = { readonly text: string; readonly keys: readonly string[] }

/** Reads a pointer such as `/metadata/annotations/example.com~1owner`. */
export function parsePointer(text: string): Pointer | Refusal {
  if (text !== '' && !text.startsWith('/'))
    return refuse('invalid', `the path ${shown(text)} must begin with "/"`)
  if (/~(?![01])/.test(text))
    return refuse(
      'invalid',
      `${shown(text)} has a "~" of its own; write "~0" for it, and "~1" for "/"`,
    )
  const keys = text.split('/').slice(1)
  const plain = keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  return plain.includes('__proto__')
    ? refuse('invalid', `${shown(text)}: the key __proto__ is not allowed`)
    : { text, keys: plain }
}

const shownCharactersMax = 200
const shown = (text: string): string => text.slice(0, shownCharactersMax)

/** What stands there, or why nothing does. */
export function find(root: Tree, { text, keys }: Pointer): Tree | Refusal {
  let found = root
  for (const [depth, key] of keys.entries()) {
    const next = childOf(found, key)
    if (next === undefined) return missing(text, { found, keys, depth })
    found = next
  }
  return found
}

/** How the entry at the end of a pointer changes: `undefined` takes it away. */
type Change = {
  readonly tree: Tree | undefined
  /** Into a list, beside what stands there; without it, instead of it. */
  readonly isInserted?: boolean
}

/** The tree with the entry at the end of the pointer changed. All above it must be there. */
export function change(root: Tree, { text, keys }: Pointer, to: Change): Tree | Refusal {
  const at = (tree: Tree, depth: number): Tree | Refusal => {
    const key = keys[depth] ?? ''
    const isEnd = depth === keys.length - 1
    const child = childOf(tree, key)
    const isNew = isEnd && to.isInserted === true
    if (tree.kind === 'leaf' || (child === undefined && !isNew))
      return missing(text, { found: tree, keys, depth })
    if (!isEnd) {
      const changed = child && at(child, depth + 1)
      return isRefusal(changed) ? changed : withChild(tree, key, changed)
    }
    if (tree.kind === 'mapping') return withEntry(tree, key, to.tree)
    return isNew ? inserted(tree, key, { ...to, text }) : withChild(tree, key, to.tree)
  }
  return at(root, 0)
}

function childOf(tree: Tree, key: string): Tree | undefined {
  if (tree.kind === 'mapping') return tree.entries.get(key)
  return tree.kind === 'sequence' && isIndex(key) ? tree.items[Number(key)] : undefined
}

const isIndex = (key: string): boolean => /^(?:0|[1-9]\d{0,8})$/.test(key)

function withChild(tree: Tree, key: string, child: Tree | undefined): Tree {
  if (tree.kind === 'mapping') return withEntry(tree, key, child)
  if (tree.kind === 'leaf') return tree
  const items = [...tree.items]
  items.splice(Number(key), 1, ...(child ? [child] : []))
  return { ...tree, items }
}

function inserted(
  tree: Extract<Tree, { kind: 'sequence' }>,
  key: string,
  { tree: child, text }: Change & { readonly text: string },
): Tree | Refusal {
  const index = key === '-' ? tree.items.length : Number(key)
  if ((key !== '-' && !isIndex(key)) || index > tree.items.length)
    return refuse(
      'invalid',
      `${shown(text)} is no place in a list of ${tree.items.length}; "-" is its end`,
    )
  const items = [...tree.items]
  items.splice(index, 0, ...(child ? [child] : []))
  return { ...tree, items }
}

type Step = { readonly found: Tree; readonly keys: readonly string[]; readonly depth: number }

function missing(text: string, { found, keys, depth }: Step): Refusal {
  const key = keys[depth] ?? ''
  const path = shown(
    `/${keys
      .slice(0, depth + 1)
      .map(escaped)
      .join('/')}`,
  )
  if (found.kind === 'leaf')
    return refuse(
      'invalid',
      `${shown(text)} is not there: ${shown(above(keys, depth))} is a plain value`,
    )
  if (found.kind === 'sequence')
    return refuse(
      'invalid',
      `${path} is not there; the list has ${found.items.length} entries, counted from 0`,
    )
  const close = nearest(key, found.entries.keys())
  const instead = close ? `did you mean ${escaped(close)}?` : 'add it first, or correct the path'
  return refuse('invalid', `${path} is not there; ${instead}`)
}

const above = (keys: readonly string[], depth: number): string =>
  `/${keys.slice(0, depth).map(escaped).join('/')}`

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
