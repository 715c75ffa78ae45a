import { isRefusal, type Refusal, refuse } from '../../domain/fault.ts'
import { type ObjectText, withoutBlankEdges } from '../object-text.ts'
import { parseYaml } from '../parse-yaml.ts'

/** The documents of a text that are not empty, each byte for byte as it stands there. */
export function splitObjects(text: string, place: string): readonly ObjectText[] | Refusal {
  const documents = parseYaml(text)
  if (isRefusal(documents)) return refuse(documents.code, `${place}: ${documents.message}`)
  return documents
    .filter(({ value }) => value !== null)
    .map(({ number, spans }) => ({
      text: withoutBlankEdges(spans.map(([from, to]) => text.slice(from, to)).join('')),
      place: documents.length > 1 ? `${place}: document ${number}` : place,
    }))
}
