import { delimiter, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { PlannedCommit } from '../../src/domain/change.ts'
import { openClone, type Remote } from '../../src/gitops/clone.ts'
import { DirectPush } from '../../src/gitops/direct-push.ts'
import { LocalWriter } from '../../src/gitops/local.ts'
import type { PushResult } from '../../src/gitops/receive-pack.ts'
import { visitsTo } from '../../src/gitops/visit.ts'
import { gitHost, type Interfere } from './git-host.ts'
import { putScript, someonesGit, type TempGitops } from './temp.ts'

export const put = (text: string, name = 'web'): PlannedCommit => ({
  change: { kind: 'replace', folder: `production/${name}`, files: new Map([['a.yaml', text]]) },
  message: `${name} ${text.slice(0, 20)}\n`,
  unix: 1_700_000_000,
})

/** A direct push that remembers what became of it. */
class Told extends DirectPush {
  readonly results: PushResult[] = []
  override async push(move: Parameters<DirectPush['push']>[0]) {
    const result = await super.push(move)
    if (result) this.results.push(result)
    return result
  }
  get kinds() {
    return this.results.map(({ kind }) => kind)
  }
}

export type Way = {
  readonly remote?: Partial<Remote>
  readonly environment?: NodeJS.ProcessEnv
  readonly silenceMs?: number
}

/** A writer that pushes directly by this way to the repository of `gitops`; its end is checked. */
export async function writerBy(gitops: TempGitops, { remote: given, ...way }: Way = {}) {
  const remote = { url: gitops.remote, branch: 'main', ...given }
  const environment = way.environment ?? process.env
  const folder = join(gitops.folder, 'direct.git')
  const git = await openClone(folder, remote, environment)
  const visits = visitsTo(remote, { folder, environment, ssh: git.ssh, silenceMs: way.silenceMs })
  if (!visits) throw new Error('there is no direct way')
  const direct = new Told(visits, { branch: 'main', folder })
  const writer = new LocalWriter(git, remote, direct)
  onTestFinished(async () => {
    await someonesGit(gitops.remote, 'fsck', '--strict')
    await someonesGit(folder, 'fsck', '--strict')
  })
  const commit = async (...commits: readonly PlannedCommit[]) =>
    writer.commit(await writer.tip(), commits, () => Promise.resolve(true))
  return { writer, direct, commit, git, folder }
}

export const httpWay = async (gitops: TempGitops, interfere?: Interfere) => {
  const host = await gitHost(gitops.folder, interfere)
  return { ...host, remote: { url: `${host.url}/gitops.git`, token: 'canary-token' } }
}

/** A PATH on which `name` is this script; `$real` is the git that would be there else. */
export async function withProgram(gitops: TempGitops, name: string, script: string) {
  const real = `real=${(await someonesGit(gitops.folder, '--exec-path')).trim()}/git`
  await putScript(gitops.folder, `bin/${name}`, `#!/bin/sh\n${real}\n${script}`)
  return { ...process.env, PATH: `${join(gitops.folder, 'bin')}${delimiter}${process.env.PATH}` }
}

/** Builds without a push, as when what it was decided on has changed. */
export async function builtBy(writer: LocalWriter, planned: PlannedCommit) {
  let built: readonly string[] = []
  await writer.commit(await writer.tip(), [planned], (refs) => {
    built = refs
    return Promise.resolve(false)
  })
  return built
}
