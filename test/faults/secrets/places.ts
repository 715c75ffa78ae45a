import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { routes } from '../../../src/ingress/http/app.ts'
import type { Program } from '../../support/program.ts'
import { callAs, clonesConfig } from './flows.ts'
import type { Place } from './leaks.ts'
import type { World } from './world.ts'

const pagesOpen = ['/', '/healthz', '/readyz', '/metrics', '/openapi.json']

/** What every call of the API that reads answers to an administrator. */
export async function apiPlaces({ url }: World, { token, call }: Program): Promise<Place[]> {
  const events = JSON.stringify((await call('GET', '/api/audit?limit=500')).json)
  const ids = [...new Set(events.match(/\br-[0-9a-z]{10,}/g) ?? [])]
  const decisions = await Promise.all(
    ids.map(async (id) => ((await call('GET', `/api/event?id=${id}`)).json as { decisionId?: string }).decisionId ?? ''), // biome-ignore format: one value
  )
  const values: Readonly<Record<string, readonly string[]>> = {
    '/api/artifacts/{id}': ['web-1', 'redis-1'],
    '/api/decisions/{id}': [...new Set(decisions)].filter(Boolean),
    '/api/user/{login}': ['carol', 'ci'],
    '/api/event': ids.map((id) => `?id=${id}`),
    '/api/eventReleaseTrack': ids.map((id) => `?id=${id}`),
    '/api/eventArtifactTrack': ['?artifactId=web-1', '?id=web-1'],
    '/api/status': ['?env=staging&app=web', '?env=*'],
    '/api/releases': ['?env=staging', '?env=production&app=web'],
    '/api/decisions': ['?since=2000-01-01T00:00:00Z'],
  }
  const paths = routes
    .filter(({ method }) => method === 'get')
    .flatMap(({ path }) => (values[path] ?? ['']).map((one) => pathOf(path, one)))
  return Promise.all(
    [...pagesOpen, ...paths].map(async (path) => {
      const { status, text } = await callAs(url, path, { token })
      return { name: `GET ${path} (${status})`, bytes: text }
    }),
  )
}

const pathOf = (path: string, value: string): string =>
  path.includes('{') ? path.replace(/\{\w+\}/, encodeURIComponent(value)) : path + value

/** Every file below a folder; what git packs is unpacked by `objectPlaces`. */
export function filePlaces(
  folder: string,
  carries: Readonly<Record<string, readonly string[]>>,
): Place[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .map((file) => ({
      name: relative(folder, file),
      bytes: readFileSync(file),
      carries: carries[file] ?? [],
    }))
}

/** Every object of a repository, whether anything leads to it or not. */
export async function objectPlaces(repository: string): Promise<Place[]> {
  if (!existsSync(repository)) return []
  const { stdout } = await promisify(execFile)(
    'git',
    ['-C', repository, 'cat-file', '--batch-all-objects', '--batch', '--unordered'],
    { encoding: 'buffer', maxBuffer: 512 << 20 },
  )
  return [{ name: `objects of ${repository}`, bytes: stdout }]
}

/** What the hosts were told, but for the headers that carry a credential. */
export function hostPlaces({ slack, github, way, issuer }: World): Place[] {
  const said = {
    'calls of Slack': slack.calls.map(({ token: _, ...call }) => call),
    'messages in Slack': [slack.messages(), slack.ephemerals, slack.responses],
    'calls of GitHub': github.calls,
    'comments on GitHub': github.storedComments,
    'requests of git': way.asked(),
    'reads of the issuer': issuer.state.reads,
    'statements of the database': way.database?.calls ?? [],
  }
  return Object.entries(said).map(([name, value]) => ({ name, bytes: JSON.stringify(value) }))
}

/** The files of the data folder that hold a credential, by what they hold. */
export const carryingFiles = ({ dataDir }: World): Readonly<Record<string, readonly string[]>> => ({
  [clonesConfig(dataDir)]: ['GITOPS_TOKEN'],
})
