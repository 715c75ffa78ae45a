import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Config, type ConfigProblems, readConfig } from './config.ts'

/**
 * The settings that a server would start with in this folder: the environment, `gimlet.yaml`, and what
 * the set-up page left in the data folder. Which folder that is, the first two say.
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Config | ConfigProblems {
  const gimletText = textOf('gimlet.yaml')
  // The app that GITOPS_WRITER may need can lie in that folder.
  const config = readConfig({ ...environment, GITOPS_WRITER: 'git' }, gimletText)
  if ('problems' in config) return config
  return readConfig(environment, gimletText, textOf(join(config.dataDir, 'github.yaml')))
}

function textOf(path: string): string | null {
  const file = resolve(path)
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}
