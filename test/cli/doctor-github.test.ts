import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { eventLosses, permissionLosses, wantedGrants } from '../../src/doctor/github-grants.ts'
import { plain } from '../../src/messages/paint.ts'
import { manifest } from '../support/builders.ts'
import type { GithubStandIn } from '../support/github.ts'
import { githubSecret, githubServer } from '../support/github-server.ts'
import type { Repository } from '../support/github-state.ts'
import { testServer } from '../support/server.ts'
import { tempGitops } from '../support/temp.ts'

type Environment = Record<string, string>

const people = JSON.stringify({
  people: [
    { login: 'alice', github: 'alice-of-github', roles: ['releaser'] },
    { login: 'bob', github: 'bob', roles: ['approver'] },
    { login: 'carol', roles: ['releaser'] },
  ],
})
const nobodysKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString()

/** A server, and an app on GitHub that is as app.yml says and installed where it should be. */
async function started() {
  // The server itself must not take a fault that is meant for the doctor.
  const environment = { GHE_HOST: '127.0.0.1:1' }
  const policies = { 'people.json': people }
  const { server, github, repository } = await githubServer(
    { environment, policies },
    onTestFinished,
  )
  const gitops = github.repository({ fullName: 'example/gitops', private: true })
  github.hook = { ...github.hook, url: `${server.url}/api/github/webhooks`, secret: githubSecret }
  github.delivery({ event: 'ping' })
  github.delivery({ event: 'push' })
  const settings: Environment = {
    APP_ID: '1',
    PRIVATE_KEY: github.privateKey,
    WEBHOOK_SECRET: githubSecret,
    GHE_HOST: github.host,
    GHE_PROTOCOL: 'http',
    GIMLET_URL: server.url,
    GITOPS_REPO: `http://${github.host}/example/gitops.git`,
    POLICIES: join(server.folder, 'policies'),
    MANIFESTS: join(server.folder, 'manifests'),
  }
  return { server, github, repository, gitops, settings }
}

/** Runs the doctor and answers its lines; none may hold any part of a secret. */
async function doctor(environment: Environment, ...words: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    paint: plain,
    environment,
  }
  const code = await run(['doctor', 'github', ...words], terminal)
  const said = [...out, ...err].join('\n')
  for (const part of secretParts(environment)) expect(said).not.toContain(part)
  return { code, out, err }
}

const secretParts = ({ PRIVATE_KEY = '', ...environment }: Environment): string[] => [
  ...[environment.WEBHOOK_SECRET, environment.WEBHOOK_SECRET_PREVIOUS]
    .flatMap((secret) => secret || [])
    .map((secret) => secret.slice(0, 6)),
  ...PRIVATE_KEY.split('\n').filter((line) => line !== '' && !line.startsWith('-----')),
]

/** Something else that answers every request alike. */
async function someone(status: number, body: string) {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('gimlet doctor github', () => {
  it('finds nothing wrong with what is set up right', async () => {
    const { server, settings } = await started()
    const { code, out, err } = await doctor(settings)
    expect(out).toEqual([
      '✓ settings: can be used, and GitHub is on',
      '✓ webhook secret: WEBHOOK_SECRET is long enough',
      '✓ app: is gimlet of example, and PRIVATE_KEY is one of its keys',
      '✓ permissions: are those of app.yml',
      '✓ events: are those of app.yml',
      `✓ webhook: goes to ${server.url}/api/github/webhooks, as JSON`,
      '✓ deliveries: the last 2 arrived',
      `! server: takes what GitHub signs, and nothing else, at ${server.url}/api/github/webhooks; let GitHub send to an https address, so that nobody reads along: set GIMLET_URL to it`,
      '✓ installations: the app is installed in example, with 2 repositories',
      '✓ repositories: the app is installed in all that manifests name: example/web',
      '✓ GitOps repository: main of example/gitops can neither be rewritten nor deleted',
      '✓ people: 2 people have an account on GitHub: alice, bob',
    ])
    expect([code, err]).toEqual([0, []])
  })

  it('asks GitHub and changes nothing there', async () => {
    const { github, settings } = await started()
    await doctor(settings)
    const changing = github.calls.filter(({ method }) => method !== 'GET')
    expect(changing.map(({ path }) => path)).toEqual(['/app/installations/42/access_tokens'])
  })

  it('prints the same as JSON, and looks at everything when GitHub is away', async () => {
    const { github, settings } = await started()
    github.down()
    const { code, out } = await doctor(settings, '--output', 'json')
    const checks = JSON.parse(out.join('\n')) as { check: string; verdict: string }[]
    expect(code).toBe(1)
    expect(checks.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
      'settings fine',
      'webhook secret fine',
      'app wrong',
      'permissions warning',
      'webhook warning',
      'deliveries warning',
      'server warning',
      'installations warning',
      'people fine',
    ])
  })
})

