import fc from 'fast-check'
import { someonesGit, someonesGitTold } from './temp.ts'

/** What a commit does to a path: a file of a content, with a mode; or it goes. */
type Change = { readonly path: string; readonly content: string | null; readonly mode?: string }
/** A commit on the last one, or on an older one, or on several. */
export type Shaped = {
  readonly parents: readonly number[]
  readonly changes: readonly Change[]
  readonly subject: string
}

const names = ['a', 'b', 'release.json'] as const
const path = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
const change = fc.record({
  path,
  content: fc.option(fc.constantFrom('0', '1', '2'), { freq: 3 }),
  mode: fc.constantFrom('100644', '100644', '100755', '120000'),
})

/** Histories with branches, merges, and files in the place of folders. */
export const shapes = fc.array(
  fc.record({
    parents: fc.oneof(
      { weight: 3, arbitrary: fc.constant([0]) },
      { weight: 2, arbitrary: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }) },
    ),
    changes: fc.array(change, { maxLength: 4 }),
    subject: fc.constantFrom('one', ' two \n lines \n\nbody', '\n\nlate', 'ünï 𝕏', ''),
  }),
  { minLength: 1, maxLength: 12 },
)

/** Makes such a history on the branch of a bare repository, and answers the commits that it has, the oldest first. */
export async function importHistory(
  remote: string,
  shaped: readonly Shaped[],
): Promise<readonly string[]> {
  const stream = ['feature done\n']
  for (const [at, { parents, changes, subject }] of shaped.entries()) {
    // The commit before is the first one back; what is older than the first is the first.
    const marks = new Set(parents.map((back) => Math.max(1, at - back)))
    const by = `Some One <some@example.com> ${1_700_000_000 + at} +0100`
    stream.push(`commit refs/heads/main\nmark :${at + 1}\nauthor ${by}\ncommitter ${by}\n`)
    stream.push(`data ${Buffer.byteLength(subject)}\n${subject}\n`)
    if (at > 0)
      for (const [nth, mark] of [...marks].entries())
        stream.push(`${nth === 0 ? 'from' : 'merge'} :${mark}\n`)
    for (const { path, content, mode = '100644' } of changes)
      stream.push(
        content === null
          ? `D ${path}\n`
          : `M ${mode} inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
      )
  }
  stream.push('done\n')
  const given = { folder: remote, input: stream.join('') }
  await someonesGitTold(given, 'fast-import', '--quiet', '--force')
  return (await someonesGit(remote, 'rev-list', '--reverse', 'main')).split('\n').filter(Boolean)
}
