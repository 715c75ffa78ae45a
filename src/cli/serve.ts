import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig, type SlackConfig } from '../config.ts'
import type { Check } from '../doctor-parts.ts'
import { makeLog } from '../log.ts'
import { runServer, type Server, startServer } from '../main.ts'
import { readSettings } from '../read-settings.ts'
import type { Reindexed } from '../reindex-parts.ts'

/** Requirement R1: a shorter secret may be guessed. */
const secretCharsMin = 24

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

/** Looks at what Slack needs, with the settings that a server would start with in this folder. */
export async function checkSlack(environment: Environment): Promise<readonly Check[]> {
  // A server without Slack does not pay for loading it.
  const { placeOf, slackChecks } = await import('../doctor-parts.ts')
  const all = readSettings(environment)
  const problems = 'problems' in all ? all.problems : []
  const found = problems.map((message) => settings('wrong', message))
  // Without those that are wrong, so that the rest can be looked at, too.
  const bad = problems.map((problem) => problem.split(' ', 1)[0] ?? '')
  const rest = { ...environment, ...Object.fromEntries(bad.map((key) => [key, undefined])) }
  const config = readSettings(rest)
  if ('problems' in config) return found
  const { slack } = config
  if (slack !== null) {
    const isOn = found.length === 0 ? [settings('fine', 'can be used, and Slack is on')] : found
    return [
      ...isOn,
      ...secretChecks(slack),
      ...(await slackChecks({ ...config, slack }, environment)),
    ]
  }
  const missing = missingIn(rest).filter((key) => !bad.includes(key))
  return [
    ...found,
    ...missing.map((key) => settings('wrong', `${key} is not set: ${placeOf[key]}`)),
  ]
}

/**
 * Makes the index anew, with the settings that a server would start with in this folder. Answers what
 * keeps it from being made, and what to do.
 */
export async function reindexHere(
  environment: Environment,
  told: (commits: number, of: number) => void,
): Promise<Reindexed | { readonly problems: readonly string[] }> {
  const config = readSettings(environment)
  if ('problems' in config) return config
  const { reindexWith } = await import('../reindex-parts.ts')
  return reindexWith(config, environment, told)
}

const saying =
  (check: string) =>
  (verdict: Check['verdict'], message: string): Check => ({ check, verdict, message })

const settings = saying('settings')
const aboutSecret = saying('signing secret')

/** The settings that Slack is off for: with them it would be on. */
function missingIn(environment: Environment) {
  const isOnWith = (more: Environment) => {
    const read = readSettings({ ...environment, ...more })
    return !('problems' in read) && read.slack !== null
  }
  if (isOnWith({ SLACK_SIGNING_SECRET: 'any-secret' })) return ['SLACK_SIGNING_SECRET'] as const
  if (isOnWith({ SLACK_BOT_TOKEN: 'any-token' })) return ['SLACK_BOT_TOKEN'] as const
  return ['SLACK_SIGNING_SECRET', 'SLACK_BOT_TOKEN'] as const
}

function secretChecks({ signingSecrets }: SlackConfig): Check[] {
  return signingSecrets.map((secret, at) => {
    const key = at === 0 ? 'SLACK_SIGNING_SECRET' : 'SLACK_SIGNING_SECRET_PREVIOUS'
    const again = 'copy the Signing Secret of Basic Information again'
    if (secret.length < secretCharsMin)
      return aboutSecret('warning', `${key} has fewer than ${secretCharsMin} characters; ${again}`) // biome-ignore format: one line
    if (!/^[0-9a-f]{32}$/.test(secret))
      return aboutSecret('warning', `${key} does not look like Slack’s, which has 32 characters of 0-9 and a-f; ${again}`) // biome-ignore format: one line
    return at === 0
      ? aboutSecret('fine', `${key} looks like one`)
      : aboutSecret('warning', `${key} is still taken; remove it once Slack signs with the new one`) // biome-ignore format: one line
  })
}
