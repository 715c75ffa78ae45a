import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLabel } from '../../src/domain/names.ts'
import { previewNames } from '../../src/domain/preview.ts'

const app = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
const branch = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 120 }),
  fc.string({ unit: fc.constantFrom(...'aB9/_.-é'), minLength: 1, maxLength: 80 }),
)
const of = fc.record({ app, branch })

describe('the names of a preview', () => {
  test.each([
    { of: 'fix/login', names: ['web-fix-login', 'web-fix-login-#'] },
    { of: 'Fix_Login', names: ['web-fix-login', 'web-fix-login-#'] },
    { of: '功能', names: ['web-#'] },
    { of: 'x'.repeat(80), names: [`web-${'x'.repeat(50)}-#`] },
  ])('of web and $of are $names', ({ of, names }) => {
    const found = previewNames({ app: 'web', branch: of })
    expect(found.map((name) => name.replace(/-[0-9a-z]{8}$/, '-#'))).toEqual(names)
  })

  test('are DNS labels, for any app and branch', () => {
    fc.assert(
      fc.property(app, branch, (one, other) => {
        const names = previewNames({ app: one, branch: other })
        expect(names.filter((name) => !isLabel(name))).toEqual([])
        expect(names).not.toContain(one)
      }),
    )
  })

  test('of two branches, or two apps, differ in the last', () => {
    fc.assert(
      fc.property(of, of, (one, other) => {
        fc.pre(one.app !== other.app || one.branch !== other.branch)
        expect(previewNames(one).at(-1)).not.toBe(previewNames(other).at(-1))
      }),
    )
  })
})
