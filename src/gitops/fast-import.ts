import type { Files, PlannedCommit } from '../domain/change.ts'
import type { Sha } from '../domain/names.ts'
import { ours } from './author.ts'

/** The ref that the builds hang on while they are not pushed. */
export const buildRef = 'refs/gimlet/build'

/** Where fast-import notes which pack it wrote, in the clone's folder. */
export const packsFile = 'gimlet-packs'

export type BuildCommit = {
  readonly commit: PlannedCommit
  /** Of a restore: the tree to splice in. */
  readonly tree: Sha | null
}

/**
 * The stream that makes `git fast-import` build the commits on `tip`, one on the other, without a
 * work tree or an index. It prints a line for each folder of `parentsOf`, then the ids. Texts are
 * framed by their length in bytes, so nothing in them can end one and begin a command.
 */
export function importStream(
  tip: Sha | null,
  commits: readonly BuildCommit[],
  author = ours,
): string {
  const parts = ['feature done\n']
  if (tip) parts.push(...parentsOf(commits).map((parent) => `ls ${tip} ${parent}\n`))
  commits.forEach(({ commit, tree }, at) => {
    const when = `${author} ${commit.unix} +0000`
    parts.push(`commit ${buildRef}\nmark :${at + 1}\nauthor ${when}\ncommitter ${when}\n`)
    parts.push(data(commit.message))
    if (at === 0 && tip) parts.push(`from ${tip}\n`)
    parts.push(changes(commit, tree), '\n')
  })
  commits.forEach((_, at) => {
    parts.push(`get-mark :${at + 1}\n`)
  })
  return `${parts.join('')}done\n`
}

/** The folders that the changed ones lie in, each once: on the tip they are trees, or not there. */
export const parentsOf = (commits: readonly BuildCommit[]): readonly string[] => [
  ...new Set(commits.flatMap(({ commit }) => parentOf(commit.change.folder) ?? [])),
]

const parentOf = (folder: string): string | undefined =>
  folder.includes('/') ? folder.slice(0, folder.indexOf('/')) : undefined

function changes({ change }: PlannedCommit, tree: Sha | null): string {
  const { folder } = change
  // The folder of nothing is the whole repository: the very first, empty commit.
  if (folder === '') return ''
  const clear = `D ${folder}\n`
  switch (change.kind) {
    case 'remove':
      return clear
    case 'replace':
      return clear + inline(folder, change.files)
    case 'restore':
      return `${clear}M 040000 ${tree} ${folder}\n${inline(folder, change.files)}`
  }
}

const inline = (folder: string, files: Files): string =>
  [...files].map(([name, text]) => `M 100644 inline ${folder}/${name}\n${data(text)}`).join('')

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`
