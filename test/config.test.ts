import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Config, readConfig } from '../src/config.ts'

const problems = (environment: Record<string, string>, yaml: string | null = null): string[] => {
  const config = readConfig(environment, yaml)
  return 'problems' in config ? [...config.problems] : []
}
const config = (environment: Record<string, string>, yaml: string | null = null) =>
  readConfig(environment, yaml) as Config

test('nothing set is a configuration that only this machine reaches', () => {
  expect(config({})).toMatchObject({
    port: 8888,
    host: '127.0.0.1',
    url: null,
    dataDir: './data',
    gitops: { repositories: [{ url: null, branch: 'main', root: null }] },
    policies: { kind: 'folder', folder: './policies' },
    manifests: { kind: 'folder', folder: './manifests' },
    secrets: [],
  })
})

test('a secret opens the server to others, unless HOST says otherwise', () => {
  const secret = { GIMLET_ADMIN_TOKEN: '0123456789abcdef' }
  expect(config(secret).host).toBe('0.0.0.0')
  expect(config({ ...secret, HOST: '127.0.0.1' }).host).toBe('127.0.0.1')
})

test('the environment wins over gimlet.yaml, an empty value does not', () => {
  expect(config({ PORT: '1' }, 'PORT: 2').port).toBe(1)
  expect(config({ PORT: '' }, 'PORT: 2').port).toBe(2)
  expect(config({}, 'POLICIES: gitops:policies').policies).toEqual({ kind: 'branch', folder: 'policies' }) // biome-ignore format: one claim
})

describe('an error names the key, the value and what is expected', () => {
  test.each([
    { key: 'PORT', value: '65536', want: 'port' },
    { key: 'PORT', value: '-1', want: 'port' },
    { key: 'GIMLET_URL', value: 'ftp://x', want: 'http' },
    { key: 'GIMLET_DB_URL', value: 'mysql://x', want: 'libsql' },
    { key: 'GITOPS_BRANCH', value: '--force', want: 'branch' },
    { key: 'GITOPS_BRANCH', value: 'a..b', want: 'branch' },
    { key: 'GITOPS_BRANCH', value: '+main', want: 'branch' },
    { key: 'GITOPS_BRANCH', value: 'a.lock/b', want: 'branch' },
    { key: 'GITOPS_BRANCH', value: 'a/.b', want: 'branch' },
    { key: 'GITOPS_BRANCH', value: 'HEAD', want: 'branch' },
    { key: 'GITOPS_REPO', value: '--upload-pack=x', want: 'path' },
    { key: 'GITOPS_REPO', value: 'ext::sh -c x', want: 'path' },
    { key: 'GITOPS_REPO', value: 'https://', want: 'path' },
    { key: 'GITOPS_REPO', value: 'https://[x', want: 'path' },
    { key: 'GITOPS_AUTHOR', value: 'gimlet', want: 'Gimlet <gimlet@example.com>' },
    { key: 'GITOPS_AUTHOR', value: 'A. <a@b.c>', want: 'name and an e-mail' },
    { key: 'GITOPS_AUTHOR', value: 'A\nB <a@b.c>', want: 'name and an e-mail' },
    { key: 'GITOPS_AUTHOR', value: 'A <a@b.c> 1 +0000', want: 'name and an e-mail' },
    { key: 'GITOPS_LAYOUT', value: 'app', want: 'env/app' },
    { key: 'LOG_LEVEL', value: 'loud', want: 'trace' },
    { key: 'HELM_BIN', value: '-x', want: 'path' },
    { key: 'HELM_KUBE_VERSION', value: 'latest', want: '1.34.0' },
    { key: 'HELM_API_VERSIONS', value: '--debug', want: 'monitoring.coreos.com/v1' },
    { key: 'CHART_REPOSITORIES', value: 'https://charts.example.com', want: 'list' },
    { key: 'CHART_REPOSITORIES', value: '[{url: "http://charts.example.com"}]', want: 'https:' },
    {
      key: 'CHART_REPOSITORIES',
      value: '[{url: "https://x.example.com", password: x}]',
      want: 'passwordFile',
    },
  ])('$key=$value', ({ key, value, want }) => {
    const [problem = ''] = problems({ [key]: value })
    expect(problem).toContain(`${key} is ${JSON.stringify(value)}`)
    expect(problem).toMatch(new RegExp(`expected .*${want}`))
    expect(problems({}, `${key}: ${JSON.stringify(value)}`)).toEqual([problem])
  })

  test('all of them at once', () => {
    expect(problems({ PORT: 'x', LOG_LEVEL: 'loud' })).toHaveLength(2)
  })

  test('a key in gimlet.yaml that is none is told with the one that was meant', () => {
    expect(problems({}, 'GITOPS_BRANCHES: x').join()).toContain('did you mean GITOPS_BRANCH?')
    expect(problems({}, '- a')).toHaveLength(1)
    expect(problems({}, 'a: b: c')).toHaveLength(1)
  })
})

