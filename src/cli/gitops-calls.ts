import type { Command } from '../domain/command.ts'
import type { GitopsState } from '../domain/halt.ts'
import type { Sha } from '../domain/names.ts'
import type { Outcome } from '../domain/outcome.ts'
import { type Call, get, post } from './call.ts'

type GitopsCommand = Extract<Command, { verb: 'gitops-state' | 'resume-gitops' }>

/** The HTTP call of a command about the GitOps repository itself. */
export function gitopsCallOf(command: GitopsCommand): Call {
  switch (command.verb) {
    case 'gitops-state':
      return { ...get('/api/gitops'), read: readStates }
    case 'resume-gitops':
      return {
        ...post('/api/gitops/resume'),
        body: { tip: command.tip },
        read: ({ tip, seenTip, resumedBy: by }) => ({ kind: 'gitops-resumed', tip, seenTip, by }),
      }
  }
}

type StateJson = Omit<GitopsState, 'halt'> & {
  readonly halt: { readonly seenTip: Sha; readonly foundTip: Sha; readonly since: number } | null
}

type StatesJson = StateJson & { readonly others: readonly StateJson[] }

const readStates = ({ others, ...first }: StatesJson): Outcome => ({
  kind: 'gitops-state',
  states: [first, ...others].map(readState),
})

function readState({ halt, ...state }: StateJson): GitopsState {
  if (halt === null) return { ...state, halt }
  const { since: sinceUnix, ...tips } = halt
  return { ...state, halt: { ...tips, sinceUnix } }
}
