import { join } from 'node:path'
import { expect } from 'vitest'
import { broken } from '../crash/checker.ts'
import { manifest, posted, trigger } from '../support/builders.ts'
import { type Program, startProgram } from '../support/program.ts'
import { type Later, putFiles, tempFolder } from '../support/temp.ts'
import { bareRepository, stagedGitHost, stagedSshHost } from './git-hosts.ts'
import { movableClock, smallDisk } from './machine.ts'
import { tcpProxy } from './tcp-proxy.ts'

type Files = Readonly<Record<string, string>>

type Given = {
  /** Where the GitOps repository is. Without it a server makes its own. */
  readonly gitops?: string
  /** The apps that are there; their artifacts are released to staging. */
  readonly apps?: readonly string[]
  readonly policies?: Files
  readonly manifests?: Files
  readonly dataDir?: string
  readonly environment?: Readonly<Record<string, string>>
}

export type StagedServer = Awaited<ReturnType<typeof serverOn>>

/**
 * A place for a test in which something goes wrong: parts that break when they are told to, and whole
 * compiled servers between them. Ends with the test; `endPrograms` ends its servers.
 */
export async function openStage(later: Later) {
  const folder = await tempFolder(later)
  let servers = 0
  return {
    folder,
    repository: (name = 'gitops') => bareRepository(folder, name),
    gitHost: () => stagedGitHost(folder, later),
    sshHost: () => stagedSshHost(folder, later),
    /** A network in front of anything that listens on this machine, such as Slack's stand-in. */
    network: (url: string) => tcpProxy({ port: Number(new URL(url).port) }, later),
    disk: (megabytes: number) => smallDisk(join(folder, 'disk'), { megabytes }, later),
    clock: () => movableClock(folder),
    server: (given: Given) => serverOn(join(folder, `server-${++servers}`), given),
  }
}

/** Staging takes everything. */
const all = { 'all.json': trigger({ when: true }) }

async function serverOn(folder: string, given: Given) {
  const { apps = ['web'], policies = all, dataDir = join(folder, 'data') } = given
  const manifests =
    given.manifests ??
    Object.fromEntries(apps.map((app) => [`${app}.yaml`, manifest({ app, env: 'staging' })]))
  await putFiles(join(folder, 'policies'), policies)
  await putFiles(join(folder, 'manifests'), manifests)
  const environment = {
    HOST: '127.0.0.1',
    POLICIES: join(folder, 'policies'),
    MANIFESTS: join(folder, 'manifests'),
    GIMLET_ADMIN_TOKEN: 'administrator-of-the-stage',
    ...(given.gitops ? { GITOPS_REPO: given.gitops } : {}),
    ...given.environment,
  }
  /** What was answered with a 2xx. */
  const accepted: string[] = []
  let program = await startProgram(dataDir, environment)
  const call: Program['call'] = (...asked) => program.call(...asked)
  return {
    ...{ dataDir, accepted, call },
    get program() {
      return program
    },
    get pid() {
      return pidOf(program)
    },
    /** Posts an artifact as CI does; answers the status, and how long it took. */
    async push(app: string, version: number) {
      const id = `${app}-${version}`
      const sha = Buffer.from(id).toString('hex').padEnd(40, '0').slice(0, 40)
      const startMs = performance.now()
      const { status } = await call(
        'POST',
        '/api/artifact',
        posted({ id, version: { repositoryName: `acme/${app}`, sha } }),
      )
      if (status === 201) accepted.push(id)
      return { id, status, ms: performance.now() - startMs }
    },
    /** The artifact that runs of each app in staging, by the API. */
    async runs(): Promise<Record<string, string>> {
      const { json } = await call('GET', '/api/status?env=staging')
      const apps = Object.entries(json as Record<string, { artifactId: string } | null>)
      return Object.fromEntries(apps.flatMap(([app, one]) => (one ? [[app, one.artifactId]] : [])))
    },
    /** What `/readyz` says: its status, and all its words. */
    async ready() {
      const { status, json } = await call('GET', '/readyz')
      return { status, words: JSON.stringify(json) }
    },
    /** Starts it anew on what it kept; kill or stop it first. */
    async start(more: Readonly<Record<string, string>> = {}) {
      program = await startProgram(dataDir, { ...environment, ...more })
    },
    /** Ends it as a person does, and says that no invariant is broken. */
    async holds(
      repository: { path: string },
      { but = /^$/, database = join(dataDir, 'gimlet.db') } = {},
    ) {
      expect(await program.stop()).toBe(0)
      const evidence = { database, remote: repository.path, accepted }
      expect((await broken(evidence)).filter((line) => !but.test(line))).toEqual([])
    },
  }
}

function pidOf({ lines }: Program): number {
  const said = lines.map((line) => JSON.parse(line) as { msg: string; pid: number })
  return said.find(({ msg }) => msg === 'listening')?.pid ?? 0
}