type Row = {
  readonly name: string
  readonly given?: Environment
  /** What is otherwise on GitHub. */
  readonly change?: (github: GithubStandIn, gitops: Repository) => void
  /** A line; `{server}` and `{github}` are their addresses. */
  readonly want: string
}

const shortOf = (name: string) => (github: GithubStandIn) => {
  const { [name]: _, ...rest } = github.permissions
  github.permissions = rest
}
const deaf = (name: string) => (github: GithubStandIn) => {
  github.events = github.events.filter((one) => one !== name)
}
const failed = { status: 'Invalid HTTP Response', delivered_at: '2026-11-23T12:00:00Z' }

const rows: readonly Row[] = [
  {
    name: 'no id',
    given: { APP_ID: '' },
    want: '✗ settings: APP_ID is not set: copy the App ID, which stands under About in the app’s settings',
  },
  {
    name: 'no key',
    given: { PRIVATE_KEY: '' },
    want: '✗ settings: PRIVATE_KEY is not set: generate one in the app’s settings under Private keys',
  },
  {
    name: 'no secret',
    given: { WEBHOOK_SECRET: '' },
    want: '✗ settings: WEBHOOK_SECRET is not set: choose one, and put it into the app’s settings, too, under Webhook',
  },
  {
    name: 'an id that is none',
    given: { APP_ID: 'gimlet' },
    want: '✗ settings: APP_ID is "gimlet"; expected the number of the GitHub App; copy the App ID, which stands under About in the app’s settings',
  },
  {
    name: 'a key that is none',
    given: { PRIVATE_KEY: 'SHA256:0123456789' },
    want: '✗ settings: PRIVATE_KEY is a value that is not shown; expected the PEM of the GitHub App’s private key; generate one in the app’s settings under Private keys',
  },
  {
    name: 'a secret that anyone knows',
    given: { WEBHOOK_SECRET: 'development' },
    want: '✗ settings: WEBHOOK_SECRET is a value that is not shown; expected a secret of at least 8 characters that nobody can guess; choose one, and put it into the app’s settings, too, under Webhook',
  },
  {
    name: 'a setting that is wrong, which does not keep the rest from being looked at',
    given: { SLACK_CHANNEL: 'production' },
    want: '✓ app: is gimlet of example, and PRIVATE_KEY is one of its keys',
  },
  {
    name: 'a short secret (R1)',
    given: { WEBHOOK_SECRET: 'eight-or-more' },
    want: '! webhook secret: WEBHOOK_SECRET has fewer than 24 characters; choose a longer one, here and in the app’s settings under Webhook',
  },
  {
    name: 'a secret of before that is still there',
    given: { WEBHOOK_SECRET_PREVIOUS: 'the-webhook-secret-of-before' },
    want: '! webhook secret: WEBHOOK_SECRET_PREVIOUS is still taken; remove it once GitHub signs with the new one',
  },
  {
    name: 'a key that was cut',
    given: {
      PRIVATE_KEY: '-----BEGIN RSA PRIVATE KEY-----\\nMIIcut\\n-----END RSA PRIVATE KEY-----',
    },
    want: '✗ app: PRIVATE_KEY is no whole RSA key: its lines may be cut; copy the .pem file again, or generate one in the app’s settings under Private keys',
  },
  {
    name: 'the key of another app',
    given: { PRIVATE_KEY: nobodysKey() },
    want: '✗ app: GitHub does not take PRIVATE_KEY for the app 1; correct APP_ID, or generate one in the app’s settings under Private keys and put it into PRIVATE_KEY; if both are right, set this machine’s clock',
  },
  {
    name: 'the id of no app',
    change: (github) =>
      github.fail('GET', /^\/app$/, { status: 404, message: 'Integration not found' }),
    want: '✗ app: GitHub knows no app 1; copy the App ID into APP_ID again, or correct GHE_HOST',
  },
  {
    name: 'nobody at GHE_HOST',
    given: { GHE_HOST: '127.0.0.1:1' },
    want: '✗ app: nobody answers at http://127.0.0.1:1; let this machine reach it, or correct GHE_HOST',
  },
  {
    name: 'an address instead of a host',
    given: { GHE_HOST: 'https://github.example.com' },
    want: '✗ settings: GHE_HOST is "https://github.example.com"; expected a host name such as github.example.com',
  },
  {
    name: 'GitHub that is broken',
    change: (github) => github.fail('GET', /^\/app$/, { status: 502 }),
    want: '✗ app: {github} answers 502; try again in a minute',
  },
  {
    name: 'a page instead of an answer',
    change: (github) => github.fail('GET', /^\/app$/, { html: true }),
    want: '✗ app: what answers at {github} is not GitHub’s API; let this machine reach it, or correct GHE_HOST',
  },
  {
    name: 'GitHub that asks to wait',
    change: (github) => github.fail('GET', /^\/app$/, { status: 429, retryAfter: 30 }),
    want: '! app: is not known: GitHub asks to wait; look again in 30 s',
  },
  {
    name: 'permissions that are not known',
    change: (github) => github.fail('GET', /^\/app$/, { status: 502 }),
    want: '! permissions: and events are not known; correct the app first',
  },
  {
    name: 'a permission that is needed and missing',
    change: shortOf('issues'),
    want: '✗ permissions: issues: write is missing, so it cannot react to comments; set it to write in the app’s settings under Permissions & events, and accept it where the app is installed',
  },
  {
    name: 'a permission that is missing and may be',
    change: shortOf('checks'),
    want: '! permissions: checks: write is missing, so nobody sees what a merge would release; set it to write in the app’s settings under Permissions & events, and accept it where the app is installed',
  },
  {
    name: 'a permission to read what is to be written',
    change(github) {
      github.permissions = { ...github.permissions, deployments: 'read' }
    },
    want: '! permissions: deployments is read, not write, so releases are not shown as deployments; set it to write in the app’s settings under Permissions & events, and accept it where the app is installed',
  },
  {
    name: 'a permission to write what is only read (R26)',
    change(github) {
      github.permissions = { ...github.permissions, contents: 'write' }
    },
    want: '! permissions: contents: write is more than is needed; set it to read in the app’s settings under Permissions & events',
  },
  {
    name: 'a permission too much (R26)',
    change(github) {
      github.permissions = { ...github.permissions, members: 'read' }
    },
    want: '! permissions: members is more than is needed; remove it in the app’s settings under Permissions & events',
  },
  {
    name: 'an event that is needed and missing',
    change: deaf('issue_comment'),
    want: '✗ events: issue_comment is missing, so it hears no commands; tick it in the app’s settings under Permissions & events',
  },
  {
    name: 'an event that is missing and may be',
    change: deaf('delete'),
    want: '! events: delete is missing, so cleanup policies learn late of deleted branches; tick it in the app’s settings under Permissions & events',
  },
  {
    name: 'an event too much (R26)',
    change: (github) => void github.events.push('star'),
    want: '! events: star is more than is needed; remove it in the app’s settings under Permissions & events',
  },
  {
    name: 'a webhook to somewhere else, whose password is not told',
    change(github) {
      github.hook.url = 'https://me:hunter2@old.example.com/api/github/webhooks?token=hunter3'
    },
    want: '✗ webhook: goes to https://old.example.com/api/github/webhooks, not to {server}/api/github/webhooks; correct its URL in the app’s settings under Webhook, or GIMLET_URL',
  },
  {
    name: 'no webhook',
    change(github) {
      delete github.hook.url
    },
    want: '✗ webhook: goes nowhere; make it active in the app’s settings under Webhook, with the URL {server}/api/github/webhooks',
  },
  {
    name: 'a webhook that sends a form',
    change(github) {
      github.hook.content_type = 'form'
    },
    want: '✗ webhook: does not send JSON; set its content type to application/json in the app’s settings under Webhook',
  },
  {
    name: 'a webhook that trusts anyone',
    change(github) {
      github.hook.insecure_ssl = '1'
    },
    want: '! webhook: does not verify the server’s certificate; enable SSL verification in the app’s settings under Webhook',
  },
  {
    name: 'an address of the server that is not known',
    given: { GIMLET_URL: '', PORT: '0' },
    want: '! webhook: goes to {server}/api/github/webhooks; set GIMLET_URL, so that it can be compared with it',
  },
  {
    name: 'a webhook that GitHub does not show',
    change: (github) => github.fail('GET', /hook\/config$/, { status: 403, message: 'Not you' }),
    want: '! webhook: is not known: GitHub says 403 (Not you); look again in a minute',
  },
  {
    name: 'a delivery that has just been refused',
    change: (github) =>
      void github.delivery({ ...failed, event: 'issue_comment', status_code: 401 }),
    want: '✗ deliveries: 1 of the last 3 failed; the newest of them (issue_comment, 2026-11-23T12:00:00Z) ended with 401: set the secret in the app’s settings under Webhook to the WEBHOOK_SECRET of the server',
  },
  {
    name: 'deliveries that nobody took, and one that somebody took',
    change(github) {
      const down = { ...failed, status: 'failed to connect to host', status_code: 0 }
      github.delivery({ ...down, event: 'push' })
      github.delivery({ ...down, event: 'delete' })
      github.delivery({ event: 'push' })
    },
    want: '! deliveries: 2 of the last 5 failed; the newest of them (delete, 2026-11-23T12:00:00Z) ended with failed to connect to host, and 1 arrived since; if it goes on, make sure that GitHub reaches the server; Recent Deliveries in the app’s settings, under Advanced, has the answer',
  },
  {
    name: 'a server that ran without GitHub',
    change: (github) => void github.delivery({ ...failed, event: 'push', status_code: 404 }),
    want: '✗ deliveries: 1 of the last 3 failed; the newest of them (push, 2026-11-23T12:00:00Z) ended with 404: correct the webhook’s URL, or start the server with GitHub’s settings',
  },
  {
    name: 'a delivery that arrived when it was sent again',
    change(github) {
      const { guid } = github.delivery({ ...failed, event: 'push', status_code: 502 })
      github.delivery({ event: 'push', guid, redelivery: true })
    },
    want: '✓ deliveries: the last 3 arrived',
  },
  {
    name: 'a delivery that failed again when it was sent again',
    change(github) {
      const { guid } = github.delivery({ ...failed, event: 'push', status_code: 502 })
      github.delivery({ event: 'delete' })
      github.delivery({ ...failed, event: 'push', guid, status_code: 503, redelivery: true })
    },
    want: '✗ deliveries: 1 of the last 4 failed; the newest of them (push, 2026-11-23T12:00:00Z) ended with 503: make sure that GitHub reaches the server; Recent Deliveries in the app’s settings, under Advanced, has the answer',
  },
  {
    name: 'one delivery',
    change: (github) => void github.deliveries.splice(1),
    want: '✓ deliveries: the last one arrived',
  },
  {
    name: 'no deliveries',
    change: (github) => void github.deliveries.splice(0),
    want: '✓ deliveries: there were none in the last days',
  },
  {
    name: 'a server that does not run',
    given: { GIMLET_URL: 'http://127.0.0.1:1' },
    want: '✗ server: the server is not running here: nobody answers at http://127.0.0.1:1. Start it, or correct GIMLET_URL',
  },
  {
    name: 'an address with a password, which is not told',
    given: { GIMLET_URL: 'http://me:hunter2@127.0.0.1:1' },
    want: '✗ server: the server is not running here: nobody answers at http://127.0.0.1:1. Start it, or correct GIMLET_URL',
  },
  {
    name: 'a server with another secret',
    given: { WEBHOOK_SECRET: 'the-webhook-secret-of-another' },
    want: '✗ server: the server does not know the WEBHOOK_SECRET of here; start it again, with the same settings ({server}/api/github/webhooks)',
  },
  {
    name: 'a port that is not known',
    given: { GIMLET_URL: '', PORT: '0' },
    want: '! server: was not asked: its port is not known here; set GIMLET_URL',
  },
  {
    name: 'an app that is installed nowhere',
    change: (github) => void github.installations.splice(0),
    want: '✗ installations: there is none, so nothing is heard; install the app at {github}/github-apps/gimlet/installations/new',
  },
  {
    name: 'an installation that is suspended',
    change: (github) =>
      void github.installations.push({ id: 43, account: 'acme', isSuspended: true }),
    want: '! installations: acme has suspended the app, so nothing works there; unsuspend it at {github}/organizations/acme/settings/installations/43',
  },
  {
    name: 'an installation that is behind',
    change(github) {
      const { checks: _, deployments: __, ...accepted } = github.permissions
      github.installations.push({ id: 43, account: 'acme', isSuspended: false, accepted })
    },
    want: '! installations: acme has not accepted the app’s permissions of now (deployments, checks); accept them at {github}/organizations/acme/settings/installations/43',
  },
  {
    name: 'an installation that does not show its repositories',
    change: (github) => github.fail('GET', /^\/installation\/repositories$/, { status: 502 }),
    want: '! installations: the repositories of example were not looked at; look at {github}/organizations/example/settings/installations/42',
  },
  {
    name: 'installations that are not known',
    change: (github) => github.fail('GET', /^\/app\/installations$/, { status: 502 }),
    want: '! installations: are not known: GitHub did not say; correct what is wrong here, or look again in a minute',
  },
  {
    name: 'a repository without the app',
    change: (github) => void github.repositories.splice(0, 1),
    want: '! repositories: the app is not installed in example/web, which a manifest names; add it to the installation, or correct the manifest',
  },
  {
    name: 'repositories that were not all looked at',
    change: (github) => github.fail('GET', /^\/installation\/repositories$/, { status: 502 }),
    want: '! repositories: whether the app is installed in example/web is not known: not all repositories were looked at; look in the settings of the installation',
  },
  {
    name: 'manifests that cannot be read',
    given: { MANIFESTS: '/nowhere' },
    want: '✗ repositories: the manifests could not be read (reading the folder /nowhere); correct MANIFESTS',
  },
  {
    name: 'manifests in a repository that was not fetched',
    given: { MANIFESTS: 'gitops:manifests', GIMLET_DATA_DIR: '/nowhere' },
    want: '! repositories: are named by manifests in the GitOps repository, which the server gets when it starts; start it',
  },
  {
    name: 'a GitOps branch that nothing protects (R26)',
    change(_, gitops) {
      gitops.isProtected = false
    },
    want: '! GitOps repository: main of example/gitops can be rewritten by a force push and be deleted; forbid it with a ruleset, in the repository’s settings under Rules',
  },
  {
    name: 'a GitOps branch whose rules are not enough (R26)',
    change(_, gitops) {
      gitops.isProtected = false
      gitops.rules.set('main', ['commit_message_pattern', 'non_fast_forward'])
    },
    want: '! GitOps repository: main of example/gitops can be deleted; forbid it with a ruleset, in the repository’s settings under Rules',
  },
  {
    name: 'a GitOps branch with a slash that rules protect',
    given: { GITOPS_BRANCH: 'env/all' },
    change(_, gitops) {
      gitops.branches.set('env/all', 'a'.repeat(40))
      gitops.rules.set('env/all', ['deletion', 'non_fast_forward'])
    },
    want: '✓ GitOps repository: env/all of example/gitops can neither be rewritten nor deleted',
  },
  {
    name: 'a GitOps branch that is not there',
    given: { GITOPS_BRANCH: 'nowhere' },
    want: '! GitOps repository: nowhere of example/gitops could not be looked at; see that its rules on GitHub forbid force pushes and deletion',
  },
  {
    name: 'rules that may not be read',
    change(github, gitops) {
      gitops.isProtected = false
      github.fail('GET', /rules/, { status: 403, message: 'Upgrade to GitHub Pro' })
    },
    want: '! GitOps repository: main of example/gitops could not be looked at; see that its rules on GitHub forbid force pushes and deletion',
  },
  {
    name: 'policies that cannot be read',
    given: { POLICIES: '/nowhere' },
    want: '✗ people: the policies could not be read (reading the folder /nowhere); correct POLICIES',
  },
]

