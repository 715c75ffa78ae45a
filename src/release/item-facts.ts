import type { Artifact } from '../domain/artifact.ts'
import type { Facts } from '../domain/facts.ts'

type Items = Artifact['items']

const testCounts = ['total', 'failures', 'errors', 'skipped'] as const
const scanCounts = ['critical', 'high', 'medium', 'low', 'unknown'] as const

/**
 * What CI says that it found, by the items `tests`, `scan` and `sbom`. Several of a name are added
 * up. A count that one of them does not say, or not as a whole number, is not known: no policy can
 * take that for zero.
 */
export function itemFacts(items: Items): Facts {
  const of = (wanted: string) => items.filter(({ name }) => name === wanted)
  const [tests, scans, boms] = [of('tests'), of('scan'), of('sbom')]
  return {
    ...(tests.length > 0 && { tests: sums(tests, testCounts) }),
    ...(scans.length > 0 && { scan: sums(scans, scanCounts) }),
    ...(boms.length > 0 && { sbom: textsOf(boms.at(-1) ?? {}, ['format', 'url', 'sha256']) }),
  }
}

function sums(items: Items, names: readonly string[]): Facts {
  const known = names.flatMap((name) => {
    const counts = items.map((item) => item[name])
    return counts.every(isCount) ? [[name, counts.reduce((sum, one) => sum + one, 0)]] : []
  })
  return Object.fromEntries(known)
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

const textsOf = (item: Items[number], names: readonly string[]): Facts =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = item[name]
      return typeof value === 'string' && value !== '' ? [[name, value]] : []
    }),
  )
