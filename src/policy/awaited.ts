import type { ApprovalWish } from '../domain/card.ts'
import type { PolicyTrace, TraceNode } from '../domain/decision.ts'
import { isObject } from './problem.ts'

/** The approvals that gates asked for and did not find, whatever else they asked for. */
export function awaitedApprovals(trace: readonly PolicyTrace[]): ApprovalWish[] {
  const wishes = trace
    .filter(({ kind, outcome }) => kind === 'gate' && outcome === 'fails')
    .flatMap(({ rule }) => (rule ? unmet(rule) : []))
  const known = new Map(wishes.map((wish) => [JSON.stringify(wish), wish]))
  return [...known.values()]
}

function unmet(node: TraceNode): ApprovalWish[] {
  if (node.of && node.op !== '!') return node.result === true ? [] : node.of.flatMap(unmet)
  if (node.result !== false) return []
  if (node.op === 'approvedBy' && isObject(node.rule)) return [wishOf(node.rule.approvedBy)]
  const paths = Object.keys(node.facts ?? {}).filter((path) => path.startsWith('approvals.'))
  return paths.length > 0 ? [{ count: 1, ...groupOf(paths[0] ?? '') }] : []
}

function wishOf(operands: unknown): ApprovalWish {
  const { count = 1, role = null, team = null } = isObject(operands) ? operands : {}
  return {
    count: Number(count),
    role: role === null ? null : String(role),
    team: team === null ? null : String(team),
  }
}

function groupOf(path: string): Pick<ApprovalWish, 'role' | 'team'> {
  const [, kind, name = ''] = path.split('.')
  return { role: kind === 'roles' ? name : null, team: kind === 'teams' ? name : null }
}
