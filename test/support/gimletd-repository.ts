import { formerArtifact } from './gimletd-database.ts'
import { putFiles, someonesGit, type TempGitops } from './temp.ts'

const author = ['--author', 'Gimlet CLI <cli@gimlet.io>']

/** A GitOps repository as a GimletD before us writes it; nothing is pushed until `push`. */
export async function gimletdRepository(gitops: TempGitops) {
  await gitops.checkOut()
  const { tree } = gitops
  const commit = async (message: string): Promise<string> => {
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', ...author, '-m', message)
    return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
  }
  return {
    /** The release of an artifact: its files, and what is said of it twice, in one line without a time. */
    async release(app: string, at: number, triggeredBy = 'policy') {
      const env = 'production'
      const { id: artifactId, version } = formerArtifact(app, at)
      const said = { app, env, artifactId, triggeredBy, version, gitopsRef: '', gitopsRepo: '' }
      const json = `${JSON.stringify(said)}\n`
      await putFiles(tree, {
        [`${env}/${app}`]: null,
        [`${env}/${app}/deployment.yaml`]: `image: ${app}:${at}\n`,
        [`${env}/${app}/release.json`]: json,
        [`${env}/release.json`]: json,
      })
      return commit(`[Gimlet] ${env}/${app} automated deploy`)
    },
    /** A rollback: a revert for each release that is taken back. */
    async revert(ref: string): Promise<string> {
      await someonesGit(tree, 'revert', '--no-edit', ref)
      return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
    },
    async delete(app: string): Promise<string> {
      await putFiles(tree, { [`production/${app}`]: null })
      return commit(`[GimletD delete] production/${app} deleted by alice`)
    },
    push: () => someonesGit(tree, 'push', 'origin', 'HEAD:main'),
  }
}
