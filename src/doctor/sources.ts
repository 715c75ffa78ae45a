import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { Sources } from '../domain/sources.ts'
import { sourcesOnGithub } from '../github-access.ts'
import { gitIn } from '../gitops/git.ts'
import { remoteRef } from '../gitops/refs.ts'
import { branchSources, folderSources } from '../gitops/sources.ts'
import { makeLog } from '../log.ts'
import type { Environment } from './settings.ts'

type Of = { readonly config: Config; readonly environment: Environment }

/**
 * Policies or manifests as the server has them; `null` when it has not fetched them yet. A server that goes
 * by GitHub's API has what is there now.
 */
export async function sourcesOf(
  what: 'policies' | 'manifests',
  { config, environment }: Of,
): Promise<Sources | null> {
  const { kind, folder } = config[what]
  if (kind === 'folder') return await folderSources(resolve(folder))('')
  if (config.gitops.writer === 'github')
    return sourcesOnGithub(config, folder, makeLog('silent', []))
  const clone = join(resolve(config.dataDir), 'clone.git')
  if (!existsSync(clone)) return null
  // As the server saw it last: only the server itself fetches into its clone.
  return await branchSources(gitIn(clone, environment), folder)(remoteRef)
}
