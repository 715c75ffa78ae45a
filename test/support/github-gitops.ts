import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { putFiles, someonesGit, tempFolder } from './temp.ts'

type Files = Readonly<Record<string, string | null>>

/** A GitOps repository at an address that GitHub has as example/gitops, with these files on main. */
export async function gitopsOfGithub(files: Files) {
  const folder = await tempFolder(onTestFinished)
  const remote = join(folder, 'example', 'gitops.git')
  const tree = join(folder, 'tree')
  await mkdir(remote, { recursive: true })
  await someonesGit(remote, 'init', '--bare', '--initial-branch=main')
  await someonesGit(folder, 'clone', '--quiet', remote, tree)
  /** Someone commits to a ref by hand, on what they committed last. */
  const commit = async (changed: Files, to = 'refs/heads/main') => {
    await putFiles(tree, changed)
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '--quiet', '--message', 'by hand')
    await someonesGit(tree, 'push', '--quiet', '--force', 'origin', `HEAD:${to}`)
    return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
  }
  await commit(files)
  return { remote, commit }
}
