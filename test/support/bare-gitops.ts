import { join } from 'node:path'
import { putFiles, someonesGit } from './temp.ts'

type Files = Readonly<Record<string, string>>

/** A bare repository with these files on main, and what people do with it. */
export async function bareGitops(remote: string, files: Files) {
  const tree = `${remote}.tree`
  await putFiles(remote, {})
  await someonesGit(
    join(remote, '..'),
    'init',
    '--quiet',
    '--bare',
    '--initial-branch=main',
    remote,
  )
  await someonesGit(join(remote, '..'), 'clone', '--quiet', remote, tree)
  const commit = async (changed: Readonly<Record<string, string | null>>) => {
    await putFiles(tree, changed)
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '--quiet', '--allow-empty', '--message', 'by hand')
    await someonesGit(tree, 'push', '--quiet', 'origin', 'HEAD:main')
    return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
  }
  await commit(files)
  const git = async (...args: readonly string[]) => (await someonesGit(remote, ...args)).trim()
  return {
    ...{ remote, git },
    /** Someone commits by hand, on what is there now. */
    async commit(changed: Parameters<typeof commit>[0]) {
      await someonesGit(tree, 'fetch', '--quiet', 'origin')
      await someonesGit(tree, 'reset', '--quiet', '--hard', 'origin/main')
      return commit(changed)
    },
    /** The commits that changed a folder, the newest first. */
    commits: async (path: string) =>
      (await git('log', '--format=%H', 'main', '--', path)).split('\n').filter(Boolean),
  }
}
