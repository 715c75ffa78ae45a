import type { Environments } from '../domain/environments.ts'
import type { Value } from './client.ts'

/** The condition that a row is of one of these environments; its arguments stand at its question marks. */
export function inEnvironments(
  { names, isAllBut }: Environments,
  column = 'env',
): { readonly sql: string; readonly args: readonly Value[] } {
  if (names.length === 0) return { sql: isAllBut ? 'true' : 'false', args: [] }
  const places = names.map(() => '?').join(', ')
  return { sql: `${column} ${isAllBut ? 'not in' : 'in'} (${places})`, args: names }
}
