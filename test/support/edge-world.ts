import { join } from 'node:path'
import { manifest } from './builders.ts'
import { eventually } from './eventually.ts'
import { githubStandIn } from './github.ts'
import { githubSecret } from './github-server.ts'
import { LibsqlHost } from './libsql-host.ts'
import { slackStandIn } from './slack.ts'
import { people, slackSecret } from './slack-server.ts'
import { type Later, putFiles, someonesGit, tempFolder } from './temp.ts'
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
    ...clientOf(worker.url),
    slackSender: slack.sender(`${worker.url}/slack/events`, { secret: slackSecret }),
    githubSender: github.sender(`${worker.url}/api/github/webhooks`, { secret: githubSecret }),
  }
}

const below = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))

/** A bare repository with these files on main, and what people do with it. */
async function bareGitops(remote: string, files: Files) {
  const tree = `${remote}.tree`
  await putFiles(remote, {})
  await someonesGit(
    join(remote, '..'),
    'init',
    '--quiet',
    '--bare',
    '--initial-branch=main',
    remote,
  )
  await someonesGit(join(remote, '..'), 'clone', '--quiet', remote, tree)
  const commit = async (changed: Readonly<Record<string, string | null>>) => {
    await putFiles(tree, changed)
    await someonesGit(tree, 'add', '--all')
    await someonesGit(tree, 'commit', '--quiet', '--allow-empty', '--message', 'by hand')
    await someonesGit(tree, 'push', '--quiet', 'origin', 'HEAD:main')
    return (await someonesGit(tree, 'rev-parse', 'HEAD')).trim()
  }
  await commit(files)
  const git = async (...args: readonly string[]) => (await someonesGit(remote, ...args)).trim()
  return {
    ...{ remote, git },
    /** Someone commits by hand, on what is there now. */
    async commit(changed: Parameters<typeof commit>[0]) {
      await someonesGit(tree, 'fetch', '--quiet', 'origin')
      await someonesGit(tree, 'reset', '--quiet', '--hard', 'origin/main')
      return commit(changed)
    },
    /** The commits that changed a folder, the newest first. */
    commits: async (path: string) =>
      (await git('log', '--format=%H', 'main', '--', path)).split('\n').filter(Boolean),
  }
}

type Answer = { readonly status: number; readonly body: unknown; readonly text: string }

/** The API as the administrator calls it. */
export function clientOf(url: string) {
  const call = async (path: string, init: RequestInit & { token?: string | null } = {}) => {
    const { token = adminToken, ...rest } = init
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`${url}${path}`, { ...rest, headers })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, text, body: isJson ? JSON.parse(text) : text } as Answer
  }
  const post = (path: string, body: unknown, token?: string | null) =>
    call(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(token === undefined ? {} : { token }),
    })
  return {
    ...{ call, post },
    /** Waits for the end of a request and answers its event. */
    ended: (id: string) =>
      eventually(async () => {
        const { body } = await call(`/api/event?id=${encodeURIComponent(id)}`)
        const event = body as {
          status: string
          statusDesc: string
          gitopsHashes: { hash: string }[]
        }
        if (event.status === 'new') throw new Error(`${id} is new`)
        return event
      }),
  }
}
