import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { junitCounts } from '../../../src/cli/ci/junit.ts'
import { isRefusal } from '../../../src/domain/fault.ts'

type Bad = { readonly failures?: number; readonly errors?: number; readonly skipped?: number }
const counts = (total: number, bad: Bad = {}) => ({
  ...{ total, failures: 0, errors: 0, skipped: 0 },
  ...bad,
})

const rows = [
  {
    name: 'one suite, as Maven writes it',
    xml: `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="a.B" tests="3" errors="1" skipped="1" failures="1">
  <properties><property name="x" value="a &gt; b"/></properties>
  <testcase name="one" classname="a.B"><failure message="no">at a.B</failure></testcase>
  <testcase name="two"><error type="java.lang.Error"/></testcase>
  <testcase name="three"><skipped/></testcase>
</testsuite>`,
    want: counts(3, { failures: 1, errors: 1, skipped: 1 }),
  },
  {
    name: 'suites in suites are counted once',
    xml: '<testsuites tests="2" failures="1"><testsuite tests="2" failures="1"><testsuite tests="2" failures="1"><testcase/><testcase><failure/></testcase></testsuite></testsuite></testsuites>',
    want: counts(2, { failures: 1 }),
  },
  {
    name: 'suites without counts are counted by their cases',
    xml: '<testsuites><testsuite><testcase/></testsuite><testsuite><testcase><error/></testcase></testsuite></testsuites>',
    want: counts(2, { errors: 1 }),
  },
  {
    name: 'heads without cases are believed, and added up',
    xml: '<testsuites><testsuite tests="4" failures="2"/><testsuite tests="1" disabled="1"></testsuite></testsuites>',
    want: counts(5, { failures: 2, skipped: 1 }),
  },
  {
    name: 'a head that knows of more failures than there are cases is believed',
    xml: '<testsuite tests="9" failures="3"><testcase/></testsuite>',
    want: counts(9, { failures: 3 }),
  },
  {
    name: 'what a test printed is not counted',
    xml: '<testsuite><testcase name="a &lt;testcase&gt;"><system-out><![CDATA[<testcase><failure/></testcase>]]></system-out></testcase><!-- <testcase/> --></testsuite>',
    want: counts(1),
  },
  {
    name: 'two failures of one case are one',
    xml: '<testsuite><testcase><failure/><failure/></testcase></testsuite>',
    want: counts(1, { failures: 1 }),
  },
  {
    name: 'an error beside the cases counts',
    xml: '<testsuite><testcase/><error message="collecting"/></testsuite>',
    want: counts(1, { errors: 1 }),
  },
  {
    name: 'a sign of a tag in an attribute ends nothing',
    xml: `<testsuite><testcase name='1 > 0'><failure message="a > b"/></testcase></testsuite>`,
    want: counts(1, { failures: 1 }),
  },
]

describe('a report of tests', () => {
  test.each(rows)('$name', ({ xml, want }) => expect(junitCounts(xml)).toEqual(want))

  test.each([
    ['empty', ''],
    ['another document', '<html></html>'],
    ['cut short', '<testsuite><testcase><failure>'],
    ['cut short in a tag', '<testsuite><testcase name="a'],
    ['cut short in a text', '<testsuite><testcase><![CDATA[ x'],
    ['closed wrongly', '<testsuite><testcase></testsuite>'],
    ['with entities of its own', '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>'],
  ])('that is %s is refused', (_, xml) => expect(isRefusal(junitCounts(xml))).toBe(true))

  it('is never taken for one with fewer failures than it has cases that failed', () => {
    const cases = fc.array(fc.constantFrom('', '<failure/>', '<error/>', '<skipped/>'))
    const noise = fc.constantFrom('', '<!-- <failure/> -->', '\n', '<![CDATA[</testcase>]]>')
    fc.assert(
      fc.property(cases, noise, (inner, text) => {
        const xml = inner.map((one) => `<testcase>${text}${one}</testcase>`).join(text)
        const of = (tag: string) => inner.filter((one) => one === tag).length
        expect(junitCounts(`<testsuites><testsuite>${xml}</testsuite></testsuites>`)).toEqual(
          counts(inner.length, {
            failures: of('<failure/>'),
            errors: of('<error/>'),
            skipped: of('<skipped/>'),
          }),
        )
      }),
    )
  })

  it('is read in one pass: a hostile one of a megabyte ends, refused', () => {
    for (const part of ['<', '<!--', '<a ', '<testcase "', '<testcase>'])
      expect(isRefusal(junitCounts(`<testsuite>${part.repeat(200_000)}`))).toBe(true)
  })
})
