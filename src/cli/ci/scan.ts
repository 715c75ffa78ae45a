import { z } from 'zod'
import { type Refusal, refuse } from '../../domain/fault.ts'

/** How many findings a scanner reported, by how bad they are. */
export type ScanCounts = {
  readonly tool: string
  readonly critical: number
  readonly high: number
  readonly medium: number
  readonly low: number
  readonly unknown: number
}
export type Severity = Exclude<keyof ScanCounts, 'tool'>

export const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'unknown']

/** Counts the findings of a report of Trivy or Grype as JSON, or of any scanner as SARIF. */
export function scanCounts(text: string): ScanCounts | Refusal {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse('invalid', 'it is not JSON: give Trivy’s or Grype’s JSON, or SARIF')
  }
  const report = [trivy, grype, sarif].find(({ schema }) => schema.safeParse(json).success)
  return (
    report?.count(json) ??
    refuse('invalid', 'it is neither Trivy’s nor Grype’s JSON nor SARIF: write it as one of these')
  )
}

type Report = { readonly schema: z.ZodType; readonly count: (json: unknown) => ScanCounts }

const format = <Shape extends z.ZodType>(
  schema: Shape,
  count: (json: z.output<Shape>) => ScanCounts,
): Report => ({ schema, count: (json) => count(schema.parse(json)) })

const finding = z.object({ Severity: z.string().optional(), Status: z.string().optional() })
const findings = z.array(finding).nullish()
const trivy = format(
  z.object({
    SchemaVersion: z.number(),
    Results: z
      .array(
        z.object({ Vulnerabilities: findings, Misconfigurations: findings, Secrets: findings }),
      )
      .nullish(),
  }),
  ({ Results }) => {
    const all = (Results ?? []).flatMap(({ Vulnerabilities, Misconfigurations, Secrets }) => [
      ...(Vulnerabilities ?? []),
      ...(Misconfigurations ?? []).filter(({ Status }) => Status !== 'PASS'),
      ...(Secrets ?? []),
    ])
    return countsOf(
      'trivy',
      all.map(({ Severity }) => severityOf(Severity)),
    )
  },
)

const grype = format(
  z.object({
    matches: z.array(z.object({ vulnerability: z.object({ severity: z.string().optional() }) })),
  }),
  ({ matches }) =>
    countsOf(
      'grype',
      matches.map(({ vulnerability }) => severityOf(vulnerability.severity)),
    ),
)

const rule = z.object({
  id: z.string().optional(),
  properties: z.object({ 'security-severity': z.coerce.number().optional() }).optional(),
  defaultConfiguration: z.object({ level: z.string().optional() }).optional(),
})
const result = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.number().optional(),
  rule: z.object({ id: z.string().optional(), index: z.number().optional() }).optional(),
  level: z.string().optional(),
  kind: z.string().optional(),
  suppressions: z.array(z.object({ status: z.string().optional() })).nullish(),
})
type Rule = z.infer<typeof rule>
type Result = z.infer<typeof result>

const sarif = format(
  z.object({
    version: z.string().startsWith('2.'),
    runs: z.array(
      z.object({
        tool: z.object({ driver: z.object({ name: z.string(), rules: z.array(rule).nullish() }) }),
        results: z.array(result).nullish(),
      }),
    ),
  }),
  ({ runs }) => {
    const all = runs.flatMap(({ tool, results }) => {
      const rules = tool.driver.rules ?? []
      const byId = new Map(rules.flatMap((one) => (one.id === undefined ? [] : [[one.id, one]])))
      return (results ?? [])
        .filter(isOpen)
        .map((one) => sarifSeverity(one, ruleOf(one, { rules, byId })))
    })
    return countsOf(runs[0]?.tool.driver.name ?? 'sarif', all)
  },
)

/** A result may say that all is well, and a suppression counts unless it was turned down. */
const isOpen = ({ kind = 'fail', suppressions }: Result): boolean =>
  !['pass', 'notApplicable', 'informational'].includes(kind) &&
  !(suppressions ?? []).some(({ status = 'accepted' }) => status === 'accepted')

type Rules = { readonly rules: readonly Rule[]; readonly byId: ReadonlyMap<string, Rule> }

const ruleOf = ({ ruleId, ruleIndex, rule }: Result, { rules, byId }: Rules): Rule | undefined =>
  byId.get(ruleId ?? rule?.id ?? '') ?? rules[ruleIndex ?? rule?.index ?? -1]

/** The score of GitHub’s code scanning, else the level. */
function sarifSeverity({ level }: Result, rule: Rule | undefined): Severity {
  const score = rule?.properties?.['security-severity']
  if (score !== undefined && !Number.isNaN(score))
    return score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low'
  return severityOf(level ?? rule?.defaultConfiguration?.level ?? 'warning')
}

const words: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  high: 'high',
  error: 'high',
  medium: 'medium',
  moderate: 'medium',
  warning: 'medium',
  low: 'low',
  negligible: 'low',
  note: 'low',
  none: 'low',
}

const severityOf = (word = ''): Severity =>
  Object.hasOwn(words, word.toLowerCase()) ? (words[word.toLowerCase()] ?? 'unknown') : 'unknown'

function countsOf(tool: string, found: readonly Severity[]): ScanCounts {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 }
  for (const severity of found) counts[severity]++
  return { tool: tool.toLowerCase(), ...counts }
}
