import { start } from './0001-start.ts'

export type Migration = { readonly number: number; readonly statements: readonly string[] }

/** Every migration in order. One that was released is never changed, only followed. */
export const migrations: readonly Migration[] = [{ number: 1, statements: start }]
