import type { PolicyProof, PolicySpot } from '../../domain/policy-proof.ts'
import { cleanLines } from '../paint.ts'
import { code, codeBlock, words } from './markdown.ts'
import type { CheckResult } from './merge-check.ts'

/** GitHub takes so many annotations at once. */
const annotationsMax = 50
const rowsMax = 50
const tracesCharsMax = 50_000
const messageCharsMax = 1_000

/** What the check and the tests of the policies in a pull request say, as a check run says it. */
export function policyCheck(proof: PolicyProof): CheckResult {
  const { problems, failures, untouched } = proof
  const spots = [...problems, ...failures]
  const rows = spots.slice(0, rowsMax).map(row)
  const summary = [
    countsOf(proof),
    ...(rows.length > 0 ? [rows.join('\n')] : []),
    ...(spots.length > rows.length ? [`… and ${spots.length - rows.length} more`] : []),
    ...(untouched.length > 0
      ? [`No case touches ${untouched.slice(0, rowsMax).map(code).join(', ')}.`]
      : []),
    `${code('gimlet policy test')} says the same of the folder.`,
  ]
  const traces = failures.flatMap(({ name, message, lines }) => [
    `✗ ${name}`,
    `  ${message}`,
    ...lines.map((line) => `    ${line}`),
  ])
  return {
    conclusion: spots.length > 0 ? 'failure' : 'success',
    output: {
      title: countsOf(proof),
      summary: summary.join('\n\n'),
      ...(traces.length > 0 ? { text: codeBlock(traces.join('\n'), 'text', tracesCharsMax) } : {}),
      ...(spots.length > 0 ? { annotations: spots.slice(0, annotationsMax).map(annotation) } : {}),
    },
  }
}

/** Of policies that are more than is read. */
export const tooMuchCheck: CheckResult = {
  conclusion: 'neutral',
  output: {
    title: 'The policies were not tested: they are too much',
    summary: 'At most 500 files and 512 KiB of policies are tested here.',
  },
}

function countsOf({ policies, cases, problems, failures }: PolicyProof): string {
  const count = (all: number, one: string, many: string) => `${all} ${all === 1 ? one : many}`
  const of = count(policies, 'policy', 'policies')
  const passed = count(cases - failures.length, 'case', 'cases')
  if (problems.length + failures.length > 0)
    return `${count(failures.length, 'case', 'cases')} failed, ${count(problems.length, 'problem', 'problems')}; ${passed} passed for ${of}`
  return cases === 0 ? `${of} can be used; there are no tests` : `${of}: ${passed} passed`
}

const row = ({ path, line, message, ...more }: PolicySpot & { readonly name?: string }): string =>
  `- ${code(`${path}:${line}`)} ${more.name === undefined ? '' : `**${words(more.name)}**: `}${words(message)}`

const annotation = ({ path, line, message, ...more }: PolicySpot & { readonly name?: string }) => ({
  ...{ path, start_line: line, end_line: line, annotation_level: 'failure' as const },
  title: more.name === undefined ? 'This cannot be used' : 'A case failed',
  message: cleanLines([more.name, message].filter(Boolean).join('\n')).slice(0, messageCharsMax),
})