describe('A28: a secret is never told', () => {
  const secret = 'canary-0123'
  test.each([
    { name: 'that is too short', yaml: `GIMLET_ADMIN_TOKEN: ${secret}` },
    { name: 'in YAML that is broken', yaml: `GITOPS_TOKEN: "${secret}\nPORT: 1` },
    { name: 'beside a key twice', yaml: `GITOPS_TOKEN: ${secret}\nGITOPS_TOKEN: ${secret}` },
  ])('$name', ({ yaml }) => {
    const told = problems({}, yaml).join()
    expect(told).not.toBe('')
    expect(told).not.toContain(secret)
  })

  test('as the tag of a value, in a warning', () => {
    const warn = vi.spyOn(process, 'emitWarning')
    onTestFinished(() => warn.mockRestore())
    config({}, `GITOPS_TOKEN: !${secret} text`)
    expect(warn).not.toHaveBeenCalled()
  })

  test.each([secret, `a/${secret}`, `a@${secret}`])('as the password %s of the address', (word) => {
    const told = problems({ GITOPS_REPO: `https://me:${word}@example.com/x.git` }).join()
    expect(told).toContain('GITOPS_TOKEN')
    expect(told).not.toContain(secret)
  })

  test('and every one is known to the redactor', () => {
    const set = { GITOPS_TOKEN: 't-1', GIMLET_DB_TOKEN: 't-2', SLACK_BOT_TOKEN: 't-3', SLACK_SIGNING_SECRET: 'secret-t-6', SLACK_APP_TOKEN: 'xapp-t-7', PRIVATE_KEY: '-----BEGIN t-4', WEBHOOK_SECRET: 'webhook-t-5' } // biome-ignore format: one list
    expect([...config(set).secrets].sort()).toEqual(Object.values(set).sort())
  })
})

