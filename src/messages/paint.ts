/** Colours for a terminal. The plain ones leave text as it is. */
export type Paint = Readonly<
  Record<'bold' | 'dim' | 'green' | 'red' | 'yellow', (text: string) => string>
>

const same = (text: string) => text

export const plain: Paint = { bold: same, dim: same, green: same, red: same, yellow: same }

/** Text from outside without what moves a cursor, changes colours or hides words (attack A30). */
export const clean = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, ' ')

/** The same, but lines stay lines. */
export const cleanLines = (text: string): string => text.split('\n').map(clean).join('\n')
