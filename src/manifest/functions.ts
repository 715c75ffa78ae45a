import { type Refusal, refuse } from '../domain/fault.ts'
import { dnsLabel, labelCharactersMax } from '../domain/names.ts'

/** What an expression comes to. Only `int` and `bool` make something other than text. */
export type Filled = string | number | boolean

export type TemplateFunction = {
  /** What it takes after its name, for the sentence that corrects a call. */
  readonly parameters: readonly string[]
  readonly apply: (text: string, args: readonly string[]) => Filled | Refusal
  /** Nothing may follow: what it makes is no text. */
  readonly isLast?: true
}

/** The longest value that is filled in or passed on, in characters. */
export const valueCharactersMax = 65_536

const shownCharactersMax = 40

/**
 * The closed set of functions (contract, section 4b). GimletD offered all of sprig, and with it `env`:
 * whoever could post an artifact could read the server's own secrets.
 */
export const functions: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries<TemplateFunction>({
    sanitizeDNSName: { parameters: [], apply: (text) => dnsLabel(text, labelCharactersMax) },
    lower: { parameters: [], apply: (text) => text.toLowerCase() },
    upper: { parameters: [], apply: (text) => text.toUpperCase() },
    trunc: { parameters: ['LENGTH'], apply: truncated },
    replace: { parameters: ['"OLD"', '"NEW"'], apply: replaced },
    default: { parameters: ['"VALUE"'], apply: (text, [fallback = '']) => text || fallback },
    quote: { parameters: [], apply: (text) => JSON.stringify(text) },
    int: { parameters: [], apply: wholeNumber, isLast: true },
    bool: { parameters: [], apply: truth, isLast: true },
  }),
)

function truncated(text: string, [length = '']: readonly string[]): string | Refusal {
  if (!/^\d{1,6}$/.test(length)) return refuse('invalid', 'trunc takes a number, such as trunc 8')
  // By code point: half a surrogate pair is not text.
  return [...text].slice(0, Number(length)).join('')
}

function replaced(text: string, [from = '', to = '']: readonly string[]): string | Refusal {
  if (from === '') return refuse('invalid', 'replace takes a text to look for that is not empty')
  const pieces = text.split(from)
  // Reckoned before it is made: two long texts would multiply.
  const characters = text.length + (pieces.length - 1) * (to.length - from.length)
  if (characters > valueCharactersMax)
    return refuse('invalid', `replace makes more than ${valueCharactersMax} characters`)
  return pieces.join(to)
}

function wholeNumber(text: string): number | Refusal {
  const number = /^(?:0|-?[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number)
    ? number
    : refuse('invalid', `${shown(text)} is no whole number`)
}

function truth(text: string): boolean | Refusal {
  if (text === 'true') return true
  return text === 'false' ? false : refuse('invalid', `${shown(text)} is neither true nor false`)
}

const shown = (text: string): string => JSON.stringify(text.slice(0, shownCharactersMax))
