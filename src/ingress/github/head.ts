import { type Refusal, refuse } from '../../domain/fault.ts'
import { pullOf, readPull, updatedUnix } from './payload.ts'
import type { GithubPorts, Pull, Repository } from './ports.ts'

type Of = { readonly repository: Repository; readonly number: number }

/** A pull request as it is now, or why nothing can be asked of it; `keep` says so to the store. */
export type Head =
  | { readonly kind: 'head'; readonly pull: Pull; readonly keep: () => Promise<void> }
  | { readonly kind: 'unknown'; readonly refusal: Refusal }
  | { readonly kind: 'moved'; readonly refusal: Refusal; readonly keep: () => Promise<void> }

/**
 * The pull request that a comment was written on. A comment names no commit, so it is bound to the head
 * that we knew when it came; when GitHub's is another, someone pushed in between, and nobody knows which
 * of the two was meant (A24, R14).
 */
export async function headOf(ports: GithubPorts, { repository, number }: Of): Promise<Head> {
  const known = await ports.pulls.find(repository.id, number)
  const [owner = '', repo = ''] = repository.name.split('/')
  const route = 'GET /repos/{owner}/{repo}/pulls/{pull_number}'
  const parameters = { owner, repo, pull_number: number }
  const answer = await ports.api.call(repository.installation, route, parameters)
  const found = readPull(answer.kind === 'ok' ? answer.data : null)
  const unsaid = 'GitHub does not say now which commit this is about; ask again in a moment'
  // A name may be of another repository by now.
  if (found?.base.repo.id !== repository.id)
    return { kind: 'unknown', refusal: refuse('overloaded', unsaid) }
  const pull = pullOf(found, repository.id)
  const keep = async () => {
    const unix = updatedUnix(found) ?? Math.floor(ports.commands.clock.nowMs() / 1000)
    await ports.pulls.keep(pull, unix)
  }
  if (!known || known.headSha === pull.headSha) return { kind: 'head', pull, keep }
  const [before, now] = [known.headSha.slice(0, 8), pull.headSha.slice(0, 8)]
  const moved = `The head has moved from ${before} to ${now} since; look at it and ask again`
  return { kind: 'moved', refusal: refuse('conflict', moved), keep }
}
