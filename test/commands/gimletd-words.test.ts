import { describe, expect, test } from 'vitest'
import { parseWords } from '../../src/commands/grammar.ts'
import { programTable } from '../../src/commands/verbs.ts'

const id = 'owner/web-8f1f4a0e-6ad5-4b7c-a4e0-0d7a5a3d6c01'
const sha = '017d995e32e3d1998395d971b969bcf682d20851'
const meant = (line: string) => parseWords(line.split(' '), 0, programTable)
const since = { sinceUnix: 1_622_790_000 }
const page = { limit: 50, offset: 0 }

describe('the words of GimletD’s program', () => {
  test.each([
    {
      line: `artifact list --repository owner/web --branch feature/x --event pr --sourceBranch feature/x --sha ${sha} --limit 5 --offset 10 --since 2021-06-04T09:00:00+02:00 --until 2021-06-05T09:00:00Z`,
      want: {
        verb: 'artifacts',
        filter: {
          repository: 'owner/web',
          branch: 'feature/x',
          event: 'pr',
          sourceBranch: 'feature/x',
          shas: [sha],
          limit: 5,
          offset: 10,
          ...since,
          untilUnix: 1_622_883_600,
        },
      },
    },
    {
      line: 'artifact list --repo owner/web -r',
      want: { verb: 'artifacts', filter: { repository: 'owner/web', ...page } },
    },
    { line: `artifact show ${id}`, want: { verb: 'artifact', id } },
    {
      line: `release make --env staging --app web --artifact ${id}`,
      want: { verb: 'release', env: 'staging', app: 'web', artifactId: id },
    },
    {
      line: `release make --env staging -a ${id}`,
      want: { verb: 'release', env: 'staging', artifactId: id },
    },
    {
      line: 'release list --env production --app web --limit 3 --offset 6 --since 2021-06-04T09:00:00+02:00 --repo owner/web -r',
      want: {
        verb: 'history',
        filter: {
          env: 'production',
          app: 'web',
          limit: 3,
          offset: 6,
          repository: 'owner/web',
          ...since,
        },
      },
    },
    { line: 'release status --env production', want: { verb: 'status', env: 'production' } },
    {
      line: 'release status --env production --app web',
      want: { verb: 'status', env: 'production', app: 'web' },
    },
    {
      line: 'release rollback --env production --app web --to c8d8c1d192',
      want: { verb: 'rollback', env: 'production', app: 'web', sha: 'c8d8c1d192' },
    },
    {
      line: 'release delete --env staging --app web',
      want: { verb: 'delete', env: 'staging', app: 'web' },
    },
  ])('are understood: $line', ({ line, want }) => {
    expect(meant(line)).toEqual({ kind: 'command', command: want })
  })

  test.each([`release track ${id}`, `artifact track ${id}`])('follow: %s', (line) => {
    expect(meant(line)).toEqual({ kind: 'track', id })
  })
})

describe('the words of the design draft', () => {
  test.each([
    {
      line: 'status --env production --app web',
      want: { verb: 'status', env: 'production', app: 'web' },
    },
    {
      line: `release --artifactid ${id} --env staging --app web`,
      want: { verb: 'release', artifactId: id, env: 'staging', app: 'web' },
    },
    {
      line: 'release history --env production --app web --filter ada',
      want: {
        verb: 'history',
        filter: { env: 'production', app: 'web', filter: 'ada', limit: 50 },
      },
    },
    {
      line: `rollbackto --sha ${sha} --env production --app web`,
      want: { verb: 'rollback', env: 'production', app: 'web', sha },
    },
  ])('are understood: $line', ({ line, want }) => {
    expect(meant(line)).toEqual({ kind: 'command', command: want })
  })
})

describe('the words about users', () => {
  test.each([
    { line: 'user list', want: { verb: 'users' } },
    { line: 'user get ci', want: { verb: 'user', login: 'ci' } },
    {
      line: 'user add --login ci',
      want: { verb: 'add-user', login: 'ci', roles: ['ci', 'releaser'], repositories: [] },
    },
    {
      line: 'user add ada --admin',
      want: { verb: 'add-user', login: 'ada', roles: ['admin'], repositories: [] },
    },
    {
      line: 'user add --login web-ci --roles ci,viewer --repositories owner/web,owner/api',
      want: {
        verb: 'add-user',
        login: 'web-ci',
        roles: ['ci', 'viewer'],
        repositories: ['owner/web', 'owner/api'],
      },
    },
    { line: 'user delete ci', want: { verb: 'remove-user', login: 'ci' } },
  ])('are understood: $line', ({ line, want }) => {
    expect(meant(line)).toEqual({ kind: 'command', command: want })
  })

  test.each([
    { line: 'user add', says: 'needs more' },
    { line: 'user add --login policy:x', says: 'a login must be one word' },
    { line: 'user add --login ci --roles ci,king', says: 'roles are of viewer, ci' },
    { line: 'user add --login ci --repositories owner/web,', says: 'repositories are names' },
  ])('are refused: $line', ({ line, says }) => {
    expect(meant(line)).toMatchObject({ kind: 'problem', message: expect.stringContaining(says) })
  })

  test('are none in a chat, where everybody would read the token', () => {
    expect(parseWords(['user', 'add', '--login', 'ci'], 0)).toMatchObject({
      kind: 'problem',
      message: 'There is no command "user"',
    })
  })
})
