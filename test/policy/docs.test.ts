import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FactType } from '../../src/domain/facts.ts'
import { declarations } from '../../src/policy/declarations.ts'
import { computedOperators, ruleOperators } from '../../src/policy/operators.ts'
import { checkRule } from '../../src/policy/rule-check.ts'
import { policyJsonSchema } from '../../src/policy/schema.ts'
import { blocks, documented, shipped } from './support/document.ts'
import { load, problemsOf } from './support/policies.ts'

const root = join(import.meta.dirname, '../..')
const docPath = join(root, 'docs/policies.md')
const schemaPath = join(root, 'policies/policy.schema.json')
const update = process.env.UPDATE === '1'
const regenerate =
  'run: UPDATE=1 npx vitest run --project parts test/policy/docs.test.ts && npx biome check --write policies'

const typeWords: Readonly<Record<FactType, string>> = {
  string: 'text',
  number: 'number',
  boolean: 'true or false',
  strings: 'list',
}
const factTable = [
  '| fact | type | means |',
  '|---|---|---|',
  ...declarations.map(
    ({ path, type, meaning }) => `| \`${path}\` | ${typeWords[type]} | ${meaning} |`,
  ),
].join('\n')
const factSection = /(<!-- facts: .*-->\n)([\s\S]*?)(\n?<!-- \/facts -->)/

if (update) {
  writeFileSync(schemaPath, `${JSON.stringify(policyJsonSchema(), null, 2)}\n`)
  const text = readFileSync(docPath, 'utf8')
  writeFileSync(docPath, text.replace(factSection, `$1\n${factTable}\n$3`))
}
const doc = readFileSync(docPath, 'utf8')

test('the table of facts is the list of declarations', () => {
  expect(factSection.exec(doc)?.[2]?.trim(), regenerate).toBe(factTable)
})

test('policy.schema.json is what schema.ts makes', () => {
  expect(JSON.parse(readFileSync(schemaPath, 'utf8')), regenerate).toEqual(
    JSON.parse(JSON.stringify(policyJsonSchema())),
  )
})

describe('the table of operators', () => {
  const all = [...doc.matchAll(/^\| `([^`]+)` \| [^|]+ \| `(\{.*\})` \|$/gm)].map(
    ([, operator = '', example = '']) => ({ operator, example }),
  )
  const values: readonly string[] = [...computedOperators, 'image']
  const rows = all.filter(({ operator }) => !values.includes(operator))
  const made = all.filter(({ operator }) => values.includes(operator))

  test('has every operator', () => {
    expect(rows.map(({ operator }) => operator).sort()).toEqual([...ruleOperators].sort())
  })

  test('has every value that is made', () => {
    expect(made.map(({ operator }) => operator).sort()).toEqual([...values].sort())
  })

  test.each(made)('$operator: $example', ({ operator, example }) => {
    expect(example).toContain(`"${operator}"`)
    expect(checkRule(JSON.parse(example)).kind).toBe('rule')
  })

  test.each(rows)('$operator: $example', ({ operator, example }) => {
    const rule: unknown = JSON.parse(example)
    expect(Object.keys(rule as object)).toEqual([operator])
    expect(checkRule(rule).kind).toBe('rule')
  })
})

test('every policy of the document is valid, and so is the draft’s as the contract has it', () => {
  expect(blocks.length).toBe(documented.size + 3)
  for (const text of blocks) expect(problemsOf(load({ p: text }))).toEqual([])
  expect(JSON.parse(blocks[0] ?? '')).toEqual(
    JSON.parse(shipped.get('examples/master-to-production.json') ?? '{}'),
  )
})
