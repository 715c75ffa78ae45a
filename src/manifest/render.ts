import { isRefusal, type Refusal, refuse } from '../domain/fault.ts'
import { filledValue, sameValue } from './filled-value.ts'
import { type Form, formsOf } from './forms.ts'
import type { Manifest } from './manifest.ts'
import { fileNames, type ObjectName, objectName } from './objects.ts'
import { keyRule, parseYaml, refuseAt, type Span } from './parse-yaml.ts'
import { expressionsIn } from './template.ts'
import { fill, type Variables } from './variables.ts'
import { type Edit, writeScalar } from './write-scalar.ts'

/** Limits of one app in one environment. */
const objectsMax = 500
const expressionsMax = 1000
/** 1 MiB, counted in UTF-16 characters. */
const outputCharactersMax = 1_048_576

/** What the documents of one manifest have in common. */
type Given = {
  readonly source: string
  readonly namespace: string
  readonly variables: Variables
}

type Written = { readonly name: ObjectName; readonly text: string }

/**
 * Writes a manifest's objects: text by file name, one object each, sorted. The YAML is parsed before
 * anything is filled in, and only scalars with variables are written anew: all else stays byte for byte.
 */
export function render(
  manifest: Manifest,
  variables: Variables,
): ReadonlyMap<string, string> | Refusal {
  const { file, manifests: source, namespace } = manifest
  const objects = objectsOf({ source, namespace, variables })
  const files = isRefusal(objects) ? objects : filesOf(objects)
  return isRefusal(files) ? refuse(files.code, `${file}: manifests: ${files.message}`) : files
}

function objectsOf(given: Given): readonly Written[] | Refusal {
  const forms = formsOf(given.source)
  if (isRefusal(forms)) return forms
  const filled = forms.filter(({ value }) => value !== null)
  if (filled.length === 0) return refuse('invalid', 'hold no Kubernetes object')
  if (filled.length > objectsMax) return refuse('invalid', `hold more than ${objectsMax} objects`)
  const texts = filled.flatMap(({ blanks }) => blanks.map(({ text }) => text))
  if (texts.reduce((sum, text) => sum + expressionsIn(text), 0) > expressionsMax)
    return refuse('invalid', `hold more than ${expressionsMax} expressions`)
  const objects: Written[] = []
  let characters = 0
  for (const form of filled) {
    const object = objectOf(given, form)
    if (isRefusal(object)) return object
    characters += object.text.length
    if (characters > outputCharactersMax) return tooLong
    objects.push(object)
  }
  return objects
}

const tooLong = refuse('invalid', `become more than ${outputCharactersMax} characters`)

function filesOf(objects: readonly Written[]): ReadonlyMap<string, string> | Refusal {
  const names = fileNames(objects.map(({ name }) => name))
  if (isRefusal(names)) return names
  const files = objects.map(({ text }, at) => [names[at] ?? '', text] as const)
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Fills one form in, and proves that the text says what was meant. */
function objectOf(given: Given, form: Form): Written | Refusal {
  const { source, namespace, variables } = given
  const { number, start } = form
  const edits = editsOf(given, form)
  if (isRefusal(edits)) return edits
  const value = filledValue(form.value, variables)
  if (isRefusal(value)) return value
  const name = objectName(value, namespace)
  if (isRefusal(name)) return refuseAt(source, start, `document ${number}: ${name.message}`)
  const text = fileText(source, form, edits)
  if (text.length > outputCharactersMax) return tooLong
  // Defence in depth: `value` was filled without any YAML. Whatever the text above got wrong, or a
  // parser would read into it, shows as a difference here and is not written.
  const again = parseYaml(text)
  if (isRefusal(again) || again.length !== 1 || !sameValue(again[0]?.value, value))
    return refuseAt(source, start, `document ${number} ${unreadable}`)
  return { name, text }
}

// The one known cause: such a block counts the blank lines at its end, and a file has none there.
const unreadable =
  'would not read back as it was meant; write a |+ or >+ block at its end in quotes instead'

/** One edit for every scalar with a variable. */
function editsOf({ source, variables }: Given, { blanks }: Form): readonly Edit[] | Refusal {
  const edits: Edit[] = []
  for (const { scalar, text, isKey } of blanks) {
    const value = isKey ? refuse('invalid', keyRule) : fill(text, variables)
    if (isRefusal(value)) return refuseAt(source, scalar.range[0], value.message)
    edits.push(writeScalar(source, scalar, value))
  }
  return edits
}

/** The document's own text with the edits in place, without blank lines at its edges. */
function fileText(source: string, { spans }: Form, edits: readonly Edit[]): string {
  const text = spans.map((span) => spliced(source, span, edits)).join('')
  let end = text.length
  while (text[end - 1] === '\n' || text[end - 1] === '\r') end--
  const lineEnd = text.startsWith('\r\n', end) ? '\r\n' : '\n'
  return text.slice(0, end).replace(/^[\r\n]+/, '') + lineEnd
}

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
