import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BackedUp } from '../backup-parts.ts'
import { readConfig } from '../config.ts'
import type { Check } from '../doctor/check.ts'
import type { AuditLook } from '../domain/audit.ts'
import type { Refusal } from '../domain/fault.ts'
import { makeLog } from '../log.ts'
import { runServer, type Server, startServer } from '../main.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { Rendered } from '../manifest/rendered.ts'
import type { Variables } from '../manifest/variables.ts'
import type { MigrateAsked, Migrated, Tally } from '../migrate-parts.ts'
import { readSettings } from '../read-settings.ts'
import type { Problems, ReindexedAll, ReindexTold } from '../reindex-parts.ts'
import type { RestoreAsked, Restored } from '../restore-parts.ts'

export type { BackedUp, Migrated, Restored, Tally }

/** Serves until the process is told to stop, which is its own end: the answer never comes. */
export async function serve(): Promise<number> {
  await runServer()
  return new Promise(() => undefined)
}

/** Starts a server on a free port with the shipped policies and manifests, whose data goes away. */
export async function startThrowAway(): Promise<Server> {
  const shipped = fileURLToPath(new URL('../..', import.meta.url))
  const dataDir = await mkdtemp(join(tmpdir(), 'gimlet-demo-'))
  const settings = {
    PORT: '0',
    HOST: '127.0.0.1',
    GIMLET_DATA_DIR: dataDir,
    POLICIES: join(shipped, 'policies'),
    MANIFESTS: join(shipped, 'manifests'),
  }
  const config = readConfig(settings, null)
  if ('problems' in config) throw new Error(config.problems.join(', '))
  const server = await startServer(config, makeLog('silent', []))
  return {
    ...server,
    async stop() {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** Parts of the server that can be looked at; each is loaded only when it is. */
const doctors = {
  slack: async () => (await import('../doctor/slack.ts')).checkSlack,
  github: async () => (await import('../doctor/github.ts')).checkGithub,
} as const

/** Looks at what a part needs, with the settings that a server would start with in this folder. */
export async function lookAt(
  part: keyof typeof doctors,
  environment: Environment,
): Promise<readonly Check[]> {
  const check = await doctors[part]()
  return check(environment)
}

/**
 * Makes the index anew, with the settings that a server would start with in this folder. Answers what
 * keeps it from being made, and what to do.
 */
export async function reindexHere(
  environment: Environment,
  told: ReindexTold,
): Promise<ReindexedAll | Problems> {
  const config = readSettings(environment)
  if ('problems' in config) return config
  const { reindexWith } = await import('../reindex-parts.ts')
  return reindexWith(config, environment, told)
}

/**
 * Brings over what a GimletD before us knew, with the settings that a server would start with in this
 * folder. Answers what keeps it from being done, and what to do.
 */
export async function migrateHere(asked: MigrateAsked): Promise<Migrated | Problems> {
  const config = readSettings(asked.environment)
  if ('problems' in config) return config
  const { migrateWith } = await import('../migrate-parts.ts')
  return migrateWith(config, asked)
}

/** Copies the database of the server that these settings are, which may run. */
export async function backupHere(
  environment: Environment,
  file: string,
): Promise<BackedUp | Problems> {
  const config = readSettings(environment)
  if ('problems' in config) return config
  const { backupWith } = await import('../backup-parts.ts')
  return backupWith(config, file)
}

/** Puts a backup in the place of the database of the server that these settings are, which must not run. */
export async function restoreHere(asked: RestoreAsked): Promise<Restored | Problems> {
  const config = readSettings(asked.environment)
  if ('problems' in config) return config
  const { restoreWith } = await import('../restore-parts.ts')
  return restoreWith(config, asked)
}

/**
 * Looks at the whole record of changes, with the settings that a server would start with in this folder.
 * Answers what keeps it from being looked at, and what to do.
 */
export async function verifyHere(
  environment: Environment,
  after: readonly string[],
): Promise<AuditLook | Problems> {
  const config = readSettings(environment)
  if ('problems' in config) return config
  const { verifyWith } = await import('../verify-parts.ts')
  return verifyWith(config, { environment, after })
}

/**
 * Renders a manifest with the settings that a server would start with in this folder: its helm, and its
 * folder of manifests, which charts and kustomizations may lie in.
 */
export async function renderHere(
  environment: Environment,
  manifest: Manifest,
  variables: Variables,
): Promise<Rendered | Refusal | Problems> {
  const config = readSettings(environment)
  if ('problems' in config) return config
  const { renderWith } = await import('../chart-parts.ts')
  return renderWith(config, { environment, manifest, variables })
}
