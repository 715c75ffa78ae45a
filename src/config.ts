import { parse, YAMLParseError } from 'yaml'
import type { z } from 'zod'
import { type ChartSettings, chartSettings } from './chart-settings.ts'
import type { Environments } from './domain/environments.ts'
import { nearest } from './domain/nearest.ts'
import { isOfThisMachine, isSameOrigin } from './setting-shapes.ts'
import { type Place, type SlackChannel, schema, websiteOf } from './settings.ts'

/** What the server runs with, checked: contract, section 1. Paths are as they were written. */
export type Config = {
  readonly port: number
  readonly host: string
  /** The public base URL; `null` stands for this machine and the port that is listened on. */
  readonly url: string | null
  readonly dataDir: string
  readonly database: { readonly url: string | null; readonly token: string | undefined }
  /** How long another server waits for one that leads and is silent, in milliseconds. */
  readonly leaseMs: number
  readonly gitops: {
    /** The first has all environments but those of the others, and what `gitops:` folders lie in. */
    readonly repositories: readonly [RepositoryConfig, ...RepositoryConfig[]]
    /** By a clone and the git program, or by GitHub's API. */
    readonly writer: 'git' | 'github'
    /** What commits are signed with. */
    readonly signingKeyFile: string | undefined
    /** Who commits are by, if not by ours. */
    readonly author: string | undefined
    /** What a release over a change that someone made by hand does. */
    readonly drift: 'warn' | 'stop'
  }
  readonly policies: Place
  readonly manifests: Place
  readonly charts: ChartSettings
  readonly adminToken: string | null
  /** Whose tokens the runs of a CI may bring. */
  readonly oidcIssuers: z.output<typeof schema>['OIDC_ISSUERS']
  /** `null` when Slack is off. */
  readonly slack: SlackConfig | null
  /** `null` when GitHub is off. */
  readonly github: GithubConfig | null
  /** Where the GitHub App is made on a page of ours; `null` once any of its settings is there. */
  readonly setup: SetupConfig | null
  readonly logLevel: string
  /** Every secret value, for the redactor of the log. */
  readonly secrets: readonly string[]
  /** What is set and does not do what was probably meant. */
  readonly warnings: readonly string[]
}

/** One GitOps repository: contract, section 1. */
export type RepositoryConfig = {
  /** How the repository is told apart from the others; empty for the first. */
  readonly name: string
  /** `null` is the local repository below the data folder. */
  readonly url: string | null
  readonly branch: string
  readonly token: string | undefined
  readonly sshKeyFile: string | undefined
  readonly environments: Environments
  /** The environment whose apps are folders at its top; `null` where they lie in `<env>/<app>`. */
  readonly root: string | null
}

export type SlackConfig = {
  /** The signing secret, and the one before it while it is rotated; none when all comes by the socket. */
  readonly signingSecrets: readonly string[]
  readonly botToken: string
  /** Of Socket Mode; `null` when Slack reaches the server by HTTP. */
  readonly appToken: string | null
  /** Slack's web API, last slash included. */
  readonly apiUrl: string
  /** The name that the app's slash command has. */
  readonly command: string
  readonly channels: readonly SlackChannel[]
}

export type GithubConfig = {
  readonly appId: string
  /** PEM. */
  readonly privateKey: string
  /** The webhook secret, and the one before it while it is rotated. */
  readonly secrets: readonly [string, ...string[]]
  /** The API of GitHub Enterprise; `undefined` is github.com. */
  readonly baseUrl: string | undefined
}

export type SetupConfig = {
  /** GitHub as people see it, and its API; neither ends in a slash. */
  readonly website: string
  readonly apiUrl: string
  /** Our public base URL; `null` when GitHub cannot reach it. */
  readonly publicUrl: string | null
}

/** Everything that is wrong with the settings, a sentence each. */
export type ConfigProblems = { readonly problems: readonly string[] }

type Settings = z.output<typeof schema>
type Key = keyof Settings

const secretKeys = [
  'GIMLET_DB_TOKEN',
  'GITOPS_TOKEN',
  'GIMLET_ADMIN_TOKEN',
  'SLACK_SIGNING_SECRET',
  'SLACK_SIGNING_SECRET_PREVIOUS',
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'PRIVATE_KEY',
  'WEBHOOK_SECRET',
  'WEBHOOK_SECRET_PREVIOUS',
] as const satisfies readonly Key[]