describe('what is wrong is told with what to do', () => {
  test.each(rows)('$name', async ({ given, change, want }) => {
    const { server, github, gitops, settings } = await started()
    change?.(github, gitops)
    const { code, out } = await doctor({ ...settings, ...given })
    expect(out).toContain(
      want.replaceAll('{github}', github.origin).replaceAll('{server}', server.url),
    )
    expect(out.join('\n')).not.toContain('hunter')
    expect(code).toBe(out.some((line) => line.startsWith('✗')) ? 1 : 0)
  })

  it('nothing at all is set', async () => {
    const { code, out } = await doctor({})
    expect([code, out.length]).toEqual([1, 3])
  })

  it.each([
    {
      name: 'something that takes whatever it is sent',
      status: 202,
      want: 'takes what GitHub did not sign; make sure that GIMLET_URL is GimletD’s',
    },
    {
      name: 'something else than the server',
      status: 200,
      want: 'is not GimletD (status 200); correct GIMLET_URL',
    },
  ])('$name', async ({ status, want }) => {
    const { settings } = await started()
    const url = await someone(status, '{}')
    const { out } = await doctor({ ...settings, GIMLET_URL: url })
    expect(out).toContain(`✗ server: what answers at ${url}/api/github/webhooks ${want}`)
  })

  it('a server that was started without GitHub', async () => {
    const { settings } = await started()
    const { url } = await testServer({}, onTestFinished)
    const { out } = await doctor({ ...settings, GIMLET_URL: url })
    expect(out).toContain(
      `✗ server: the server at ${url}/api/github/webhooks runs without GitHub; start it again, with the settings of here`,
    )
  })
})