describe('several GitOps repositories', () => {
  const host = 'https://git.example.com'
  const [repo, production] = [`${host}/gitops.git`, `${host}/production.git`]
  const staging = 'git@git.example.org:staging.git'
  const own = [
    { environments: ['production'], repo: production },
    { environments: ['staging', 'qa'], repo: staging, branch: 'live', sshKeyFile: 'key' },
  ]
  const given = { GITOPS_REPO: repo, GITOPS_TOKEN: 't-1' }

  test('have the environments that they name, and the first has the others', () => {
    const [first, ...others] = config({ ...given, GITOPS_REPOS: JSON.stringify(own) }).gitops
      .repositories
    const names = ['production', 'staging', 'qa']
    expect(first).toMatchObject({ url: repo, environments: { names, isAllBut: true } })
    expect(others).toMatchObject([
      { url: production, branch: 'main', environments: { names: ['production'] }, root: null },
      { url: staging, branch: 'live', environments: { names: ['staging', 'qa'] } },
    ])
  })

  test('are written in gimlet.yaml as what they are', () => {
    const yaml = `GITOPS_LAYOUT: app\nGITOPS_REPOS:\n  - environments: [production]\n    repo: ${production}\n`
    expect(config({}, yaml).gitops.repositories[1]).toMatchObject({ root: 'production' })
  })

  test('A28: the token goes to the host of the first only; others have their own', () => {
    const more = [
      ...own,
      { environments: ['dev'], repo: 'https://git.example.net/d', token: 't-2' },
    ]
    const all = config({ ...given, GITOPS_REPOS: JSON.stringify(more) })
    const tokens = all.gitops.repositories.map(({ token }) => token)
    expect(tokens).toEqual(['t-1', 't-1', undefined, 't-2'])
    expect(all.secrets).toEqual(['t-1', 't-2'])
  })

  test.each([
    { name: 'no list', repos: 'x: [', want: 'a list, as YAML or JSON' },
    { name: 'no repository', repos: '[{"environments": ["dev"]}]', want: 'at 0.repo' },
    {
      name: 'no environment',
      repos: `[{"environments": [], "repo": "${production}"}]`,
      want: 'at 0.environments',
    },
    {
      name: 'a name that is none',
      repos: `[{"environments": ["Dev"], "repo": "${production}"}]`,
      want: 'at 0.environments.0',
    },
    {
      name: 'a key that is none',
      repos: `[{"environments": ["dev"], "repo": "${production}", "tokn": "canary"}]`,
      want: 'at 0',
    },
    {
      name: 'an environment twice',
      repos: `[{"environments": ["dev"], "repo": "a"}, {"environments": ["dev"], "repo": "b"}]`,
      want: 'dev is there twice',
    },
    {
      name: 'a repository twice',
      repos: `[{"environments": ["dev"], "repo": "a"}, {"environments": ["qa"], "repo": "a"}]`,
      want: 'each repository once',
    },
    {
      name: 'the first again',
      repos: `[{"environments": ["dev"], "repo": "${repo}"}]`,
      want: 'other repositories than GITOPS_REPO',
    },
    {
      name: 'two environments at one top',
      repos: JSON.stringify(own),
      layout: 'app',
      want: 'one environment in each',
    },
  ])('A28: $name is told without its value', ({ repos, want, layout = 'env/app' }) => {
    const [problem = ''] = problems({ ...given, GITOPS_REPOS: repos, GITOPS_LAYOUT: layout })
    expect(problem).toContain('GITOPS_REPOS is a value that is not shown')
    expect(problem).toContain(want)
    expect(problem).not.toContain('canary')
  })
})

describe('OIDC issuers', () => {
  test('are GitHub and GitLab, or those that are listed', () => {
    const kinds = ({ issuer, kind }: { issuer: string; kind: string }) => `${kind} ${issuer}`
    expect(config({}).oidcIssuers.map(kinds)).toEqual([
      'github https://token.actions.githubusercontent.com',
      'gitlab https://gitlab.com',
    ])
    const own = '[{issuer: "https://gitlab.example.com", kind: gitlab}]'
    expect(config({ OIDC_ISSUERS: own }).oidcIssuers.map(kinds)).toEqual([
      'gitlab https://gitlab.example.com',
    ])
    expect(config({ OIDC_ISSUERS: '[]' }).oidcIssuers).toEqual([])
  })

  test.each([
    { name: 'no list', given: 'x: [', says: 'a list' },
    {
      name: 'no kind',
      given: '[{issuer: "https://a.example.com"}]',
      says: 'at 0.kind: a kind: github or gitlab',
    },
    {
      name: 'without https',
      given: '[{issuer: "http://a.example.com", kind: github}]',
      says: 'at 0.issuer: an https: URL',
    },
    {
      name: 'a host that begins like this machine',
      given: '[{issuer: "http://localhost.example.com", kind: github}]',
      says: 'an https: URL',
    },
    {
      name: 'a password',
      given: '[{issuer: "https://me:canary@a.example.com", kind: github}]',
      says: 'an https: URL',
    },
    {
      name: 'a query',
      given: '[{issuer: "https://a.example.com/?a=b", kind: github}]',
      says: 'an https: URL',
    },
    {
      name: 'twice',
      given:
        '[{issuer: "https://a.example.com", kind: github}, {issuer: "https://a.example.com", kind: gitlab}]',
      says: 'each issuer once',
    },
  ])('A8: $name is told', ({ given, says }) => {
    const told = problems({ OIDC_ISSUERS: given }).join()
    expect(told).toContain(says)
    expect(told).not.toContain('canary')
  })
})

