import { describe, expect, it } from 'vitest'
import { itemFacts } from '../../src/release/item-facts.ts'

const clean = { name: 'tests', total: 5, failures: 0, errors: 0, skipped: 1 }

describe('what CI found', () => {
  it('is there only when CI said it', () => {
    expect(itemFacts([{ name: 'image', repository: 'r' }])).toEqual({})
    expect(itemFacts([clean])).toEqual({ tests: { total: 5, failures: 0, errors: 0, skipped: 1 } })
  })

  it('is added up over several items', () => {
    const scans = [
      { name: 'scan', critical: 1, high: 0, medium: 0, low: 0, unknown: 0 },
      { name: 'scan', critical: 2, high: 3, medium: 0, low: 0, unknown: 0 },
    ]
    expect(itemFacts(scans)).toMatchObject({ scan: { critical: 3, high: 3 } })
  })

  it.each(['0', -1, 0.5, Number.NaN, null, undefined, true])(
    'is not known when one of them says %j: that is never zero',
    (failures) => {
      const { tests } = itemFacts([clean, { ...clean, failures }])
      expect(tests).toEqual({ total: 10, errors: 0, skipped: 2 })
    },
  )

  it('names the newest bill of materials', () => {
    const boms = ['spdx', 'cyclonedx'].map((format) => ({ name: 'sbom', format, url: '' }))
    expect(itemFacts(boms)).toEqual({ sbom: { format: 'cyclonedx' } })
  })
})