describe('which repositories count', () => {
  it('are none when no manifest names one', async () => {
    const { server, settings } = await started()
    await server.putManifests({
      'web-staging.yaml': manifest({ extra: 'repository: web\n' }),
      'web-production.yaml': null,
    })
    expect((await doctor(settings)).out).toContain(
      '! repositories: no manifest names one, so each app belongs to the repository of its name; write repository: owner/name into the manifests',
    )
  })

  it('are those of every page and installation, whatever the case', async () => {
    const { server, github, settings } = await started()
    github.installations.push({ id: 43, account: 'acme', isSuspended: false })
    for (let count = 0; count < 120; count++)
      github.repository({ fullName: `acme/app-${count}`, installationId: 43 })
    await server.putManifests({
      'last.yaml': manifest({ app: 'last', extra: 'repository: Acme/App-119\n' }),
    })
    const { out } = await doctor(settings)
    expect(out).toContain('✓ installations: the app is installed in acme, with 120 repositories')
    expect(out).toContain(
      '✓ repositories: the app is installed in all that manifests name: Acme/App-119, example/web',
    )
  })

  it.each([
    ['another host', 'https://git.example.com/example/gitops.git'],
    ['this machine', '/var/lib/example/gitops'],
    ['a repository without the app', 'http://127.0.0.1/example/other'],
  ])('do not have a GitOps repository of %s', async (_, url) => {
    const { settings } = await started()
    const { out } = await doctor({ ...settings, GITOPS_REPO: url })
    expect(out.filter((line) => line.includes('GitOps'))).toEqual([])
  })

  it.each([
    ['git@127.0.0.1:example/gitops.git'],
    ['ssh://git@127.0.0.1:22/example/gitops'],
    ['http://127.0.0.1/Example/GitOps/'],
  ])('have the GitOps repository at %s', async (url) => {
    const { settings } = await started()
    const { out } = await doctor({ ...settings, GITOPS_REPO: url })
    expect(out.filter((line) => line.startsWith('✓ GitOps repository'))).toHaveLength(1)
  })
})

