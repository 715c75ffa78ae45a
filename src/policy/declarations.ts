import { type FactDeclaration, factDeclarations } from '../domain/facts.ts'
import { objectFactDeclarations } from './object-facts.ts'

/** Every fact that some kind of policy may name. */
export const declarations: readonly FactDeclaration[] = [
  ...factDeclarations,
  ...objectFactDeclarations,
]

/** True for what only a Kubernetes object has. */
export const isObjectFact = (path: string): boolean => /^(?:object|container)\./.test(path)

/** The `on` of the triggers that alone have a fact, or nothing when every policy has it. */
export function happeningOf(path: string): 'released' | 'branchDeleted' | undefined {
  if (path.startsWith('released.')) return 'released'
  return path.startsWith('deleted.') ? 'branchDeleted' : undefined
}

/** The declaration that a path falls under, or nothing: then it is no fact. */
export function declarationOf(path: string): FactDeclaration | undefined {
  const parts = path.split('.')
  return declarations.find(({ path: declared }) => {
    const wanted = declared.split('.')
    return (
      wanted.length === parts.length &&
      wanted.every((part, at) => part === parts[at] || (part === '*' && parts[at] !== ''))
    )
  })
}
