import { clean, type Paint } from './paint.ts'

/** Rows under a head, in columns as wide as their widest cell; the last one is not padded. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): string {
  const cells = rows.map((row) => row.map(clean))
  const widths = head.map((name, at) =>
    Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ')
  return [paint.dim(line(head)), ...cells.map(line)].join('\n')
}
