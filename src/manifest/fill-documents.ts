import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { filledValue, sameValue } from './filled-value.ts'
import { type Form, formsOf } from './forms.ts'
import { type ObjectText, withoutBlankEdges } from './object-text.ts'
import { keyRule, parseYaml, placeOf, refuseAt, type Span } from './parse-yaml.ts'
import { expressionsIn } from './template.ts'
import { fill, type Variables } from './variables.ts'
import { type Edit, writeScalar } from './write-scalar.ts'

/** Limits of one text. */
const documentsMax = 500
const expressionsMax = 1000
/** 1 MiB, counted in UTF-16 characters: what all objects of an app may become. */
export const outputCharactersMax = 1_048_576

/** A YAML text with variables, and what it is called in messages. */
export type Blanks = {
  readonly what: string
  readonly source: string
  readonly variables: Variables
}

/**
 * The documents of a text with their variables filled in; empty ones are left out. The YAML is parsed
 * before anything is filled in, and only scalars with variables are written anew: all else stays byte
 * for byte.
 */
export function filledDocuments(given: Blanks): readonly ObjectText[] | Refusal {
  const { what, source } = given
  const forms = contentOf(given)
  if (isRefusal(forms)) return forms
  const documents: ObjectText[] = []
  let characters = 0
  for (const form of forms) {
    const filled = filledForm(given, form)
    if (isRefusal(filled)) return refuse(filled.code, `${what}: ${filled.message}`)
    characters += filled.text.length
    if (characters > outputCharactersMax) return refuse('invalid', `${what}: ${tooLong}`)
    const place = `${what}: ${placeOf(source, form.start)}: ${numbered(form)}`
    documents.push({ ...filled, place })
  }
  return documents
}

/** The whole text with its variables filled in. */
export function filledText(given: Blanks): string | Refusal {
  const { what, source } = given
  const forms = contentOf(given)
  if (isRefusal(forms)) return forms
  const edits: Edit[] = []
  for (const form of forms) {
    const problem = filledForm(given, form)
    const own = isRefusal(problem) ? problem : editsOf(given, form)
    if (isRefusal(own)) return refuse(own.code, `${what}: ${own.message}`)
    edits.push(...own)
  }
  const text = spliced(source, [0, source.length], edits)
  return text.length > outputCharactersMax ? refuse('invalid', `${what}: ${tooLong}`) : text
}

/** The documents that hold something, if they are not too many. */
function contentOf({ what, source }: Blanks): readonly Form[] | Refusal {
  const forms = formsOf(source)
  if (isRefusal(forms)) return refuse(forms.code, `${what}: ${forms.message}`)
  const content = forms.filter(({ value }) => value !== null)
  if (content.length > documentsMax)
    return refuse('invalid', `${what}: hold more than ${documentsMax} objects`)
  const texts = content.flatMap(({ blanks }) => blanks.map(({ text }) => text))
  return texts.reduce((sum, text) => sum + expressionsIn(text), 0) > expressionsMax
    ? refuse('invalid', `${what}: hold more than ${expressionsMax} expressions`)
    : content
}

const numbered = ({ number }: Form): string => `document ${number}`

/** What is told of objects that are too long in all. */
export const tooLong = `become more than ${outputCharactersMax} characters`

/** Fills one form in, and proves that the text says what was meant. */
function filledForm(given: Blanks, form: Form): Omit<ObjectText, 'place'> | Refusal {
  const { source, variables } = given
  const edits = editsOf(given, form)
  if (isRefusal(edits)) return edits
  const value = filledValue(form.value, variables)
  if (isRefusal(value)) return value
  const text = documentText(source, form, edits)
  if (text.length > outputCharactersMax) return refuse('invalid', tooLong)
  // Defence in depth: `value` was filled without any YAML. Whatever the text above got wrong, or a
  // parser would read into it, shows as a difference here and is not written.
  const again = parseYaml(text)
  if (isRefusal(again) || again.length !== 1 || !sameValue(again[0]?.value, value))
    return refuseAt(source, form.start, `${numbered(form)} ${unreadable}`)
  return { text, value }
}

// The one known cause: such a block counts the blank lines at its end, and a file has none there.
const unreadable =
  'would not read back as it was meant; write a |+ or >+ block at its end in quotes instead'

/** One edit for every scalar with a variable. */
function editsOf({ source, variables }: Blanks, { blanks }: Form): readonly Edit[] | Refusal {
  const edits: Edit[] = []
  for (const { scalar, text, isKey } of blanks) {
    const value = isKey ? refuse('invalid', keyRule) : fill(text, variables)
    if (isRefusal(value)) return refuseAt(source, scalar.range[0], value.message)
    edits.push(writeScalar(source, scalar, value))
  }
  return edits
}

/** The document's own text with the edits in place. */
const documentText = (source: string, { spans }: Form, edits: readonly Edit[]): string =>
  withoutBlankEdges(spans.map((span) => spliced(source, span, edits)).join(''))

/** What stands between two offsets, with the edits of that part made. They are in the text's order. */
function spliced(source: string, [from, to]: Span, edits: readonly Edit[]): string {
  const pieces: string[] = []
  let at = from
  for (const edit of edits.filter((one) => one.from >= from && one.to <= to)) {
    pieces.push(source.slice(at, edit.from), edit.text)
    at = edit.to
  }
  return pieces.join('') + source.slice(at, to)
}
