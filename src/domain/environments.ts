/** The environments whose apps one GitOps repository holds: those that are named, or all but those. */
export type Environments = { readonly names: readonly string[]; readonly isAllBut: boolean }

export const everyEnvironment: Environments = { names: [], isAllBut: true }

export const holdsEnvironment = ({ names, isAllBut }: Environments, env: string): boolean =>
  names.includes(env) !== isAllBut
