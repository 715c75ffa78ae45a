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
      return { ...get('/api/gitops'), read: readState }
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

function readState({ halt, ...state }: StateJson): Outcome {
  if (halt === null) return { kind: 'gitops-state', state: { ...state, halt } }
  const { since: sinceUnix, ...tips } = halt
  return { kind: 'gitops-state', state: { ...state, halt: { ...tips, sinceUnix } } }
}
