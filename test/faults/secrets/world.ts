import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { bareGitops } from '../../support/bare-gitops.ts'
import { manifest } from '../../support/builders.ts'
import { gitHost } from '../../support/git-host.ts'
import { githubStandIn } from '../../support/github.ts'
import { shas } from '../../support/github-server.ts'
import { freePort } from '../../support/keyless-server.ts'
import { makeKey } from '../../support/keys.ts'
import { LibsqlHost } from '../../support/libsql-host.ts'
import { oidcIssuer } from '../../support/oidc-issuer.ts'
import { slackStandIn } from '../../support/slack.ts'
import { approvalGate, users } from '../../support/slack-server.ts'
import { sshHost } from '../../support/ssh-host.ts'
import { putFiles, putScript, tempFolder } from '../../support/temp.ts'
import { newCanary, type passingSecrets } from './canaries.ts'
import { watchedPrograms } from './children.ts'
import type { Canary } from './leaks.ts'

/** How the server reaches git and its database. */
export type Variant = 'git over HTTP, a database file' | 'git over ssh, a remote database'
export type World = Awaited<ReturnType<typeof secretWorld>>

/** All that the server talks to, and settings in which every slot has a secret of its own. */
export async function secretWorld(variant: Variant) {
  const folder = await tempFolder()
  const canaries: Canary[] = []
  const canary = (slot: string, start = ''): string => {
    const made = newCanary(slot, start)
    canaries.push(made)
    return made.value
  }
  const slack = await slackStandIn(onTestFinished)
  slack.token = canary('SLACK_BOT_TOKEN', 'xoxb-')
  const github = await githubStandIn(onTestFinished)
  canaries.push({ slot: 'PRIVATE_KEY', value: github.privateKey })
  const repository = github.repository({ fullName: 'example/web', id: 7 })
  for (const login of ['alice', 'bob']) {
    github.user(login)
    github.permission(repository, login, 'write')
  }
  const pull = github.pull({ repository, number: 12, headSha: shas.one, headRef: 'faster', author: 'alice' }) // biome-ignore format: one call
  const issuer = await oidcIssuer(onTestFinished)
  await mkdir(join(folder, 'host'))
  const gitops = await bareGitops(join(folder, 'host', 'gitops.git'), { 'README.md': 'GitOps\n' })
  const charts = await chartSettings(folder, canary)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await putFiles(folder, filesOf(issuer.url))
  const programs = await watchedPrograms(folder, ['git', 'ssh', 'git-remote-http'])
  const way =
    variant === 'git over HTTP, a database file'
      ? await overHttp(folder, canary)
      : await overSsh({ folder, remote: gitops.remote, canary, canaries })
  const secret = { slack: canary('SLACK_SIGNING_SECRET'), github: canary('WEBHOOK_SECRET') }
  const former = {
    slack: canary('SLACK_SIGNING_SECRET_PREVIOUS'),
    github: canary('WEBHOOK_SECRET_PREVIOUS'),
  }
  const environment: Record<string, string> = {
    PATH: `${programs}:${process.env.PATH}`,
    ...{ PORT: String(port), GIMLET_URL: url, LOG_LEVEL: 'trace', GITOPS_BRANCH: 'main' },
    ...{ POLICIES: join(folder, 'policies'), MANIFESTS: join(folder, 'manifests') },
    GIMLET_ADMIN_TOKEN: canary('GIMLET_ADMIN_TOKEN', 'gimlet_'),
    ...{ SLACK_BOT_TOKEN: slack.token, SLACK_API_URL: slack.apiUrl, SLACK_CHANNEL: '#releases' },
    SLACK_SIGNING_SECRET: secret.slack,
    SLACK_SIGNING_SECRET_PREVIOUS: former.slack,
    ...{ APP_ID: '1', PRIVATE_KEY: github.privateKey, WEBHOOK_SECRET: secret.github },
    WEBHOOK_SECRET_PREVIOUS: former.github,
    ...{ GHE_HOST: github.host, GHE_PROTOCOL: 'http' },
    OIDC_ISSUERS: JSON.stringify([{ issuer: issuer.url, kind: 'github' }]),
    ...charts,
    ...way.environment,
  }
  return {
    ...{ folder, canaries, slack, github, repository, pull, issuer, gitops, url, environment },
    ...{ secret, former, way, calls: join(programs, 'calls'), dataDir: join(folder, 'data') },
    /** A secret that is made while the server runs. */
    made: (slot: (typeof passingSecrets)[number], value: string) =>
      void canaries.push({ slot, value }),
    slackSender: slack.sender(`${url}/slack/events`, { secret: secret.slack }),
    githubSender: github.sender(`${url}/api/github/webhooks`, { secret: secret.github }),
  }
}

