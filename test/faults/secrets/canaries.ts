import { randomBytes } from 'node:crypto'
import type { Canary } from './leaks.ts'

/** Settings whose value is a secret; those with a dot lie inside a list. */
export const secretSettings = [
  'GIMLET_ADMIN_TOKEN',
  'GIMLET_DB_TOKEN',
  'GITOPS_TOKEN',
  'GITOPS_REPOS.token',
  'SLACK_SIGNING_SECRET',
  'SLACK_SIGNING_SECRET_PREVIOUS',
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'PRIVATE_KEY',
  'WEBHOOK_SECRET',
  'WEBHOOK_SECRET_PREVIOUS',
] as const

/** Settings that name a file with a secret in it. */
export const secretFiles = [
  'GITOPS_SSH_KEY_FILE',
  'GITOPS_SIGNING_KEY_FILE',
  'GITOPS_REPOS.sshKeyFile',
  'CHART_REPOSITORIES.usernameFile',
  'CHART_REPOSITORIES.passwordFile',
] as const

/** Secrets that no setting holds: they are made by the server, or shown to it. */
export const passingSecrets = [
  'the token of a user',
  'the former token of a user',
  'the token of a user who is removed',
  'the token of a CI',
  'the token of a cluster (Flux and Argo CD)',
  'the OIDC token of a run',
  'an installation token of GitHub',
] as const

/** Settings that anybody may see. */
export const openSettings = [
  ...['PORT', 'HOST', 'GIMLET_URL', 'GIMLET_DATA_DIR', 'GIMLET_DB_URL', 'GIMLET_LEASE_SECONDS'],
  ...['GITOPS_REPO', 'GITOPS_BRANCH', 'GITOPS_AUTHOR', 'GITOPS_REPOS', 'GITOPS_WRITER'],
  ...['GITOPS_REPOS.environments', 'GITOPS_REPOS.repo', 'GITOPS_REPOS.branch'],
  ...['GITOPS_LAYOUT', 'GITOPS_DRIFT', 'POLICIES', 'MANIFESTS', 'HELM_BIN', 'HELM_KUBE_VERSION'],
  ...['HELM_API_VERSIONS', 'CHART_REPOSITORIES', 'CHART_REPOSITORIES.url'],
  ...['CHART_REPOSITORIES.caFile', 'OIDC_ISSUERS', 'OIDC_ISSUERS.issuer', 'OIDC_ISSUERS.kind'],
  ...['LOG_LEVEL', 'SLACK_API_URL', 'SLACK_CHANNEL', 'SLACK_CHANNEL.channel'],
  ...['SLACK_CHANNEL.env', 'SLACK_CHANNEL.app', 'SLACK_COMMAND', 'APP_ID', 'GHE_HOST'],
  'GHE_PROTOCOL',
]

/** A secret of its own for a slot, as long as such secrets are. */
export const newCanary = (slot: string, start = ''): Canary => ({
  slot,
  value: `${start}${randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x')}`,
})
