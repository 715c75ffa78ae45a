import { type Scalar, visit } from 'yaml'
import { isRefusal, type Refusal } from '../domain/fault.ts'
import { parseYaml, type Span, type YamlDocument } from './parse-yaml.ts'
import { hasTemplate } from './template.ts'

/** One document of a manifest as it was parsed, with the places that are filled in. */
export type Form = {
  /** Its place in the text, counted from 1; empty documents count too. */
  readonly number: number
  /** Where its content begins in the text. */
  readonly start: number
  readonly value: unknown
  readonly spans: readonly Span[]
  /** The scalars with variables, in the order of the text. */
  readonly blanks: readonly Blank[]
}

export type Blank = {
  readonly scalar: Scalar.Parsed
  readonly text: string
  readonly isKey: boolean
}

/** 4 MiB, counted in UTF-16 characters: their forms take several times that. */
const keptCharactersMax = 4_194_304

/**
 * Parses the documents of a manifest. A manifest is rendered far more often than it changes, so those
 * that were asked for last are kept.
 */
export const formsOf = kept(keptCharactersMax, (source) => {
  const documents = parseYaml(source)
  return isRefusal(documents) ? documents : documents.map(formOf)
})

function formOf({ number, nodes, value, spans }: YamlDocument): Form {
  const blanks: Blank[] = []
  visit(nodes, {
    Scalar(key, node) {
      const { value: text } = node
      if (typeof text !== 'string' || !hasTemplate(text)) return
      blanks.push({ scalar: node as Scalar.Parsed, text, isKey: key === 'key' })
    },
  })
  return { number, start: nodes.contents?.range[0] ?? 0, value, spans, blanks }
}

type FormsOf = (source: string) => readonly Form[] | Refusal

/** Remembers the newest answers, whose questions have so many characters in all. */
function kept(charactersMax: number, parse: FormsOf): FormsOf {
  const known = new Map<string, ReturnType<FormsOf>>()
  let characters = 0
  return (source) => {
    const before = known.get(source)
    const forms = before ?? parse(source)
    if (before === undefined) characters += source.length
    // The order of a Map is that of its making: what is made anew stands last.
    known.delete(source)
    known.set(source, forms)
    for (const oldest of known.keys()) {
      if (characters <= charactersMax) break
      known.delete(oldest)
      characters -= oldest.length
    }
    return forms
  }
}