type Make = (slot: string, start?: string) => string

const filesOf = (issuer: string) => ({
  'policies/people.json': JSON.stringify({
    people: [
      { login: 'alice', github: 'alice', slack: { team: 'T0001', user: users.alice }, roles: ['releaser'] }, // biome-ignore format: one row
      { login: 'bob', github: 'bob', slack: { team: 'T0001', user: users.bob }, roles: ['approver'] }, // biome-ignore format: one row
      { login: 'cluster', roles: ['cluster'] },
    ],
  }),
  'policies/ci.json': JSON.stringify({ ci: [{ issuer, repository: 'acme/web', repositoryId: 7 }] }),
  'policies/approval.json': approvalGate,
  'manifests/web-staging.yaml': manifest({ env: 'staging', extra: 'repository: example/web\n' }),
  'manifests/web-production.yaml': manifest({ extra: 'repository: example/web\n' }),
  'manifests/redis-staging.yaml': `app: redis
env: staging
repository: owner/redis
chart:
  repository: http://127.0.0.1:9
  name: redis
  version: 1.2.3
`,
})

/** A helm whose repository refuses, and says back what it was shown. */
async function chartSettings(folder: string, canary: Make) {
  const [username, password] = ['usernameFile', 'passwordFile'].map((file) =>
    canary(`CHART_REPOSITORIES.${file}`),
  )
  await putFiles(folder, { 'charts/username': `${username}\n`, 'charts/password': `${password}\n` })
  await putScript(
    folder,
    'charts/helm',
    `#!/bin/sh
{ cat /proc/$$/cmdline /proc/$$/environ; echo; } >>${folder}/programs/calls
case "$1" in version) echo 'v3.19.0'; exit 0;; esac
echo "Error: 401 unauthorized: ${username} ${password} $(printf %s:%s '${username}' '${password}' | base64 -w0)" >&2
exit 1
`,
  )
  const repository = {
    url: 'http://127.0.0.1:9',
    usernameFile: join(folder, 'charts/username'),
    passwordFile: join(folder, 'charts/password'),
  }
  return {
    HELM_BIN: join(folder, 'charts/helm'),
    CHART_REPOSITORIES: JSON.stringify([repository]),
  }
}

async function overHttp(folder: string, canary: Make) {
  const token = canary('GITOPS_TOKEN', 'glpat-')
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  let isRefusing = false
  const host = await gitHost(join(folder, 'host'), ({ request, response }) => {
    if (!isRefusing && request.headers.authorization === `Basic ${basic}`) return false
    response.writeHead(403, { 'content-type': 'text/plain', 'x-shown': basic })
    const shown = `${request.headers.authorization} ${token} ${basic}`
    response.end(`${shown}\nis not let in\n`)
    return true
  })
  return {
    environment: { GITOPS_REPO: `${host.url}/gitops.git`, GITOPS_TOKEN: token },
    /** The host lets nobody in, and says what it was shown. */
    refuse: (is: boolean) => {
      isRefusing = is
    },
    /** What a hook of the host says when it takes no push. */
    hookSays: `${token} ${basic}`,
    asked: () => host.asked.map(({ path, agent }) => ({ path, agent })),
    database: null,
  }
}

type OverSsh = {
  readonly folder: string
  readonly remote: string
  readonly canary: Make
  readonly canaries: Canary[]
}

async function overSsh({ folder, remote, canary, canaries }: OverSsh) {
  const host = await sshHost(folder)
  const signing = await makeKey(folder, 'signing')
  const files = { GITOPS_SSH_KEY_FILE: host.keyFile, GITOPS_SIGNING_KEY_FILE: signing }
  for (const [slot, file] of Object.entries(files))
    canaries.push({ slot, value: await readFile(file, 'utf8') })
  await putFiles(folder, { '.ssh/config': '' })
  const token = canary('GIMLET_DB_TOKEN')
  const database = await new LibsqlHost(join(folder, 'remote.db'), { token }).listen()
  onTestFinished(() => database.stop())
  return {
    environment: {
      ...{ GITOPS_REPO: host.url(remote), GITOPS_AUTHOR: 'Gimlet <gimlet@example.com>' },
      ...{ ...files, GIMLET_DB_URL: database.url, GIMLET_DB_TOKEN: token },
    },
    refuse: (is: boolean) => void host.answerBy(is ? 'exit 1' : 'exec sh -c "$SSH_ORIGINAL_COMMAND"'), // biome-ignore format: one value
    hookSays: 'no',
    asked: () => [],
    database,
  }
}
