import type { Message } from '../domain/message.ts'
import type { GithubApi, GithubResult } from '../messages/github/api.ts'
import type { CheckResult } from '../messages/github/merge-check.ts'
import { type Place, placeOf } from '../messages/github/places.ts'
import type { Attempt } from './courier.ts'
import { failedAttempt, idIn, unchanged } from './github-attempt.ts'

/** How many runs of a name are looked through for one that may be ours already. */
const lookMax = 100

export type RunPorts = {
  readonly api: GithubApi
  /** The number of our app: what another one reports is not ours. */
  readonly appId: number
}

/** What the one run of a pull request's head is to say. */
export type Run = {
  /** Where the repository is now, in the form of `Message.place`. */
  readonly place: string
  readonly name: string
  readonly headSha: string
  readonly result: CheckResult
  /** A digest of the result. */
  readonly shown: string
}

/**
 * Keeps the run of a pull request's head: made once for each head, and changed in place. One that may
 * have been made is looked for first.
 */
export async function keepRun(ports: RunPorts, message: Message, run: Run): Promise<Attempt> {
  const { headSha, shown } = run
  const isOfHead = message.ts !== null && message.told[0] === headSha
  if (isOfHead && message.shown === shown) return unchanged(message)
  const found = isOfHead ? null : await find(ports, message, run)
  if (found && found.kind !== 'ok') return failedAttempt(found, 'a check run')
  const known = found === null ? message.ts : idIn(found.data)
  const written = await write(ports, message, { run, known })
  if (written.kind === 'ok') {
    const ts = idIn(written.data)
    // Such as a page of a proxy: whether it was written is found out by looking for it.
    if (ts === null) return { kind: 'unreachable', problem: 'an answer that is not GitHub’s' }
    const sent = { ts, place: message.place, shown, told: [headSha] }
    return { kind: 'sent', sent, isCalled: true }
  }
  const isGone = written.kind === 'refused' && written.status === 404 && known !== null
  return isGone ? { kind: 'gone' } : failedAttempt(written, 'a check run')
}

function write(
  { api }: RunPorts,
  message: Message,
  { run, known }: { run: Run; known: string | null },
): Promise<GithubResult> {
  const { installation, of }: Place = placeOf(run)
  const { name, headSha, result } = run
  const said = { ...of, name, external_id: message.key, status: 'completed', ...result }
  const { annotations: _, ...output } = result.output
  return known === null
    ? api.call(installation, 'POST /repos/{owner}/{repo}/check-runs', {
        ...said,
        head_sha: headSha,
      })
    : api.call(installation, 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
        ...said,
        // Of one head they stay the same, and GitHub would add them to those that are there.
        output,
        check_run_id: Number(known),
      })
}

type Listed = { readonly check_runs?: readonly { readonly external_id?: unknown }[] }

/** Looks for the run of a head that may have been made: another pull request may have one on it, too. */
async function find(
  { api, appId }: RunPorts,
  { key }: Message,
  { place, name, headSha }: Run,
): Promise<GithubResult> {
  const { installation, of } = placeOf({ place })
  const listed = await api.call(
    installation,
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    {
      ...of,
      ...{ ref: headSha, check_name: name, app_id: appId, filter: 'all', per_page: lookMax },
    },
  )
  if (listed.kind !== 'ok') return listed
  const { check_runs: runs = [] } = (listed.data ?? {}) as Listed
  const data = runs.find(({ external_id: of }) => of === key) ?? null
  return { kind: 'ok', status: 200, data }
}
