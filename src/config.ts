import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { isRefusal } from './domain/fault.ts'
import { compileGlob } from './domain/glob.ts'
import { nearest } from './domain/nearest.ts'

/** What the server runs with, checked: contract, section 1. Paths are as they were written. */
export type Config = {
  readonly port: number
  readonly host: string
  /** The public base URL; `null` stands for this machine and the port that is listened on. */
  readonly url: string | null
  readonly dataDir: string
  readonly database: { readonly url: string | null; readonly token: string | undefined }
  /** `url` is `null` for the local repository below the data folder. */
  readonly gitops: {
    readonly url: string | null
    readonly branch: string
    readonly token: string | undefined
    readonly sshKeyFile: string | undefined
  }
  readonly policies: Place
  readonly manifests: Place
  readonly adminToken: string | null
  /** `null` when Slack is off. */
  readonly slack: SlackConfig | null
  readonly logLevel: string
  /** Every secret value, for the redactor of the log. */
  readonly secrets: readonly string[]
  /** Settings of parts that this version does not have. */
  readonly unused: readonly string[]
  /** What is set and does not do what was probably meant. */
  readonly warnings: readonly string[]
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

/** A channel for the apps and environments that patterns fit. */
export type SlackChannel = { readonly channel: string; readonly env: string; readonly app: string }

/** Everything that is wrong with the settings, a sentence each. */
export type ConfigProblems = { readonly problems: readonly string[] }

/** A folder of this machine, or one of the GitOps repository. */
export type Place = { readonly kind: 'folder' | 'branch'; readonly folder: string }

const text = z.string().min(1)
const token = z.string().min(16, 'at least 16 characters')
const url = z.url({ protocol: /^https?$/, error: 'an http: or https: URL' })

const place = text.transform((value): Place => {
  const folder = value.startsWith('gitops:') ? value.slice('gitops:'.length) : undefined
  return folder === undefined ? { kind: 'folder', folder: value } : { kind: 'branch', folder }
})

const branch = z
  .string()
  .regex(
    /^(?!.*(?:\.\.|\/\/|\.lock$))[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}(?<![./])$/,
    'a branch name',
  )

const repository = text.refine(isRepositoryAddress, {
  error:
    'a path, or a file:, https: or ssh: URL without a password in it (give that as GITOPS_TOKEN)',
})

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65535, 'a port from 0 to 65535')

/** Requirement R1: a secret that anyone knows is none. */
const secret = z
  .string()
  .refine((value) => value.length >= 8 && value !== 'development', 'the secret that Slack shows')

const channelWord =
  /^(?:[a-z0-9*?{},!-]+(?:\/[a-z0-9*?{},!-]+)?=)?(?:#[^\s,#=/]{1,80}|[CGD][A-Z0-9]{1,20})$/
const channelRule =
  'channels, the first that fits counts: production=#prod staging/web=C0123 #releases'

/** `production/web-*=C0123 #releases`: places and their channels; what names no place is for all others. */
const channels = z
  .string()
  .transform((value) => value.split(/\s+/).filter((word) => word !== ''))
  .refine((words) => words.length > 0 && words.every((word) => channelWord.test(word)), channelRule)
  .transform((words) => words.map(channelOf))
  .refine(
    (all) => all.every(({ env, app }) => ![env, app].some((one) => isRefusal(compileGlob(one)))),
    channelRule,
  )

function channelOf(word: string): SlackChannel {
  const at = word.indexOf('=')
  const [env = '*', app = '*'] = at === -1 ? [] : word.slice(0, at).split('/')
  return { channel: word.slice(at + 1), env, app }
}

const schema = z.object({
  PORT: port.default(8888),
  HOST: text.optional(),
  GIMLET_URL: url.optional(),
  GIMLET_DATA_DIR: text.default('./data'),
  GIMLET_DB_URL: z
    .string()
    .regex(/^(?:file|https?|libsql):./, 'a file:, http:, https: or libsql: URL')
    .optional(),
  GIMLET_DB_TOKEN: text.optional(),
  GITOPS_REPO: repository.optional(),
  GITOPS_BRANCH: branch.default('main'),
  GITOPS_TOKEN: text.optional(),
  GITOPS_SSH_KEY_FILE: text.optional(),
  GITOPS_LAYOUT: z
    .literal('env/app', 'env/app (this version does not have one repository per environment yet)')
    .default('env/app'),
  POLICIES: place.default({ kind: 'folder', folder: './policies' }),
  MANIFESTS: place.default({ kind: 'folder', folder: './manifests' }),
  GIMLET_ADMIN_TOKEN: token.optional(),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
      'trace, debug, info, warn, error or silent',
    )
    .default('info'),
  SLACK_SIGNING_SECRET: secret.optional(),
  SLACK_SIGNING_SECRET_PREVIOUS: secret.optional(),
  SLACK_BOT_TOKEN: text.optional(),
  SLACK_APP_TOKEN: z.string().startsWith('xapp-', 'a token that begins with xapp-').optional(),
  SLACK_API_URL: url.refine((value) => value.endsWith('/'), 'a URL that ends in /').optional(),
  SLACK_CHANNEL: channels.optional(),
  SLACK_COMMAND: z
    .string()
    .regex(/^\/[a-z0-9_-]{1,31}$/, 'a slash and a word, as in the app’s settings')
    .default('/gimlet'),
  APP_ID: text.optional(),
  PRIVATE_KEY: text.optional(),
  WEBHOOK_SECRET: text.optional(),
  WEBHOOK_SECRET_PREVIOUS: text.optional(),
  GHE_HOST: text.optional(),
  GHE_PROTOCOL: z.enum(['http', 'https'], 'http or https').optional(),
})

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