describe('Slack', () => {
  const on = { SLACK_SIGNING_SECRET: 'a-signing-secret', SLACK_BOT_TOKEN: 'xoxb-1' }

  test('is on with a bot token and a way in', () => {
    expect(config({}).slack).toBeNull()
    expect(config(on).slack).toMatchObject({
      signingSecrets: ['a-signing-secret'],
      apiUrl: 'https://slack.com/api/',
      command: '/gimlet',
      channels: [],
    })
    const socket = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' }
    expect(config(socket).slack).toMatchObject({ signingSecrets: [], appToken: 'xapp-1' })
  })

  test('half set is off, and says what it lacks', () => {
    expect(config({ SLACK_BOT_TOKEN: 'xoxb-1' })).toMatchObject({
      slack: null,
      warnings: [expect.stringContaining('SLACK_SIGNING_SECRET or SLACK_APP_TOKEN')],
    })
    expect(config({}).warnings).toEqual([])
  })

  test.each(['development', 'short', ''])('R1: no door opens with the secret "%s"', (secret) => {
    const wrong = { ...on, SLACK_SIGNING_SECRET: secret }
    expect(problems(wrong).length > 0 || config(wrong).slack === null).toBe(true)
    if (secret !== '') expect(problems({ ...on, SLACK_SIGNING_SECRET_PREVIOUS: secret })).toHaveLength(1) // biome-ignore format: one line
  })

  test('has channels for places, the first that fits first', () => {
    const set = { ...on, SLACK_CHANNEL: 'production=#prod */web-*=C0WEB #releases' }
    expect(config(set).slack?.channels).toEqual([
      { channel: '#prod', env: 'production', app: '*' },
      { channel: 'C0WEB', env: '*', app: 'web-*' },
      { channel: '#releases', env: '*', app: '*' },
    ])
  })

  test.each(['releases', 'production=', '=C1', 'a/b/c=C1', '  ', 'prod=#a,b', '#a b'])(
    'names a channel that cannot be: %s',
    (channel) => {
      expect(problems({ ...on, SLACK_CHANNEL: channel }).join()).toContain(
        'the first that fits counts',
      )
    },
  )

  test('is asked at the address that is set, which ends in a slash', () => {
    expect(problems({ ...on, SLACK_API_URL: 'https://slack.example.com/api' }).join()).toContain('ends in /') // biome-ignore format: one line
  })
})

