import type { CommitResult } from '../domain/change.ts'
import type { Sha } from '../domain/names.ts'

export type Built = { readonly kind: 'built'; readonly refs: readonly Sha[] }
export type Blocked = Extract<CommitResult, { kind: 'blocked' }>
export type Pushed =
  | { readonly kind: 'landed' }
  | Extract<CommitResult, { kind: 'moved' | 'refused' }>

type Steps = {
  readonly build: () => Promise<Built | Blocked>
  /** Is told the ids, to keep them, and may say no. */
  readonly intend: (refs: readonly Sha[]) => Promise<boolean>
  readonly push: (newTip: Sha) => Promise<Pushed>
}

/** The steps of a commit, whichever way it goes: build, let the ids be kept, push. */
export async function commitOn({ build, intend, push }: Steps): Promise<CommitResult> {
  const built = await build()
  if (built.kind === 'blocked') return built
  const { refs } = built
  const newTip = refs.at(-1)
  if (newTip === undefined) return { kind: 'landed', refs }
  if (!(await intend(refs))) return { kind: 'moved' }
  const result = await push(newTip)
  return result.kind === 'landed' ? { kind: 'landed', refs } : result
}
