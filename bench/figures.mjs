/** The value below which `share` of the samples lie. */
export function quantile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (samples) => quantile(samples, 0.5)

export const ms = (value) => `${value.toFixed(value < 10 ? 2 : 1)} ms`

export const perSecond = (value) => `${Math.round(value).toLocaleString('en-US')}/s`

export const ratio = (value) => value.toFixed(2)

/** Prints rows of text as columns; the first row is the heading. */
export function printTable(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)))
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join('  '))
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '))
  console.log(lines.map((line) => line.trimEnd()).join('\n'))
}

/** A missed speed target is a word in the table; it ends the bench with 1 only when asked to. */
export const verdict = (isMet) => (isMet ? 'ok' : 'MISSED')

export const isStrict = process.env.STRICT === '1'