describe('github.yaml, which the set-up page leaves', () => {
  const pem = '-----BEGIN RSA PRIVATE KEY-----\\nfile\\n'
  const file = `APP_ID: "12"\nPRIVATE_KEY: "${pem}"\nWEBHOOK_SECRET: from-the-file\n`
  const withFile = (environment: Record<string, string>, yaml: string | null = null, text = file) =>
    readConfig(environment, yaml, text)

  test('turns GitHub on, and its secrets are known to the redactor', () => {
    const read = withFile({
      GHE_HOST: 'github.example.com',
      WEBHOOK_SECRET_PREVIOUS: 'before-that',
    })
    const privateKey = pem.replaceAll('\\n', '\n')
    expect(read).toMatchObject({
      github: { appId: '12', privateKey, secrets: ['from-the-file', 'before-that'] },
      setup: null,
      secrets: [privateKey, 'from-the-file', 'before-that'],
      warnings: [],
    })
  })

  test.each([
    { name: 'the environment has an app', environment: { APP_ID: '1', PRIVATE_KEY: pem, WEBHOOK_SECRET: 'another-secret' }, appId: '1' }, // biome-ignore format: one row
    { name: 'the environment has a part of one', environment: { APP_ID: '1' } },
    { name: 'the environment has a secret', environment: { WEBHOOK_SECRET: 'another-secret' } },
    { name: 'gimlet.yaml has a part of one', environment: {}, yaml: 'APP_ID: 1' },
  ])('counts for nothing when $name: two apps are never mixed', (given) => {
    const { environment, yaml = null, appId } = given
    for (const text of [file, 'broken: [']) {
      const read = withFile(environment, yaml, text) as Config
      expect(read.github?.appId).toBe(appId)
      expect(read.secrets).not.toContain('from-the-file')
      expect(read.setup).toBeNull()
      if (appId === undefined) expect(read.warnings.join()).toContain('GitHub is off')
    }
  })

  test.each([
    { name: 'no YAML', text: 'a: b: c', want: 'is not YAML at line 1' },
    { name: 'a list', text: '- APP_ID', want: 'is not a list of settings' },
    { name: 'nothing', text: '', want: 'needs APP_ID, PRIVATE_KEY and WEBHOOK_SECRET' },
    { name: 'a part', text: 'APP_ID: 1', want: 'needs APP_ID, PRIVATE_KEY and WEBHOOK_SECRET' },
    { name: 'another setting', text: `${file}GITOPS_REPO: x`, want: 'GITOPS_REPO in github.yaml is not a setting' }, // biome-ignore format: one row
    { name: 'a number that is none', text: file.replace('12', 'twelve'), want: 'APP_ID in github.yaml is "twelve"; expected the number' }, // biome-ignore format: one row
    { name: 'a short secret', text: file.replace('from-the-file', 'short'), want: 'WEBHOOK_SECRET in github.yaml is a value that is not shown' }, // biome-ignore format: one row
  ])('with $name in it is told by its name', ({ text, want }) => {
    const read = withFile({}, null, text)
    const told = 'problems' in read ? read.problems.join() : ''
    expect(told).toContain('github.yaml')
    expect(told).toContain(want)
    expect(told).not.toContain('short')
  })
})

describe('the set-up of GitHub', () => {
  test.each([
    {
      name: 'github.com',
      set: {},
      website: 'https://github.com',
      apiUrl: 'https://api.github.com',
    },
    { name: 'GitHub Enterprise', set: { GHE_HOST: 'ghe.example.com', GHE_PROTOCOL: 'http' }, website: 'http://ghe.example.com', apiUrl: 'http://ghe.example.com/api/v3' }, // biome-ignore format: one row
  ])('asks $name', ({ set, website, apiUrl }) => {
    const url = 'https://gimlet.example.com'
    expect(config({ ...set, GIMLET_URL: `${url}/` }).setup).toEqual({ website, apiUrl, publicUrl: url }) // biome-ignore format: one claim
  })

  test.each([
    "x; script-src 'unsafe-inline'",
    'https://github.example.com',
    'a/b',
    'a:99999',
    'a@b',
  ])('names a host that cannot be one: %s', (host) => {
    // biome-ignore format: one row
    expect(problems({ GHE_HOST: host }).join()).toContain('expected a host name')
  })
})

test('charts are rendered by the helm of the path, and come from nowhere until that is allowed', () => {
  const { charts } = config({})
  expect(charts).toMatchObject({ program: 'helm', apiVersions: [], repositories: [] })
  const set = config(
    {},
    'CHART_REPOSITORIES:\n  - url: oci://ghcr.io/acme\n    passwordFile: /run/p\n',
  )
  expect(set.charts.repositories).toEqual([{ url: 'oci://ghcr.io/acme', passwordFile: '/run/p' }])
  const versions = config({ HELM_API_VERSIONS: 'a.io/v1, b.io/v1/Kind policy/v1' }).charts
    .apiVersions
  expect(versions).toEqual(['a.io/v1', 'b.io/v1/Kind', 'policy/v1'])
})

test('A28: a password in the address of a chart repository is not told', () => {
  const told = problems({
    CHART_REPOSITORIES: '[{url: "https://me:canary-0123@charts.example.com"}]',
  })
  expect(told.join()).toContain('give that as passwordFile')
  expect(told.join()).not.toContain('canary-0123')
})

