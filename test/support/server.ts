import { join } from 'node:path'
import { Writable } from 'node:stream'
import { readConfig } from '../../src/config.ts'
import { makeLog } from '../../src/log.ts'
import { startServer } from '../../src/main.ts'
import { apiClient } from './api-client.ts'
import { manifest } from './builders.ts'
import { type Later, putFiles, tempFolder } from './temp.ts'

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
  const client = apiClient(server)
  return {
    ...server,
    folder,
    lines,
    ...client,
    putPolicies: (files: Readonly<Record<string, string | null>>) => put('policies', files),
    putManifests: (files: Readonly<Record<string, string | null>>) => put('manifests', files),
    /** Makes a user and answers its token. */
    async user(login: string, about: Record<string, unknown> = {}): Promise<string> {
      const { body } = await client.post('/api/user', { login, ...about })
      return (body as { token: string }).token
    },
  }
}
