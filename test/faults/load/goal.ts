import { expect } from 'vitest'
import { effort, figure } from '../../support/figures.ts'

type Goal = {
  readonly rows: readonly string[]
  readonly what: string
  readonly is: number
  readonly most: number
  readonly unit: string
}

/** A machine that does other things too is forgiven so much: only beyond it a goal fails. */
const forgiven = 4

/** Tells what was measured, and fails when it is far beyond the goal. */
export function goal({ rows, what, is, most, unit }: Goal): void {
  const value = is < 10 ? is.toFixed(1) : Math.round(is)
  figure({ rows, what, is: `${value} ${unit}`, goal: `at most ${most} ${unit}` })
  expect(is, what).toBeLessThan(most * forgiven)
}

/** So many in a full run, fewer in one that only tries. */
export const scaled = (count: number): number => Math.ceil(count * Math.min(1, effort))
