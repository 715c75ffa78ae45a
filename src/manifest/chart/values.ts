import { isMap } from 'yaml'
import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { filledDocuments } from '../fill-documents.ts'
import type { YamlDocument } from '../parse-yaml.ts'
import type { Variables } from '../variables.ts'
import { cutNode } from './cut-node.ts'

/** The YAML text that a manifest was read from, and the document of it that the manifest is. */
export type Written = { readonly source: string; readonly document: YamlDocument }

/**
 * The field `values` of a manifest, as YAML text that reads as it does there; empty for none. It stays
 * as it was written: helm reads YAML 1.1, to which `yes` and `0644` are other values than to us.
 */
export function valuesText(value: unknown, written: Written | null): string | Refusal {
  if (value === undefined || value === null || value === '') return ''
  const isMapping = typeof value === 'object' && !Array.isArray(value)
  if (!isMapping) return refuse('invalid', 'values: must be a mapping')
  if (!written) return `${JSON.stringify(value)}\n`
  const { source, document } = written
  const node = isMap(document.nodes.contents) ? document.nodes.contents.get('values', true) : null
  const text = isMap(node) ? cutNode(source, { node, value }) : null
  return (
    text ??
    refuse(
      'invalid',
      'values: must be a mapping that uses no anchor (&) from outside of it; write it out',
    )
  )
}

/** Fills the variables of values in. Answers YAML; empty for none. */
export function filledValues(source: string, variables: Variables): string | Refusal {
  if (source === '') return ''
  const documents = filledDocuments({ what: 'values', source, variables })
  if (isRefusal(documents)) return documents
  const [document, ...others] = documents
  return document && others.length === 0
    ? document.text
    : refuse('invalid', 'values: must be one mapping')
}
