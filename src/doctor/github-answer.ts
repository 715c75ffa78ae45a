import type { GithubResult } from '../messages/github/api.ts'

export type NoAnswer = Exclude<GithubResult, { readonly kind: 'ok' }>

/** GitHub answered, but not in a way that it is known for. */
export const strange: NoAnswer = { kind: 'unreachable', problem: 'no answer of GitHub’s' }

/** Why something is not known, and what to do. */
export function unknownText(result: NoAnswer): string {
  if (result.kind === 'limited')
    return `GitHub asks to wait; look again in ${Math.ceil(result.afterMs / 1000)} s`
  if (result.kind === 'refused')
    return `GitHub says ${result.status} (${wordsOf(result.message)}); look again in a minute`
  return 'GitHub did not say; correct what is wrong here, or look again in a minute'
}

/** Octokit puts the address of the documentation behind GitHub's words. */
const wordsOf = (message: string): string => message.replace(/ - https?:\S+$/, '')

type List<T> = { readonly kind: 'list'; readonly items: readonly T[]; readonly isComplete: boolean }
type Question<T> = {
  readonly ask: (page: Readonly<Record<string, unknown>>) => Promise<GithubResult>
  readonly pagesMax: number
  /** `undefined` for what is no such list. */
  readonly read: (data: unknown) => readonly T[] | undefined
}

/** Asks for one page after the other. */
export async function listOf<T>(question: Question<T>): Promise<List<T> | NoAnswer> {
  const { ask, pagesMax, read } = question
  const items: T[] = []
  let page: Readonly<Record<string, unknown>> | null = { per_page: 100 }
  for (let count = 0; page !== null && count < pagesMax; count++) {
    const result: GithubResult = await ask(page)
    if (result.kind !== 'ok') return result
    const found = read(result.data)
    if (found === undefined) return strange
    items.push(...found)
    page = result.next ? { per_page: 100, ...result.next } : null
  }
  return { kind: 'list', items, isComplete: page === null }
}