/** The settings of the GitHub App, and all that `github.yaml` may hold. */
const githubKeys = ['APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET'] as const

/**
 * Reads the environment and the text of `gimlet.yaml`; the environment wins. The text of `github.yaml`,
 * which the set-up page writes, counts only when neither names any of its keys: two apps are never
 * mixed. Answers the configuration, or a sentence for every bad key: its name, its value and what is
 * expected.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  yamlText: string | null,
  githubText: string | null = null,
): Config | ConfigProblems {
  const known = Object.keys(schema.shape)
  const file = yamlText === null ? {} : readFile(yamlText, { name: 'gimlet.yaml', known })
  if (Array.isArray(file)) return { problems: file }
  const set = Object.entries(environment).filter(
    ([key, value]) => known.includes(key) && value !== undefined && value !== '',
  )
  const given: Record<string, unknown> = { ...file, ...Object.fromEntries(set) }
  const isGithubGiven = githubKeys.some((key) => key in given)
  const made = githubText === null || isGithubGiven ? {} : readGithubFile(githubText)
  if (Array.isArray(made)) return { problems: made }
  const values: Record<string, unknown> = { ...given, ...made }
  const parsed = schema.safeParse(values)
  if (parsed.success) return configOf(parsed.data)
  const problems = parsed.error.issues.map((issue) => {
    const [key = '', ...inside] = issue.path.map(String)
    const isSecret = [...secretKeys, 'GITOPS_REPOS'].includes(key)
    const shown = isSecret ? 'a value that is not shown' : withoutPassword(String(values[key]))
    const where = inside.length === 0 ? '' : `at ${inside.join('.')}: `
    const file = key in made ? ' in github.yaml' : ''
    return `${key}${file} is ${shown}; expected ${where}${issue.message}`
  })
  return { problems }
}

/** A value as it may be shown: what stands before the @ of a URL may be a password. */
const withoutPassword = (value: string): string => JSON.stringify(value.replace(/\/\/.*@/s, '//…@'))

function readGithubFile(text: string): Record<string, string> | string[] {
  const made = readFile(text, { name: 'github.yaml', known: githubKeys })
  if (Array.isArray(made)) return made
  return githubKeys.every((key) => key in made)
    ? made
    : [
        'github.yaml needs APP_ID, PRIVATE_KEY and WEBHOOK_SECRET; put back what is missing, or remove the file',
      ]
}

type Readable = { readonly name: string; readonly known: readonly string[] }

function readFile(yamlText: string, { name, known }: Readable): Record<string, string> | string[] {
  let values: unknown
  try {
    // Neither pretty errors, which quote the line, nor warnings, which quote a tag: a secret may be it.
    values = parse(yamlText, { maxAliasCount: 10, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    const at = error instanceof YAMLParseError ? error.pos[0] : 0
    const line = yamlText.slice(0, at).split('\n').length
    const code = error instanceof YAMLParseError ? error.code : 'too many aliases'
    return [`${name} is not YAML at line ${line}: ${code}`]
  }
  if (values === null) return {}
  if (typeof values !== 'object' || Array.isArray(values))
    return [`${name} is not a list of settings; expected lines such as ${known[0]}: 8888`]
  const unknown = Object.keys(values).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    return unknown.map((key) => {
      const meant = nearest(key, known)
      return `${key} in ${name} is not a setting${meant ? `; did you mean ${meant}?` : ''}`
    })
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, asText(value)]))
}

/** A value as the environment would have it. */
const asText = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)

