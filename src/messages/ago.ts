import type { Style } from './style.ts'

const units = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const

/** How long ago, in the largest unit that fits. */
export function ago(unix: number, { nowUnix }: Style): string {
  const seconds = Math.max(0, nowUnix - unix)
  const [size, name] = units.find(([unit]) => seconds >= unit) ?? [1, 's']
  return `${Math.floor(seconds / size)} ${name} ago`
}
