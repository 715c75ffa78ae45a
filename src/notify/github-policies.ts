import type { Message } from '../domain/message.ts'
import type { PolicyProof } from '../domain/policy-proof.ts'
import { policyCheck, tooMuchCheck } from '../messages/github/policy-check.ts'
import { digest } from '../messages/slack/message.ts'
import type { Attempt } from './courier.ts'
import { unchanged } from './github-attempt.ts'
import { keepRun, type RunPorts } from './github-check-runs.ts'
import { type PullPorts, pullOf } from './github-pull.ts'

/** `moved`: the head is another one by now, which will be told of. */
export type NoProof = { readonly kind: 'same' | 'too-much' | 'moved' }
type Problem = { readonly kind: 'problem'; readonly problem: string }

export type PolicyCheckPorts = RunPorts &
  PullPorts & {
    /** What the policies of a pull request are worth, unless it leaves them as they are. */
    readonly proof: (of: {
      repository: string
      number: number
      headSha: string
    }) => Promise<PolicyProof | NoProof>
  }

/** Keeps the check run on the head of a pull request that says whether its policies can be used. */
export async function sendPolicies(ports: PolicyCheckPorts, message: Message): Promise<Attempt> {
  const found = await pullOf(ports, message)
  // A stranger's policies are not run, not even to test them.
  if (!found?.pull.isOpen || found.pull.isFork) return unchanged(message)
  const { number, headSha } = found.pull
  // A commit never changes: it was looked at, unless someone asks for it again.
  if (message.told[0] === headSha && message.shown !== '') return unchanged(message)
  const proof = await proofOf(ports, { repository: found.repository.name, number, headSha })
  if (proof.kind === 'moved') return unchanged(message)
  if (proof.kind === 'same')
    return unchanged(message, { ts: null, shown: 'nothing', told: [headSha] })
  if (proof.kind === 'problem')
    return { kind: 'refused', problem: proof.problem, isForever: false, notices: [] }
  const result = proof.kind === 'proof' ? policyCheck(proof) : tooMuchCheck
  const run = { result, shown: digest(result), name: 'gimlet/policies', headSha }
  return keepRun(ports, message, { ...run, place: found.place })
}

async function proofOf(
  { proof }: PolicyCheckPorts,
  of: Parameters<PolicyCheckPorts['proof']>[0],
): Promise<PolicyProof | NoProof | Problem> {
  try {
    return await proof(of)
  } catch (error) {
    return { kind: 'problem', problem: error instanceof Error ? error.message : String(error) }
  }
}
