// Writes docs/proofs.md: each row of the fault and attack tables with the tests that named it when they
// ran last, and what was measured. With --check it writes nothing. Ends with 1 when a row is not proved.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rows } from './proof-rows.mjs'

const folder = 'node_modules/.cache/proofs'
const namedMax = 3
const json = (file) => JSON.parse(readFileSync(file, 'utf8'))
const linesOf = (file) =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []

/** The crash sweep and the random kills are a program of their own. */
function crashRun() {
  const kept = join(folder, 'crash.json')
  if (!existsSync(kept)) return []
  const tests = json(kept).map(({ name, passed }) => ({
    name,
    state: passed ? 'passed' : 'failed',
  }))
  return [{ file: 'test/crash/run.ts', tests }]
}

/** `{ row, file, name, state }` for each row that the name of a test has. */
function testsOf() {
  const place = join(folder, 'tests')
  const modules = existsSync(place) ? readdirSync(place).map((name) => json(join(place, name))) : []
  return [...modules, ...crashRun()]
    .filter(({ file }) => existsSync(file))
    .flatMap(({ file, tests }) =>
      tests.flatMap(({ name, state }) =>
        [...new Set(name.match(/\b[FAI]\d{1,2}\b/g))].map((row) => ({ row, file, name, state })),
      ),
    )
}

/** What runs longest breaks most: it is named first. */
const rank = ({ file }) =>
  /^test\/(faults|crash)\//.test(file) ? 0 : /^test\/e2e\//.test(file) ? 1 : 2

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

function proofCell(tests) {
  const passed = tests.filter(({ state }) => state === 'passed').sort((a, b) => rank(a) - rank(b))
  const named = new Map()
  for (const one of passed)
    if (named.size < namedMax && !named.has(one.file)) named.set(one.file, one)
  const lines = [...named.values()].map(
    ({ file, name }) => `\`${file.slice('test/'.length)}\`: ${cell(name)}`,
  )
  const rest = passed.length - named.size
  const failed = tests.filter(({ state }) => state === 'failed')
  return [
    ...failed.map(
      ({ file, name }) => `**failed** \`${file.slice('test/'.length)}\`: ${cell(name)}`,
    ),
    ...lines,
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ].join('<br>')
}

function figureCell(figures) {
  const newest = new Map(figures.map((one) => [one.what, one]))
  return [...newest.values()]
    .map(({ what, is, goal }) => cell(`${what}: ${is}${goal ? ` (${goal})` : ''}`))
    .join('<br>')
}

function tableOf(title, ofTitle, { tests, figures }) {
  const lines = Object.entries(ofTitle).map(([row, what]) => {
    const of = (all, has) => all.filter(has)
    const proof = proofCell(of(tests, (one) => one.row === row))
    const figure = figureCell(of(figures, (one) => one.rows.includes(row)))
    return `| ${row} | ${what} | ${proof || '**none**'} | ${figure} |`
  })
  return [
    `## ${title}`,
    '',
    '| | what | proved by | measured |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}

const tests = testsOf()
const figures = linesOf(join(folder, 'figures.jsonl'))
const all = Object.values(rows).flatMap(Object.keys)
const statesOf = (row) => tests.filter((one) => one.row === row).map(({ state }) => state)
const missing = all.filter((row) => !statesOf(row).includes('passed'))
const failed = all.filter((row) => statesOf(row).includes('failed'))
const unknown = [...new Set(tests.map(({ row }) => row))].filter((row) => !all.includes(row))

if (!process.argv.includes('--check')) {
  const head = `# Proofs

Made by \`npm run proofs\` of the last runs of \`npm test\`, \`npm run test:edge\`, \`npm run test:faults\` and \`npm run test:crash\`; nothing here is
written by hand. A test proves a row when its name has it. Files are those of \`test/\`. Figures are of the machine that ran them.
`
  const body = Object.entries(rows).map(([title, ofTitle]) =>
    tableOf(title, ofTitle, { tests, figures }),
  )
  writeFileSync('docs/proofs.md', `${[head, ...body].join('\n').trimEnd()}\n`)
}
const say = (what, names) =>
  names.length > 0 && process.stderr.write(`${what}: ${names.join(', ')}\n`)
say('no test that passed names these rows', missing)
say('a test of these rows failed', failed)
say('these rows are in no table', unknown)
process.stdout.write(`${all.length - missing.length} of ${all.length} rows are proved\n`)
process.exitCode = missing.length + failed.length + unknown.length > 0 ? 1 : 0
