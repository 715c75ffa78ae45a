import { z } from 'zod'
import { chartFields } from './chart-settings.ts'
import { ciKinds } from './domain/ci-run.ts'
import { isRefusal } from './domain/fault.ts'
import { githubRepositoryAt } from './domain/github-repository.ts'
import { compileGlob } from './domain/glob.ts'
import { isLabel } from './domain/names.ts'
import { listText, text } from './setting-shapes.ts'

/** A folder of this machine, or one of the GitOps repository. */
export type Place = { readonly kind: 'folder' | 'branch'; readonly folder: string }

/** A channel for the apps and environments that patterns fit. */
export type SlackChannel = { readonly channel: string; readonly env: string; readonly app: string }

const token = z.string().min(16, 'at least 16 characters')
const url = z.url({ protocol: /^https?$/, error: 'an http: or https: URL' })

const place = text.transform((value): Place => {
  const folder = value.startsWith('gitops:') ? value.slice('gitops:'.length) : undefined
  return folder === undefined ? { kind: 'folder', folder: value } : { kind: 'branch', folder }
})

const branch = z
  .string()
  .regex(
    /^(?!HEAD$|.*(?:\.\.|\/[/.]|\.lock(?:\/|$)))[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}(?<![./])$/,
    'a branch name',
  )

/** Only what git takes as it is: it drops quotes and points at the ends of a name. */
const author = z
  .string()
  .regex(
    /^[\p{L}\p{N}](?:[^<>\p{C}]{0,98}[\p{L}\p{N}\])])? <[\w+-][\w.+[\]-]{0,98}@[\w.-]{0,98}\w>$/u,
    'a name and an e-mail address such as Gimlet <gimlet@example.com>',
  )

const address =
  'a path, or a file:, https: or ssh: URL without a password in it (give that as GITOPS_TOKEN)'
const repository = z.string(address).min(1, address).refine(isRepositoryAddress, address)

const environment = z.string('a name').refine(isLabel, 'a name such as production')

const ownRepository = z.strictObject(
  {
    environments: z.array(environment, 'a list of names').min(1, 'at least one environment'),
    repo: repository,
    branch: branch.default('main'),
    token: text.optional(),
    sshKeyFile: text.optional(),
  },
  'environments, repo, and if need be branch, token and sshKeyFile',
)

/** Keys come over https, or from this machine; the name is compared as it is written. */
const issuerUrl = z
  .url('the URL of an issuer')
  .refine(
    (value) => /^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|localhost)[:/])[^@?#\s]+$/.test(value),
    'an https: URL, as the issuer’s tokens name it',
  )
const issuer = z.strictObject(
  { issuer: issuerUrl, kind: z.enum(ciKinds, `a kind: ${ciKinds.join(' or ')}`) },
  'issuer and kind',
)

/** Whose tokens CI runs may bring, as YAML or JSON. */
const issuers = listText
  .pipe(z.array(issuer, 'a list of issuers, as YAML or JSON'))
  .refine((all) => new Set(all.map((one) => one.issuer)).size === all.length, 'each issuer once')
/** Whoever uses none of them gives them nothing to do: they are asked for keys once `ci.json` names them. */
const issuersByDefault = [
  { issuer: 'https://token.actions.githubusercontent.com', kind: 'github' as const },
  { issuer: 'https://gitlab.com', kind: 'gitlab' as const },
]

/** The GitOps repositories beside the first, as YAML or JSON. */
const repositories = listText
  .pipe(z.array(ownRepository, 'a list of repositories, as YAML or JSON'))
  .superRefine((all, context) => {
    const environments = all.flatMap((one) => one.environments)
    const twice = environments.find((name, at) => environments.indexOf(name) !== at)
    if (twice) context.addIssue(`each environment once; ${twice} is there twice`)
    const places = all.map(({ repo, branch: on }) => `${repo} ${on}`)
    if (new Set(places).size < places.length)
      context.addIssue('each repository once, with all of its environments')
  })

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port from 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65535, 'a port from 0 to 65535')

const host = z
  .string()
  .refine(
    (value) => /^[a-z0-9.-]+(?::\d{1,5})?$/i.test(value) && URL.canParse(`https://${value}`),
    'a host name such as github.example.com',
  )

/** Requirement R1: a secret that anyone knows is none. */
const secret = z
  .string()
  .refine(
    (value) => value.length >= 8 && value !== 'development',
    'a secret of at least 8 characters that nobody can guess',
  )