const laterKeys = (Object.keys(schema.shape) as Key[]).filter((key) =>
  /^(?:APP_ID|PRIVATE_KEY|WEBHOOK|GHE)/.test(key),
)

/**
 * Reads the environment and the text of `gimlet.yaml`; the environment wins. Answers the
 * configuration, or a sentence for every bad key: its name, its value and what is expected.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  yamlText: string | null,
): Config | ConfigProblems {
  const known = Object.keys(schema.shape)
  const file = yamlText === null ? {} : readFile(yamlText, known)
  if (Array.isArray(file)) return { problems: file }
  const set = Object.entries(environment).filter(
    ([key, value]) => known.includes(key) && value !== undefined && value !== '',
  )
  const values: Record<string, unknown> = { ...file, ...Object.fromEntries(set) }
  const parsed = schema.safeParse(values)
  if (parsed.success) return configOf(parsed.data)
  const problems = parsed.error.issues.map((issue) => {
    const key = String(issue.path[0])
    const isSecret = (secretKeys as readonly string[]).includes(key)
    const shown = isSecret ? 'a value that is not shown' : withoutPassword(String(values[key]))
    return `${key} is ${shown}; expected ${issue.message}`
  })
  return { problems }
}

/** A value as it may be shown: what stands before the @ of a URL may be a password. */
const withoutPassword = (value: string): string => JSON.stringify(value.replace(/\/\/.*@/s, '//…@'))

function readFile(yamlText: string, known: readonly string[]): Record<string, string> | string[] {
  let values: unknown
  try {
    // Neither pretty errors, which quote the line, nor warnings, which quote a tag: a secret may be it.
    values = parse(yamlText, { maxAliasCount: 10, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    const at = error instanceof YAMLParseError ? error.pos[0] : 0
    const line = yamlText.slice(0, at).split('\n').length
    const code = error instanceof YAMLParseError ? error.code : 'too many aliases'
    return [`gimlet.yaml is not YAML at line ${line}: ${code}`]
  }
  if (values === null) return {}
  if (typeof values !== 'object' || Array.isArray(values))
    return ['gimlet.yaml is not a list of settings; expected lines such as PORT: 8888']
  const unknown = Object.keys(values).filter((key) => !known.includes(key))
  if (unknown.length > 0)
    return unknown.map((key) => {
      const meant = nearest(key, known)
      return `${key} in gimlet.yaml is not a setting${meant ? `; did you mean ${meant}?` : ''}`
    })
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]))
}

function configOf(settings: Settings): Config {
  const secrets = secretKeys.flatMap((key) => settings[key] ?? [])
  const slack = slackOf(settings)
  return {
    port: settings.PORT,
    // Without a secret anybody who reaches the server may try: then only this machine reaches it.
    host: settings.HOST ?? (secrets.length > 0 ? '0.0.0.0' : '127.0.0.1'),
    url: settings.GIMLET_URL?.replace(/\/$/, '') ?? null,
    dataDir: settings.GIMLET_DATA_DIR,
    database: { url: settings.GIMLET_DB_URL ?? null, token: settings.GIMLET_DB_TOKEN },
    gitops: {
      url: settings.GITOPS_REPO ?? null,
      branch: settings.GITOPS_BRANCH,
      token: settings.GITOPS_TOKEN,
      sshKeyFile: settings.GITOPS_SSH_KEY_FILE,
    },
    policies: settings.POLICIES,
    manifests: settings.MANIFESTS,
    adminToken: settings.GIMLET_ADMIN_TOKEN ?? null,
    slack,
    logLevel: settings.LOG_LEVEL,
    secrets,
    unused: laterKeys.filter((key) => settings[key] !== undefined),
    warnings:
      slack === null && slackKeys.some((key) => settings[key] !== undefined) ? [slackOff] : [],
  }
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

/** True for what git may be pointed at: no option, no remote helper, no password in a URL. */
function isRepositoryAddress(address: string): boolean {
  if (address.startsWith('-') || /[\p{Cc}\s]/u.test(address)) return false
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase()
  if (scheme === undefined || scheme.length === 1) return true
  const isUrl = address.slice(scheme.length).startsWith('://')
  if (!isUrl) return !address.slice(scheme.length).startsWith('::')
  if (!URL.canParse(address)) return false
  const { username, password } = new URL(address)
  if (scheme === 'ssh') return password === ''
  return ['file', 'http', 'https'].includes(scheme) && username === '' && password === ''
}
