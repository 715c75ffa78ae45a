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
    gitops: { url: null, branch: 'main' },
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
    { key: 'GITOPS_REPO', value: '--upload-pack=x', want: 'path' },
    { key: 'GITOPS_REPO', value: 'ext::sh -c x', want: 'path' },
    { key: 'GITOPS_REPO', value: 'https://', want: 'path' },
    { key: 'GITOPS_REPO', value: 'https://[x', want: 'path' },
    { key: 'GITOPS_LAYOUT', value: 'app', want: 'env/app' },
    { key: 'LOG_LEVEL', value: 'loud', want: 'trace' },
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
    expect(problems({}, 'GITOPS_REPOS: x').join()).toContain('did you mean GITOPS_REPO?')
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
