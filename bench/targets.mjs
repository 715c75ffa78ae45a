import { printTable } from './figures.mjs'

const shown = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(value < 10 ? 2 : 1))

/** One measured ratio beside its limit; `unit` is empty of a ratio. */
export function target({ id, what, value, atMost, atLeast, unit = '' }) {
  const isMet =
    !Number.isNaN(value) &&
    (atMost === undefined || value <= atMost) &&
    (atLeast === undefined || value >= atLeast)
  const limits = [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}${unit}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}${unit}`]),
  ]
  const word = isMet ? 'OK' : 'MISSED'
  return { id, isMet, cells: [id, what, shown(value) + unit, ...limitCells(limits, word)] }
}

const limitCells = (limits, word) => (limits.length > 0 ? [limits.join(', '), word] : ['', ''])

/** What could not be measured here, and why. */
export const unmeasured = ({ id, what, why }) => ({
  id,
  isMet: true,
  cells: [id, what, why, '', ''],
})

/** Prints every target with its word, and answers whether all are met. */
export function printTargets(targets) {
  printTable([['', 'what', 'measured', 'target', ''], ...targets.map(({ cells }) => cells)])
  return targets.every(({ isMet }) => isMet)
}