/** A key as environments carry it: with its lines as \\n, or whole in base64, as Probot takes them. */
function pem(value: string): string {
  const lines = value.replaceAll('\\n', '\n')
  if (lines.includes('-----BEGIN')) return lines
  const packed = lines.replaceAll(/\s/g, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(packed) && packed.length % 4 === 0 ? atob(packed) : ''
}

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

const settings = z.object({
  PORT: port.default(8888),
  HOST: text.optional(),
  GIMLET_URL: url.optional(),
  GIMLET_DATA_DIR: text.default('./data'),
  GIMLET_DB_URL: z
    .string()
    .regex(/^(?:file|https?|libsql):./, 'a file:, http:, https: or libsql: URL')
    .optional(),
  GIMLET_DB_TOKEN: text.optional(),
  GIMLET_LEASE_SECONDS: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'a whole number of seconds from 1 to 999')
    .default('10')
    .transform(Number),
  GITOPS_REPO: repository.optional(),
  GITOPS_BRANCH: branch.default('main'),
  GITOPS_TOKEN: text.optional(),
  GITOPS_SSH_KEY_FILE: text.optional(),
  GITOPS_SIGNING_KEY_FILE: text.optional(),
  GITOPS_AUTHOR: author.optional(),
  GITOPS_REPOS: repositories.default([]),
  GITOPS_WRITER: z.enum(['git', 'github'], 'git or github').default('git'),
  GITOPS_LAYOUT: z.enum(['env/app', 'app'], 'env/app or app').default('env/app'),
  GITOPS_DRIFT: z
    .enum(['warn', 'stop'], 'warn or stop: what a release over a change by hand does')
    .default('warn'),
  POLICIES: place.default({ kind: 'folder', folder: './policies' }),
  MANIFESTS: place.default({ kind: 'folder', folder: './manifests' }),
  ...chartFields,
  GIMLET_ADMIN_TOKEN: token.optional(),
  OIDC_ISSUERS: issuers.default(issuersByDefault),
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
  APP_ID: z
    .string()
    .regex(/^\d{1,12}$/, 'the number of the GitHub App')
    .optional(),
  PRIVATE_KEY: text
    .transform(pem)
    .refine((key) => key.includes('-----BEGIN'), 'the PEM of the GitHub App’s private key')
    .optional(),
  WEBHOOK_SECRET: secret.optional(),
  WEBHOOK_SECRET_PREVIOUS: secret.optional(),
  GHE_HOST: host.optional(),
  GHE_PROTOCOL: z.enum(['http', 'https'], 'http or https').optional(),
})

/** Every setting by its name: contract, section 1. */
export const schema = settings.superRefine((given, context) => {
  const wrong = (key: keyof typeof given, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message })
  const { GITOPS_REPOS: others, GITOPS_LAYOUT: layout } = given
  if (layout === 'app' && others.length === 0)
    wrong('GITOPS_LAYOUT', 'env/app, or GITOPS_REPOS with a repository for each environment')
  if (layout === 'app' && others.some(({ environments }) => environments.length > 1))
    wrong('GITOPS_REPOS', 'one environment in each, as GITOPS_LAYOUT is app')
  if (
    others.some(({ repo, branch: on }) => repo === given.GITOPS_REPO && on === given.GITOPS_BRANCH)
  )
    wrong('GITOPS_REPOS', 'other repositories than GITOPS_REPO, which has all other environments')
  if (given.GITOPS_WRITER === 'github')
    for (const [key, message] of githubWriterProblems(given)) wrong(key, message)
})

type Settings = z.output<typeof settings>

/** GitHub as people see it, without a last slash. */
export const websiteOf = ({
  GHE_HOST: host,
  GHE_PROTOCOL: protocol = 'https',
}: Pick<Settings, 'GHE_HOST' | 'GHE_PROTOCOL'>): string =>
  host === undefined ? 'https://github.com' : `${protocol}://${host}`

/** What GitHub's API cannot write, or nobody may. */
function githubWriterProblems(given: Settings): (readonly [keyof Settings, string])[] {
  const website = websiteOf(given)
  const isOn = (address: string) => githubRepositoryAt(address, website) !== null
  const address = `${website}/<owner>/<name>, as GITOPS_WRITER is github; or set that to git`
  const { GITOPS_REPO: first, GITOPS_REPOS: others, GITOPS_TOKEN: token } = given
  const app = [given.APP_ID, given.PRIVATE_KEY, given.WEBHOOK_SECRET]
  const hasApp = app.every((one) => one !== undefined)
  const problems: (readonly [keyof Settings, string])[] = []
  if (first === undefined)
    problems.push(['GITOPS_WRITER', `git, or GITOPS_REPO with ${website}/<owner>/<name>`])
  else if (!isOn(first)) problems.push(['GITOPS_REPO', address])
  const elsewhere = others.find(({ repo }) => !isOn(repo))
  if (elsewhere) problems.push(['GITOPS_REPOS', `at repo: ${address}`])
  if (!hasApp && token === undefined) problems.push(['GITOPS_WRITER', needsApp])
  if (given.GITOPS_SIGNING_KEY_FILE !== undefined)
    problems.push(['GITOPS_SIGNING_KEY_FILE', signedByGithub])
  if (given.GITOPS_SSH_KEY_FILE !== undefined)
    problems.push(['GITOPS_SSH_KEY_FILE', `nothing, ${byHttps}`])
  if (others.some(({ sshKeyFile }) => sshKeyFile !== undefined))
    problems.push(['GITOPS_REPOS', `no sshKeyFile, ${byHttps}`])
  return problems
}

const needsApp = 'git, or the GitHub App (APP_ID, PRIVATE_KEY and WEBHOOK_SECRET) or GITOPS_TOKEN'
const signedByGithub =
  'nothing, as GITOPS_WRITER is github: GitHub signs what the app commits. Remove it, or set GITOPS_WRITER to git'
const byHttps =
  'as GITOPS_WRITER is github, which goes by https. Remove it, or set GITOPS_WRITER to git'

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
