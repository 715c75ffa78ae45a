import type { Node } from 'yaml'
import { isRefusal } from '../../domain/fault.ts'
import { sameValue } from '../filled-value.ts'
import { parseYaml } from '../parse-yaml.ts'

/** A node of a YAML text, and its plain value. */
type Piece = { readonly node: Node; readonly value: unknown }

/**
 * A mapping as a document of its own: its own text, comments included, less what it was indented by.
 * `null` when that would say something else, as with an alias whose anchor stays behind.
 */
export function cutNode(source: string, { node, value }: Piece): string | null {
  const [start, , end] = node.range ?? [0, 0, 0]
  const indent = start - (source.lastIndexOf('\n', start - 1) + 1)
  const [first = '', ...rest] = source.slice(start, end).split('\n')
  const lines = rest.map((line) => {
    const own = line.search(/[^ ]|$/)
    return line.slice(Math.min(own, indent))
  })
  const text = `${[first, ...lines].join('\n').replace(/[\r\n]+$/, '')}\n`
  const again = parseYaml(text)
  return !isRefusal(again) && again.length === 1 && sameValue(again[0]?.value, value) ? text : null
}
