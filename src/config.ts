import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
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
  readonly logLevel: string
  /** Every secret value, for the redactor of the log. */
  readonly secrets: readonly string[]
  /** Settings of parts that this version does not have. */
  readonly unused: readonly string[]
}

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
  SLACK_SIGNING_SECRET: text.optional(),
  SLACK_SIGNING_SECRET_PREVIOUS: text.optional(),
  SLACK_BOT_TOKEN: text.optional(),
  SLACK_API_URL: url.optional(),
  SLACK_CHANNEL: text.optional(),
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
  'PRIVATE_KEY',
  'WEBHOOK_SECRET',
  'WEBHOOK_SECRET_PREVIOUS',
] as const satisfies readonly Key[]

const laterKeys = (Object.keys(schema.shape) as Key[]).filter((key) =>
  /^(?:SLACK|APP_ID|PRIVATE_KEY|WEBHOOK|GHE)/.test(key),
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
    logLevel: settings.LOG_LEVEL,
    secrets,
    unused: laterKeys.filter((key) => settings[key] !== undefined),
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