describe('who is known on GitHub', () => {
  it('may be nobody', async () => {
    const { server, settings } = await started()
    await server.putPolicies({ 'people.json': '{ "people": [{ "login": "alice" }] }' })
    expect((await doctor(settings)).out.at(-1)).toBe(
      '! people: nobody of people.json has an account on GitHub, so whoever can write to a repository may release its apps, and nobody may do more; put "github": "<login>" into their entries of people.json',
    )
  })

  it('is read from the GitOps repository, as the server saw it last', async () => {
    const gitops = await tempGitops()
    const { settings } = await started()
    await gitops.someoneCommits({ 'policies/people.json': people })
    await gitops.writer.tip()
    const place = { POLICIES: 'gitops:policies', GIMLET_DATA_DIR: gitops.folder }
    expect((await doctor({ ...settings, ...place })).out.at(-1)).toBe(
      '✓ people: 2 people have an account on GitHub: alice, bob',
    )
  })
})

describe('with GITOPS_WRITER=github', () => {
  test.each([
    { name: 'the app may write', level: 'write', want: '✓ permissions: are those of app.yml' },
    {
      name: 'the app may only read',
      level: 'read',
      want: '✗ permissions: contents is read, not write, so it cannot write the GitOps repository; set it to write in the app’s settings under Permissions & events, and accept it where the app is installed',
    },
    {
      name: 'a token writes',
      level: 'read',
      set: { GITOPS_TOKEN: 'a-token-of-the-tests' },
      want: '✓ permissions: are those of app.yml',
    },
  ] as const)('where $name', async ({ level, want, ...given }) => {
    const { github, settings } = await started()
    github.permissions = { ...github.permissions, contents: level }
    const set = 'set' in given ? given.set : {}
    const { out } = await doctor({ ...settings, GITOPS_WRITER: 'github', ...set })
    expect(out).toContain(want)
  })
})

describe('app.yml', () => {
  it('asks for the permissions and events of which the doctor knows what they are for', async () => {
    const { permissions, events } = await wantedGrants()
    expect(Object.keys(permissions)).toEqual(Object.keys(permissionLosses))
    expect(events).toEqual(Object.keys(eventLosses))
  })

  it('is what the stand-in of the tests has, and is in the package', async () => {
    const { github } = await started()
    const { permissions, events } = await wantedGrants()
    expect([github.permissions, github.events]).toEqual([permissions, events])
    const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] }
    expect(files).toContain('app.yml')
  })
})
