import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { everyEnvironment } from '../../../src/domain/environments.ts'
import { History } from '../../../src/gitops/history.ts'
import { readFolder } from '../../../src/gitops/sources.ts'
import type { GitopsWriter } from '../../../src/gitops/writer.ts'
import { broken } from '../../crash/checker.ts'
import { type Later, newWriter, putScript, someonesGit, tempGitops } from '../../support/temp.ts'
import type { Host } from './host.ts'

/**
 * Takes the repository away and ends who would have answered, once the branch is moved: before that, the
 * hook is asked as well.
 */
const landsAndGoes = `[ "$1" = committed ] || exit 0
rm hooks/reference-transaction
mv "$PWD" "$PWD.away"
kill -9 $PPID
`

/** A GitOps repository of git's, and the clone of a server. */
export async function gitHost(later: Later): Promise<Host> {
  const gitops = await tempGitops(later)
  const { git, stream, remote, cloneFolder } = gitops
  const away = `${remote}.away`
  let isRacing = false
  let isTrapped = false
  let count = 0
  const hook = (script: string) =>
    putScript(remote, 'hooks/reference-transaction', `#!/bin/sh\n${script}`)
  /** The trap is for servers only. */
  const someoneCommits: Host['someoneCommits'] = async (files) => {
    await hook('')
    await gitops.someoneCommits(files)
  }
  const raced = (writer: GitopsWriter): GitopsWriter => {
    const commit = writer.commit.bind(writer)
    writer.commit = (tip, commits, intend) =>
      commit(tip, commits, async (refs) => {
        const isIntended = await intend(refs)
        if (!isIntended || !existsSync(remote)) return isIntended
        if (isRacing) await someoneCommits({ 'README.md': `${++count}` })
        else if (isTrapped) await hook(landsAndGoes)
        isRacing = false
        return true
      })
    return writer
  }
  const nothing = () => Promise.reject(new Error('nothing of this lies on the branch'))
  return {
    access: () => ({
      config: {
        ...{ name: '', url: remote, branch: 'main', token: undefined, sshKeyFile: undefined },
        ...{ environments: everyEnvironment, root: null },
      },
      url: remote,
      writer: () => raced(newWriter(git, remote, cloneFolder)),
      history: new History(git, stream),
      files: readFolder(git),
      sources: () => nothing,
      proposed: () => nothing,
      memory: undefined,
    }),
    someoneCommits,
    async losesRace() {
      isRacing = true
    },
    async goesAway() {
      if (existsSync(remote)) await rename(remote, away)
    },
    async goesAwayAtPush() {
      isTrapped = true
    },
    isAway: () => !existsSync(remote),
    async comesBack() {
      if (existsSync(away)) await rename(away, remote)
      isTrapped = false
      await hook('')
    },
    async pushed() {
      const format = '--format=%(trailers:key=Release-Id,valueonly,separator=%x20)'
      const folder = existsSync(remote) ? remote : away
      return new Set((await someonesGit(folder, 'log', format, 'main')).split('\n').filter(Boolean))
    },
    judged: (evidence) => broken({ ...evidence, remote }),
  }
}
