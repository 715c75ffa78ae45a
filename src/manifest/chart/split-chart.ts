import { isMap, isSeq } from 'yaml'
import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import type { ObjectText } from '../object-text.ts'
import { parseYaml, type YamlDocument } from '../parse-yaml.ts'
import { cutNode } from './cut-node.ts'

/** 4 MiB of output is looked at; what of it counts has limits of its own. */
const documentsMax = 2000

type Part = { readonly file: string; readonly text: string }

/**
 * Takes what `helm template` prints apart: one text an object, in the order of the chart's files and,
 * within a file, of the file. Documents that hold nothing are left out. The items of a `kind: List`
 * become objects of their own.
 */
export function splitChart(output: string): readonly ObjectText[] | Refusal {
  const parts = partsOf(output)
  if (parts.length > documentsMax)
    return refuse('invalid', `chart: makes more than ${documentsMax} documents`)
  const objects: ObjectText[] = []
  for (const part of parts.sort((a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)))) {
    const found = objectsOf(part)
    if (isRefusal(found)) return found
    objects.push(...found)
  }
  return objects
}

/** Only a marker of YAML can stand at the start of a line as `---` or `...`. */
function partsOf(output: string): Part[] {
  let file = ''
  return output.split(/^(?:---|\.\.\.)(?=\s|$)[ \t]*\r?\n?/m).map((document) => {
    const source = /^# Source: (?<path>\S.*?)\r?\n/m.exec(document)
    // A file with several documents is named at the first of them only when it writes `---` itself.
    file = source ? withoutChart(source.groups?.path ?? '') : file
    const text = source ? document.replace(source[0], '') : document
    return { file, text: `${text.replace(/^(?:[ \t]*\r?\n)+/, '').replace(/\s+$/, '')}\n` }
  })
}

/** `web/templates/service.yaml` is `templates/service.yaml` of the chart that was asked for. */
const withoutChart = (path: string): string => path.slice(path.indexOf('/') + 1)

function objectsOf({ file, text }: Part): readonly ObjectText[] | Refusal {
  const place = `chart: ${file}`
  const documents = parseYaml(text)
  if (isRefusal(documents)) return refuse('invalid', `${place}: ${documents.message}`)
  const [document] = documents
  if (!document || document.value === null) return []
  const { value } = document
  const isList =
    value instanceof Map && value.get('kind') === 'List' && value.get('apiVersion') === 'v1'
  return isList ? itemsOf({ file, text }, document) : [{ text, place, value }]
}

function itemsOf({ file, text }: Part, { nodes, value }: YamlDocument) {
  const place = `chart: ${file}`
  const list = isMap(nodes.contents) ? nodes.contents.get('items', true) : undefined
  const values: unknown = value instanceof Map ? value.get('items') : undefined
  if (!isSeq(list) || !Array.isArray(values)) return []
  const objects: ObjectText[] = []
  for (const [at, node] of list.items.entries()) {
    const item = isMap(node) ? cutNode(text, { node, value: values[at] }) : null
    if (item === null)
      return refuse(
        'invalid',
        `${place}: item ${at + 1} of kind List cannot stand alone; write its objects as documents of their own`,
      )
    objects.push({ text: item, place: `${place}, item ${at + 1}`, value: values[at] })
  }
  return objects
}