describe('GITOPS_WRITER', () => {
  const app = { APP_ID: '1', PRIVATE_KEY: '-----BEGIN KEY-----', WEBHOOK_SECRET: 'a-secret-of-it' }
  const repo = 'https://github.com/acme/gitops.git'
  const byApi = { GITOPS_WRITER: 'github', GITOPS_REPO: repo, ...app }
  const own = (given: object) => JSON.stringify([{ environments: ['staging'], ...given }])

  test('is git unless it is said, and github by the app or a token', () => {
    expect(config({}).gitops.writer).toBe('git')
    expect(config(byApi).gitops.writer).toBe('github')
    const byToken = { GITOPS_WRITER: 'github', GITOPS_REPO: repo, GITOPS_TOKEN: 'ghp_0123456789' }
    expect(config(byToken).gitops.writer).toBe('github')
    const enterprise = { GHE_HOST: 'ghe.example.com', GITOPS_REPO: 'https://ghe.example.com/a/b' }
    expect(config({ ...byApi, ...enterprise }).gitops.writer).toBe('github')
  })

  test.each<{ name: string; set: Record<string, string>; want: string }>([
    {
      name: 'a GitHub at no address',
      set: { ...byApi, GHE_HOST: 'a b' },
      want: 'GHE_HOST is "a b"; expected a host name such as github.example.com',
    },
    {
      name: 'another word',
      set: { GITOPS_WRITER: 'api' },
      want: 'GITOPS_WRITER is "api"; expected git or github',
    },
    {
      name: 'no repository',
      set: { GITOPS_REPO: '' },
      want: 'GITOPS_WRITER is "github"; expected git, or GITOPS_REPO with https://github.com/<owner>/<name>',
    },
    {
      name: 'another host',
      set: { GITOPS_REPO: 'https://gitlab.com/acme/gitops' },
      want: 'expected https://github.com/<owner>/<name>, as GITOPS_WRITER is github; or set that to git',
    },
    {
      name: 'ssh',
      set: { GITOPS_REPO: 'git@github.com:acme/gitops.git' },
      want: 'expected https://github.com/<owner>/<name>',
    },
    {
      name: 'a page of a repository',
      set: { GITOPS_REPO: 'https://github.com/acme/gitops/tree/main' },
      want: 'expected https://github.com/<owner>/<name>',
    },
    {
      name: 'one of the others elsewhere',
      set: { GITOPS_REPOS: own({ repo: 'ssh://git@github.com/acme/other' }) },
      want: 'GITOPS_REPOS is a value that is not shown; expected at repo: https://github.com',
    },
    {
      name: 'nobody who writes',
      set: { APP_ID: '' },
      want: 'expected git, or the GitHub App (APP_ID, PRIVATE_KEY and WEBHOOK_SECRET) or GITOPS_TOKEN',
    },
    {
      name: 'a key to sign with',
      set: { GITOPS_SIGNING_KEY_FILE: 'key' },
      want: 'GITOPS_SIGNING_KEY_FILE is "key"; expected nothing, as GITOPS_WRITER is github: GitHub signs what the app commits',
    },
    {
      name: 'an ssh key',
      set: { GITOPS_SSH_KEY_FILE: 'key' },
      want: 'GITOPS_SSH_KEY_FILE is "key"; expected nothing',
    },
    {
      name: 'an ssh key of one of the others',
      set: { GITOPS_REPOS: own({ repo: 'https://github.com/acme/other', sshKeyFile: 'key' }) },
      want: 'GITOPS_REPOS is a value that is not shown; expected no sshKeyFile',
    },
  ])('github with $name is refused with the way out', ({ set, want }) => {
    expect(problems({ ...byApi, ...set }).join('\n')).toContain(want)
  })

  test('counts the app of github.yaml', () => {
    const text = 'APP_ID: "12"\nPRIVATE_KEY: "-----BEGIN KEY-----"\nWEBHOOK_SECRET: from-the-file\n'
    const read = readConfig({ GITOPS_WRITER: 'github', GITOPS_REPO: repo }, null, text)
    expect(read).toMatchObject({ gitops: { writer: 'github' }, github: { appId: '12' } })
  })
})
