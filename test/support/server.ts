import { join } from 'node:path'
import { Writable } from 'node:stream'
import { readConfig } from '../../src/config.ts'
import { makeLog } from '../../src/log.ts'
import { startServer } from '../../src/main.ts'
import { manifest } from './builders.ts'
import { eventually } from './eventually.ts'
import { type Later, putFiles, tempFolder } from './temp.ts'

export type Answer = { readonly status: number; readonly body: unknown; readonly headers: Headers }

type Given = {
  readonly policies?: Readonly<Record<string, string>>
  readonly manifests?: Readonly<Record<string, string>>
  /** More of the environment that it is started with. */
  readonly environment?: Readonly<Record<string, string>>
  /** Of a server that ran before: its folder. */
  readonly folder?: string
}

/** The whole server on a free port, in a temporary folder. */
export async function testServer(given: Given, later: Later) {
  const folder = given.folder ?? (await tempFolder(later))
  const put = (place: string, files: Readonly<Record<string, string | null>>) =>
    putFiles(join(folder, place), files)
  await put('policies', { '.keep': '', ...given.policies })
  await put('manifests', { '.keep': '', ...(given.manifests ?? { 'web.yaml': manifest() }) })
  const environment = {
    PORT: '0',
    GIMLET_DATA_DIR: join(folder, 'data'),
    POLICIES: join(folder, 'policies'),
    MANIFESTS: join(folder, 'manifests'),
    ...given.environment,
  }
  const config = readConfig(environment, null)
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  const lines: string[] = []
  const write = (chunk: Buffer, _: string, done: () => void) => {
    lines.push(chunk.toString('utf8'))
    done()
  }
  const log = makeLog(config.logLevel, config.secrets, new Writable({ write }))
  const server = await startServer(config, log)
  later(() => server.stop())
  const call = async (path: string, init: RequestInit & { token?: string | null } = {}) => {
    const { token = server.adminToken, ...rest } = init
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`${server.url}${path}`, {
      ...rest,
      headers: { ...headers, ...(rest.headers as Record<string, string>) },
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text } as Answer // biome-ignore format: one value
  }
  const post = (path: string, body: unknown, token?: string | null) =>
    call(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(token === undefined ? {} : { token }),
    })
  return {
    ...server,
    folder,
    lines,
    call,
    post,
    putPolicies: (files: Readonly<Record<string, string | null>>) => put('policies', files),
    putManifests: (files: Readonly<Record<string, string | null>>) => put('manifests', files),
    /** Makes a user and answers its token. */
    async user(login: string, about: Record<string, unknown> = {}): Promise<string> {
      const { body } = await post('/api/user', { login, ...about })
      return (body as { token: string }).token
    },
    /** Waits for the end of a request and answers its event. */
    ended: (id: string) =>
      eventually(async () => {
        const { body } = await call(`/api/event?id=${encodeURIComponent(id)}`)
        const event = body as { status: string; statusDesc: string; decisionId: string }
        if (event.status === 'new') throw new Error(`${id} is new`)
        return event
      }),
  }
}
