import { join } from 'node:path'
import { clean } from '../messages/paint.ts'
import { explainTrace } from '../policy/explain.ts'
import type { CaseResult, PolicyTestReport } from '../policy/policy-test.ts'
import { provePolicies } from '../policy/proof.ts'
import { exitCodes } from './exit-codes.ts'
import { readPolicyFiles } from './policy-files.ts'
import type { Terminal } from './terminal.ts'

/** Runs the tests of a folder of policies: what failed, and what no test tries, line by line. */
export function policyTest(folder: string, terminal: Terminal): number {
  const { out, err, paint } = terminal
  const sources = readPolicyFiles(folder)
  if (!sources) {
    err(paint.red(`There is no folder ${folder} to read policies from`))
    return exitCodes.usage
  }
  const { problems, report } = provePolicies(sources)
  for (const { file, pointer, message } of problems)
    out(`${join(folder, file)} ${clean(pointer)}: ${paint.red(clean(message))}`)
  const failed = report.cases.filter(({ passed }) => !passed)
  for (const one of failed) printFailure(folder, one, terminal)
  if (report.cases.length > 0) printCoverage(folder, report, terminal)
  else if (report.problems.length === 0) printFirstSteps(folder, terminal)
  return printEnd(report, problems.length, terminal)
}

function printFailure(folder: string, one: CaseResult, { out, paint }: Terminal): void {
  out(paint.red(`✗ ${clean(one.name)}`) + paint.dim(`  ${join(folder, one.file)} ${one.pointer}`))
  out(`  expected: ${clean(one.expected)}`)
  out(`  got:      ${clean(one.got)}`)
  out(`  because:  ${clean(one.why)}`)
  for (const line of explainTrace(one.trace)) out(paint.dim(`    ${line}`))
}

function printCoverage(
  folder: string,
  { untouched, gaps }: PolicyTestReport,
  { out, paint }: Terminal,
): void {
  if (untouched.length > 0) out(paint.yellow('No case touches these policies:'))
  for (const { policy, why } of untouched)
    out(`  ${join(folder, `${policy}.json`)}: ${clean(why)}${enableHint(policy, why)}`)
  // All of a policy that no case touches is untried: that was just said.
  const touched = gaps.filter((gap) => untouched.every(({ policy }) => policy !== gap.policy))
  if (touched.length > 0) out(paint.yellow('No case tries these branches:'))
  for (const { policy, pointer, never } of touched)
    out(`  ${join(folder, `${policy}.json`)} ${pointer}: never ${never}`)
  if (untouched.length + touched.length === 0)
    out('The cases touch every policy, and each condition came out true and false')
}

const enableHint = (policy: string, why: string): string =>
  why === 'is disabled' ? `; to test it all the same, write "enable": ["${policy}"]` : ''

/** A test file to start with. */
export const firstTest = `{
  "now": "2026-11-23T09:30:00Z",
  "facts": { "artifact": { "id": "web-1", "version": { "branch": "main" } } },
  "cases": [
    {
      "name": "a push to main goes to staging",
      "app": "web",
      "env": "staging",
      "event": "push",
      "expect": "asked"
    },
    {
      "name": "anyone may release it to staging",
      "app": "web",
      "env": "staging",
      "facts": { "request": { "kind": "release" } },
      "expect": "allow"
    }
  ]
}`

function printFirstSteps(folder: string, { out }: Terminal): void {
  const path = join(folder, 'tests', 'first.json')
  out(`There are no tests in ${join(folder, 'tests')}. Start with this as ${path}:\n\n${firstTest}`)
}

function printEnd({ cases }: PolicyTestReport, problems: number, terminal: Terminal): number {
  const { out, err, paint } = terminal
  const failed = cases.filter(({ passed }) => !passed).length
  const count = (all: number, noun: string) => `${all} ${noun}${all === 1 ? '' : 's'}`
  if (failed + problems > 0) {
    const passed = `${count(cases.length - failed, 'case')} passed`
    err(paint.red(`${count(failed, 'case')} failed, ${count(problems, 'problem')}; ${passed}`))
    return exitCodes.failed
  }
  if (cases.length > 0) out(paint.green(`${count(cases.length, 'case')} passed`))
  return exitCodes.done
}
