import type { Command } from '../domain/command.ts'

/** What typed words mean: a command for the server, or something that the surface does itself. */
export type Invocation =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'track'; readonly id: string }
  | { readonly kind: 'explain'; readonly id: string }
  | { readonly kind: 'help'; readonly topic?: string }
  | Problem

/** Words that are not run, what is wrong with them, and at most three lines to copy instead. */
export type Problem = {
  readonly kind: 'problem'
  readonly message: string
  readonly suggestions: readonly string[]
}

export const problem = (message: string, suggestions: readonly string[]): Problem => ({
  kind: 'problem',
  message,
  suggestions,
})
