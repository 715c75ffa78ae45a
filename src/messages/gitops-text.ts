import type { GitopsState } from '../domain/halt.ts'
import type { GitopsOutcome } from '../domain/outcome.ts'
import { ago } from './ago.ts'
import { clean } from './paint.ts'
import type { Style } from './style.ts'

/** What is told of the GitOps repository itself. */
export function gitopsText(outcome: GitopsOutcome, style: Style): string {
  switch (outcome.kind) {
    case 'gitops-repo':
      return clean(outcome.url)
    case 'gitops-state':
      return outcome.states.map((state) => stateText(state, style)).join('\n')
    case 'gitops-resumed':
      return [
        `Writing goes on from ${clean(outcome.tip)}; ${clean(outcome.seenTip)} is given up.`,
        'What runs where is read anew from what stands there now.',
      ].join('\n')
  }
}

/** Of a halted one also what to look at and what to type. */
function stateText({ url, branch, tip, halt }: GitopsState, style: Style): string {
  const { paint } = style
  const where = `${clean(url)}, branch ${clean(branch)}`
  if (halt === null)
    return `${paint.green('✓')} ${where}: at ${tip ?? 'a tip that was not seen yet'}`
  return [
    `${paint.red('✗')} ${where}: ${paint.bold('writing is halted')}, noticed ${ago(halt.sinceUnix, style)}.`,
    'The branch was rewound or rewritten: it no longer holds what was seen of it.',
    `  seen before: ${halt.seenTip}`,
    `  there now:   ${halt.foundTip}`,
    'Put the branch back, and writing goes on by itself. Or, if what is there now is right:',
    `  gimlet doctor --resume ${halt.foundTip}`,
  ].join('\n')
}
