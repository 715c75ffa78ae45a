import { join } from 'node:path'
import type { PlannedCommit } from '../../src/domain/change.ts'
import type { Author } from '../../src/gitops/github-git.ts'
import { BranchMemory } from '../../src/gitops/memory.ts'
import { tempGitops } from './temp.ts'
import { hubOf } from './writer-host.ts'

export type OnGithub = Awaited<ReturnType<typeof onGithub>>

type Given = {
  readonly clock?: { nowMs(): number }
  readonly author?: Author
  /** Whether GitHub has a compare-and-swap of branches. */
  readonly way?: 'swap' | 'look'
}

/** A repository on GitHub, with a writer by its API and one by a clone. */
export async function onGithub({ clock, author, way = 'swap' }: Given = {}) {
  const gitops = await tempGitops()
  const hub = await hubOf(gitops.remote, clock)
  const { github } = hub
  github.knowsUpdateRefs = way === 'swap'
  if (clock) github.nowMs = () => clock.nowMs()
  const at = { url: gitops.remote, branch: 'main' }
  const memory = new BranchMemory({ file: join(gitops.folder, 'seen'), ...at })
  const given = author === undefined ? {} : { author }
  const newWriter = () => hub.writer(memory, given)
  const writer = newWriter()
  const { method, path } = { swap: movesBySwap, look: movesByRest }[way]
  return {
    ...{ ...gitops, ...hub, writer, newWriter, local: gitops.writer, memory },
    commit: async (...commits: readonly PlannedCommit[]) =>
      writer.commit(await writer.tip(), commits, () => Promise.resolve(true)),
    /** The calls that ask to move the branch. */
    move: { method, path },
    moves: () => github.callsOf(method, path).filter(({ status }) => status > 0),
    /** What was asked of GitHub since, as `METHOD path`, without what the app asks for itself. */
    async asked(work: () => Promise<unknown>) {
      const before = github.calls.length
      await work()
      const calls = github.calls.slice(before).filter(({ token }) => token === 'installation')
      return calls.map((one) => `${one.method} ${one.path.replace('/repos/example/gitops/', '')}`)
    },
  }
}

const movesBySwap = { method: 'POST', path: /^\/graphql$/ }
const movesByRest = { method: 'PATCH', path: /\/git\/refs\// }

/** The kind of a result, or the code of the fault that it ended with. */
export const endOf = (result: Promise<{ readonly kind: string }>): Promise<string> =>
  result.then(
    ({ kind }) => kind,
    (error: { code: string }) => error.code,
  )