function configOf(settings: Settings): Config {
  const secrets = [
    ...secretKeys.flatMap((key) => settings[key] ?? []),
    ...settings.GITOPS_REPOS.flatMap(({ token }) => token ?? []),
  ]
  const slack = slackOf(settings)
  const github = githubOf(settings)
  return {
    port: settings.PORT,
    // Without a secret anybody who reaches the server may try: then only this machine reaches it.
    host: settings.HOST ?? (secrets.length > 0 ? '0.0.0.0' : '127.0.0.1'),
    url: settings.GIMLET_URL?.replace(/\/$/, '') ?? null,
    dataDir: settings.GIMLET_DATA_DIR,
    database: { url: settings.GIMLET_DB_URL ?? null, token: settings.GIMLET_DB_TOKEN },
    leaseMs: settings.GIMLET_LEASE_SECONDS * 1000,
    gitops: {
      repositories: repositoriesOf(settings),
      writer: settings.GITOPS_WRITER,
      signingKeyFile: settings.GITOPS_SIGNING_KEY_FILE,
      author: settings.GITOPS_AUTHOR,
      drift: settings.GITOPS_DRIFT,
    },
    policies: settings.POLICIES,
    manifests: settings.MANIFESTS,
    charts: chartSettings(settings),
    adminToken: settings.GIMLET_ADMIN_TOKEN ?? null,
    oidcIssuers: settings.OIDC_ISSUERS,
    ...{ slack, github, secrets, logLevel: settings.LOG_LEVEL },
    setup: isAnySet(settings, githubKeys) ? null : setupOf(settings),
    warnings: [
      ...(slack === null && isAnySet(settings, slackKeys) ? [slackOff] : []),
      ...(github === null && isAnySet(settings, githubKeys) ? [githubOff] : []),
    ],
  }
}

function repositoriesOf(settings: Settings): Config['gitops']['repositories'] {
  const { GITOPS_REPO: url = null, GITOPS_TOKEN: token, GITOPS_SSH_KEY_FILE: sshKeyFile } = settings
  const others = settings.GITOPS_REPOS.map(
    ({ environments: names, repo, ...own }): RepositoryConfig => ({
      ...{ url: repo, name: `${repo} ${own.branch}` },
      branch: own.branch,
      // A token is shown to the host that it is for, and to no other.
      token: own.token ?? (isSameOrigin(repo, url) ? token : undefined),
      sshKeyFile: own.sshKeyFile ?? sshKeyFile,
      environments: { names, isAllBut: false },
      root: settings.GITOPS_LAYOUT === 'app' ? (names[0] ?? null) : null,
    }),
  )
  const environments = { names: others.flatMap((one) => one.environments.names), isAllBut: true }
  const of = { url, branch: settings.GITOPS_BRANCH, token, sshKeyFile }
  const first = { ...of, name: '', environments, root: null }
  return [first, ...others]
}

const isAnySet = (settings: Settings, keys: readonly Key[]) =>
  keys.some((key) => settings[key] !== undefined)

const githubOff = 'GitHub is off: it needs APP_ID, PRIVATE_KEY and WEBHOOK_SECRET'

function githubOf(settings: Settings): GithubConfig | null {
  const { APP_ID: appId, PRIVATE_KEY: privateKey, WEBHOOK_SECRET: current } = settings
  if (appId === undefined || privateKey === undefined || current === undefined) return null
  const before = settings.WEBHOOK_SECRET_PREVIOUS
  return {
    appId,
    privateKey,
    secrets: [current, ...(before === undefined ? [] : [before])],
    baseUrl: settings.GHE_HOST === undefined ? undefined : `${websiteOf(settings)}/api/v3`,
  }
}

/** GitHub must reach the address; GitHub Enterprise may do so without https. */
function setupOf(settings: Settings): SetupConfig {
  const { GHE_HOST: host, GIMLET_URL } = settings
  const website = websiteOf(settings)
  const apiUrl = host === undefined ? 'https://api.github.com' : `${website}/api/v3`
  const url = GIMLET_URL?.replace(/\/$/, '') ?? null
  const isReachable =
    url !== null &&
    !isOfThisMachine(new URL(url).hostname) &&
    (url.startsWith('https:') || host !== undefined)
  return { website, apiUrl, publicUrl: isReachable ? url : null }
}

const slackKeys = ['SLACK_SIGNING_SECRET', 'SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'] as const
const slackOff =
  'Slack is off: it needs SLACK_BOT_TOKEN, and SLACK_SIGNING_SECRET or SLACK_APP_TOKEN'

function slackOf(settings: Settings): SlackConfig | null {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken = null } = settings
  const current = settings.SLACK_SIGNING_SECRET
  if (botToken === undefined || (current === undefined && appToken === null)) return null
  const previous = current === undefined ? undefined : settings.SLACK_SIGNING_SECRET_PREVIOUS
  return {
    signingSecrets: [current, previous].flatMap((one) => one ?? []),
    botToken,
    appToken,
    apiUrl: settings.SLACK_API_URL ?? 'https://slack.com/api/',
    command: settings.SLACK_COMMAND,
    channels: settings.SLACK_CHANNEL ?? [],
  }
}
