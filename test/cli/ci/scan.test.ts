import { describe, expect, test } from 'vitest'
import { sbomItem, sbomLink } from '../../../src/cli/ci/sbom.ts'
import { scanCounts } from '../../../src/cli/ci/scan.ts'
import { isRefusal } from '../../../src/domain/fault.ts'

const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 }
const sarif = (results: unknown, rules: unknown = []) => ({
  version: '2.1.0',
  runs: [{ tool: { driver: { name: 'CodeQL', rules } }, results }],
})

const rows = [
  {
    name: 'Trivy, with every kind of finding',
    json: {
      SchemaVersion: 2,
      ArtifactName: 'web:1',
      Results: [
        { Target: 'a', Vulnerabilities: [{ Severity: 'CRITICAL' }, { Severity: 'UNKNOWN' }, {}] },
        {
          Target: 'b',
          Misconfigurations: [
            { Severity: 'HIGH', Status: 'FAIL' },
            { Severity: 'HIGH', Status: 'PASS' },
          ],
        },
        { Target: 'c', Secrets: [{ Severity: 'CRITICAL' }], Vulnerabilities: null },
      ],
    },
    want: { ...none, tool: 'trivy', critical: 2, high: 1, unknown: 2 },
  },
  { name: 'Trivy without findings', json: { SchemaVersion: 2 }, want: { ...none, tool: 'trivy' } },
  {
    name: 'Grype',
    json: {
      matches: ['Critical', 'High', 'Medium', 'Low', 'Negligible', 'constructor'].map(
        (severity) => ({
          vulnerability: { severity },
        }),
      ),
    },
    want: { tool: 'grype', critical: 1, high: 1, medium: 1, low: 2, unknown: 1 },
  },
  {
    name: 'SARIF by the score of its rules',
    json: sarif(
      [{ ruleId: 'a' }, { ruleIndex: 1 }, { rule: { index: 2 } }],
      [9.8, '7.0', 3.1].map((score, at) => ({
        id: 'abc'[at],
        properties: { 'security-severity': score },
      })),
    ),
    want: { ...none, tool: 'codeql', critical: 1, high: 1, low: 1 },
  },
  {
    name: 'SARIF by level, where absent is a warning',
    json: sarif(
      [{ level: 'error' }, { level: 'note' }, {}, { ruleId: 'r' }],
      [{ id: 'r', defaultConfiguration: { level: 'error' } }],
    ),
    want: { ...none, tool: 'codeql', high: 2, medium: 1, low: 1 },
  },
  {
    name: 'SARIF, where what passed and what was accepted do not count, and what was not accepted does',
    json: sarif([
      { kind: 'pass', level: 'error' },
      { level: 'error', suppressions: [{ kind: 'external' }] },
      { level: 'error', suppressions: [{ status: 'rejected' }] },
    ]),
    want: { ...none, tool: 'codeql', high: 1 },
  },
]

describe('a scanner’s report', () => {
  test.each(rows)('$name', ({ json, want }) =>
    expect(scanCounts(JSON.stringify(json))).toEqual(want),
  )

  test.each([
    '',
    '[]',
    'null',
    '{}',
    '{"matches": "none"}',
    '{"SchemaVersion": 2, "Results": {}}',
    '<xml/>',
  ])('that is %s is refused, and never taken for a clean one', (text) =>
    expect(isRefusal(scanCounts(text))).toBe(true),
  )
})

describe('a bill of materials', () => {
  test.each([
    ['{"bomFormat": "CycloneDX", "specVersion": "1.6"}', 'cyclonedx'],
    ['<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6">', 'cyclonedx'],
    ['{"spdxVersion": "SPDX-2.3"}', 'spdx'],
    ['{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', 'spdx'],
    ['SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0', 'spdx'],
  ])('%s is %s', (text, format) => {
    expect(sbomItem(text, '')).toEqual({
      name: 'sbom',
      format,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  test('that is anything else is refused', () => {
    for (const text of ['', 'null', '{}', '[1]', '"bomFormat"'])
      expect(isRefusal(sbomItem(text, ''))).toBe(true)
  })

  test('that only has an address is known by it', () => {
    expect(sbomLink('https://x.example.com/web.cdx.json')).toMatchObject({ format: 'cyclonedx' })
    expect(sbomLink('https://x.example.com/web.spdx.json')).toMatchObject({ format: 'spdx' })
    expect(sbomLink('https://x.example.com/1')).toEqual({
      name: 'sbom',
      url: 'https://x.example.com/1',
    })
  })
})
