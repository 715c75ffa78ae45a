import { createHmac, randomUUID } from 'node:crypto'
import type { Config, GithubConfig } from '../config.ts'
import { githubApi, probotOf } from '../ingress/github/api.ts'
import { makeLog } from '../log.ts'
import type { GithubApi } from '../messages/github/api.ts'
import { peopleFile } from '../policy/people.ts'
import { type Check, wrong } from './check.ts'
import { appChecks, askApp } from './github-app.ts'
import { branchChecks } from './github-branch.ts'
import { grantChecks } from './github-grants.ts'
import { askInstallations, installationChecks } from './github-installations.ts'
import { repositoryChecks } from './github-repositories.ts'
import { privateKeyFrom, setUpProblem } from './github-set-up.ts'
import { deliveryChecks, hookPath, webhookChecks } from './github-webhook.ts'
import { type Known, peopleChecks } from './people.ts'
import { secretChecks } from './secrets.ts'
import { type Speaker, serverCheck } from './server.ts'
import { type Environment, type Needed, settingsFor } from './settings.ts'

const idFrom = 'copy the App ID, which stands under About in the app’s settings'
const secretFrom = 'choose one, and put it into the app’s settings, too, under Webhook'

const needed: Readonly<Record<string, Needed>> = {
  APP_ID: { from: idFrom, example: '1', again: idFrom },
  PRIVATE_KEY: { from: privateKeyFrom, example: '-----BEGIN', again: privateKeyFrom },
  WEBHOOK_SECRET: { from: secretFrom, example: 'any-secret', again: secretFrom },
}

/** Looks at everything that GitHub needs; GitHub is asked for all of it at once. */
export async function checkGithub(environment: Environment): Promise<readonly Check[]> {
  const partOf = ({ github }: Config) => github
  const { checks, on } = settingsFor(environment, { name: 'GitHub', partOf, needed })
  if (on === null) return checks
  const { config, part: github } = on
  const of = { config, environment }
  const problem = setUpProblem(github)
  const api = problem === null ? apiOf(github) : nobody
  const installing = askInstallations(api)
  const [app, hook, deliveries, installations, branch, server, people] = await Promise.all([
    askApp(api, github),
    webhookChecks(api, config),
    deliveryChecks(api),
    installing,
    installing.then((asked) => branchChecks(api, on, asked)),
    serverCheck({ config, secret: github.secrets[0] }, speaker),
    peopleChecks(of, known),
  ])
  return [
    ...checks,
    ...webhookSecretChecks(github),
    ...(problem === null ? appChecks(app) : [wrong('app', problem)]),
    ...(await grantChecks(app, isWriter(config))),
    ...hook,
    ...deliveries,
    server,
    ...installationChecks(installations, app),
    ...(await repositoryChecks(of, installations)),
    ...branch,
    ...people,
  ]
}

/** Whether the app writes one of the GitOps repositories, as a token writes the others. */
const isWriter = ({ gitops: { writer, repositories } }: Config): boolean =>
  writer === 'github' && repositories.some(({ token }) => token === undefined)

const apiOf = ({ appId, privateKey, secrets: [secret], baseUrl }: GithubConfig): GithubApi => {
  const log = makeLog('silent', [])
  return githubApi(() => probotOf({ appId, privateKey, secret, baseUrl, log }))
}

/** For settings that nobody can be asked with. */
const nobody: GithubApi = {
  call: () => Promise.resolve({ kind: 'unreachable', problem: 'not asked' }),
  callAsApp: () => Promise.resolve({ kind: 'unreachable', problem: 'not asked' }),
}

const webhookSecretChecks = ({ secrets }: GithubConfig): Check[] =>
  secretChecks(secrets, {
    check: 'webhook secret',
    key: 'WEBHOOK_SECRET',
    signer: 'GitHub',
    right: 'is long enough',
    again: 'choose a longer one, here and in the app’s settings under Webhook',
    oddity: () => null,
  })

const speaker: Speaker = {
  name: 'GitHub',
  path: hookPath,
  secretKey: 'WEBHOOK_SECRET',
  say(secret) {
    const body = JSON.stringify({ zen: 'gimlet doctor github' })
    const digest = createHmac('sha256', secret).update(body).digest('hex')
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'ping',
        'x-github-delivery': randomUUID(),
        'x-hub-signature-256': `sha256=${digest}`,
      },
      isTaken: ({ status }) => status === 202,
    }
  },
  withoutHttps:
    'let GitHub send to an https address, so that nobody reads along: set GIMLET_URL to it',
}

const known: Known = {
  where: 'on GitHub',
  hasAccount: ({ github }) => github !== undefined,
  nobody: `so whoever can write to a repository may release its apps, and nobody may do more; put "github": "<login>" into their entries of ${peopleFile}`,
  amiss: () => null,
}
