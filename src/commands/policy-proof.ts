import type { PolicyProof } from '../domain/policy-proof.ts'
import type { Sources } from '../domain/sources.ts'
import { explainTrace } from '../policy/explain.ts'
import { lineOf } from '../policy/json-text.ts'
import { provePolicies } from '../policy/proof.ts'

/** So often a policy may be asked about a case: the server has other things to do. */
const asksMax = 100_000

/** Checks and tests the policies that someone proposes, as `gimlet policy test` does. */
export function policyProof(sources: Sources, folder: string): PolicyProof {
  const { policies, problems, report } = provePolicies(sources, asksMax)
  const spot = ({ file, pointer }: { file: string; pointer: string }) => ({
    path: `${folder}/${file}`,
    line: lineOf(sources.files.get(file) ?? '', pointer),
  })
  const { triggers, gates, objects } = policies
  return {
    kind: 'proof',
    policies: triggers.length + gates.length + objects.length,
    cases: report.cases.length,
    problems: problems.map((one) => ({ ...spot(one), message: one.message })),
    failures: report.cases
      .filter(({ passed }) => !passed)
      .map((one) => ({
        ...spot(one),
        name: one.name,
        message: `expected ${one.expected}, got ${one.got}: ${one.why}`,
        lines: explainTrace(one.trace),
      })),
    untouched: report.untouched.map(({ policy }) => policy),
  }
}
