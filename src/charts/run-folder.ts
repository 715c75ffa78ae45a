import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A folder that one program has for itself while it runs. */
export type RunFolder = { readonly path: string; readonly environment: Record<string, string> }

const prefix = 'run-'
/** What a program may see of the server's environment: where programs and certificates are. */
const inherited = ['PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

type From = {
  /** What run folders lie in. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Does work in an empty folder with an environment of its own, and removes the folder afterwards. */
export async function inRunFolder<T>(
  { folder, environment }: From,
  work: (run: RunFolder) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = await mkdtemp(join(folder, prefix))
  try {
    await Promise.all(['home', 'tmp'].map((name) => mkdir(join(path, name))))
    return await work({ path, environment: { ...homes(path), ...seen(environment) } })
  } finally {
    await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Removes what a server that was killed has left. */
export async function sweepRunFolders(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const left = names.filter((name) => name.startsWith(prefix))
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

/** No plugin, no repository and no credential of the machine or of a user. */
const homes = (path: string): Record<string, string> => ({
  HOME: join(path, 'home'),
  TMPDIR: join(path, 'tmp'),
  LC_ALL: 'C',
  HELM_CONFIG_HOME: join(path, 'config'),
  HELM_CACHE_HOME: join(path, 'cache'),
  HELM_DATA_HOME: join(path, 'data'),
  HELM_PLUGINS: join(path, 'plugins'),
  HELM_NO_PLUGINS: '1',
  KUBECONFIG: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: join(path, 'gitconfig'),
  GIT_TERMINAL_PROMPT: '0',
})

function seen(environment: From['environment']): Record<string, string> {
  const found = inherited.map((name) => [name, environment[name]] as const)
  return Object.fromEntries(
    found.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  )
}
