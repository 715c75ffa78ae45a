import { clean, type Paint } from './paint.ts'

/** How a surface wants its text. */
export type Style = { readonly paint: Paint; readonly nowUnix: number }

/** What stands where a table would be empty. */
export const nothing = (what: string, { paint }: Style): string => paint.dim(what)

/** The beginning of a text that may be long. */
export const firstLine = (text: string): string => clean(text.split('\n', 1)[0] ?? '').slice(0, 60)
