import type { Sources } from '../domain/sources.ts'
import { loadPolicies, type PolicySet } from './policy.ts'
import { type PolicyTestReport, runPolicyTests } from './policy-test.ts'
import type { Problem } from './problem.ts'

export type FileProblem = Problem & { readonly file: string }

/** What a folder of policies is worth: what cannot be used of it, and what its tests say. */
export type Proof = {
  readonly policies: PolicySet
  /** Of policy files, then of test files. */
  readonly problems: readonly FileProblem[]
  readonly report: PolicyTestReport
}

/** Checks a folder of policies as the server would read it, and runs its tests. */
export function provePolicies(sources: Sources, asksMax?: number): Proof {
  const policies = loadPolicies(sources)
  const report = runPolicyTests(policies, sources, asksMax)
  return { policies, problems: [...problemsIn(policies), ...report.problems], report }
}

/** What is wrong with policy files, one by one. */
export const problemsIn = ({ invalid }: PolicySet): FileProblem[] =>
  invalid.flatMap(({ file, problems }) => problems.map((problem) => ({ file, ...problem })))
