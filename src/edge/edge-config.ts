import { type Config, type ConfigProblems, readConfig } from '../config.ts'

/** A Worker has no folders: policies and manifests lie in the GitOps repository. */
const defaults = {
  POLICIES: 'gitops:policies',
  MANIFESTS: 'gitops:manifests',
  GITOPS_WRITER: 'github',
} as const

/** The settings of a Worker, by its bindings; or a sentence for each that is wrong or cannot be had there. */
export function edgeConfig(bindings: Readonly<Record<string, unknown>>): Config | ConfigProblems {
  const texts = Object.entries(bindings).filter(
    (binding): binding is [string, string] => typeof binding[1] === 'string' && binding[1] !== '',
  )
  const environment = { ...defaults, ...Object.fromEntries(texts) }
  const config = readConfig(environment, null)
  if ('problems' in config) return config
  const problems = refusals(config, environment)
  return problems.length > 0 ? { problems } : { ...config, setup: null }
}

/** What a Worker has not, and the way out. */
function refusals(config: Config, given: Readonly<Record<string, string>>): string[] {
  const { database, policies, manifests, adminToken, gitops } = config
  const isLocal = !/^(?:libsql|https?):/.test(database.url ?? '')
  const folder = (key: string, name: string) =>
    `${key} is a folder of a machine; expected gitops:${name}, a folder of the GitOps repository`
  const helm = Object.keys(given).filter((key) => /^(?:HELM_|CHART_REPOSITORIES$)/.test(key))
  const [first] = gitops.repositories
  return [
    ...(isLocal
      ? ['GIMLET_DB_URL is no remote database; expected a libsql: or https: URL: there is no disk']
      : []),
    ...(first.url === null
      ? ['GITOPS_REPO is not set; expected the https: URL of a repository on GitHub']
      : []),
    ...(policies.kind === 'folder' ? [folder('POLICIES', 'policies')] : []),
    ...(manifests.kind === 'folder' ? [folder('MANIFESTS', 'manifests')] : []),
    ...(adminToken === null
      ? ['GIMLET_ADMIN_TOKEN is not set; put one: wrangler secret put GIMLET_ADMIN_TOKEN']
      : []),
    ...(config.slack?.appToken
      ? ['SLACK_APP_TOKEN needs a connection that stays open; set SLACK_SIGNING_SECRET instead']
      : []),
    ...helm.map(
      (key) =>
        `${key} is set, and helm cannot run here; take it away, and give manifests with a chart render: helmrelease`,
    ),
  ]
}
