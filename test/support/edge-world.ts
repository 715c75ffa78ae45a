import { join } from 'node:path'
import { apiClient } from './api-client.ts'
import { bareGitops } from './bare-gitops.ts'
import { manifest } from './builders.ts'
import { githubStandIn } from './github.ts'
import { githubSecret } from './github-server.ts'
import { LibsqlHost } from './libsql-host.ts'
import { slackStandIn } from './slack.ts'
import { people, slackSecret } from './slack-server.ts'
import { type Later, tempFolder } from './temp.ts'
import { startWorkerd } from './workerd.ts'

export type EdgeWorld = Awaited<ReturnType<typeof edgeWorld>>

type Files = Readonly<Record<string, string>>
type Given = {
  readonly policies?: Files
  readonly manifests?: Files
  /** More of the settings, or others. */
  readonly settings?: Files
}

const adminToken = 'gimlet_the-admin-of-the-edge-tests-0123456789'
const databaseToken = 'the-database-token-of-the-tests'

/** All that the product on the edge lives in: libSQL, GitHub with the GitOps repository, Slack, and workerd. */
export async function edgeWorld({ policies = {}, manifests, settings }: Given, later: Later) {
  const folder = await tempFolder(later)
  const file = join(folder, 'gimlet.db')
  const libsql = await new LibsqlHost(file, { token: databaseToken }).listen()
  later(() => libsql.stop())
  const github = await githubStandIn(later)
  // To commit is more than the app asks for by itself.
  github.permissions = { ...github.permissions, contents: 'write' }
  const slack = await slackStandIn(later)
  const repository = github.repository({ fullName: 'example/gitops', id: 1 })
  const gitops = await bareGitops(join(folder, 'gitops.git'), {
    ...below('policies', { 'people.json': people(), ...policies }),
    ...below('manifests', manifests ?? { 'web.yaml': manifest() }),
  })
  repository.folder = gitops.remote
  const vars = {
    ...{
      GIMLET_ADMIN_TOKEN: adminToken,
      GIMLET_DB_URL: libsql.url,
      GIMLET_DB_TOKEN: databaseToken,
    },
    ...{ GITOPS_REPO: `${github.origin}/example/gitops`, LOG_LEVEL: 'debug' },
    ...{ APP_ID: '1', PRIVATE_KEY: github.privateKey, WEBHOOK_SECRET: githubSecret },
    ...{ GHE_HOST: github.host, GHE_PROTOCOL: 'http' },
    ...{ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.token },
    ...{ SLACK_SIGNING_SECRET: slackSecret, ...settings },
  }
  const worker = await startWorkerd('ships', { vars }, later)
  return {
    ...{ worker, github, slack, libsql, repository, gitops, vars, file, folder },
    ...apiClient({ url: worker.url, adminToken }),
    slackSender: slack.sender(`${worker.url}/slack/events`, { secret: slackSecret }),
    githubSender: github.sender(`${worker.url}/api/github/webhooks`, { secret: githubSecret }),
  }
}

const below = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))
