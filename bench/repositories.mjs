import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shaOf } from './artifact.mjs'
import { git, run } from './git.mjs'
import { configMap, deployment, service } from './objects.mjs'

/** Part of the cache folder's name: to be raised when what is generated changes. */
const version = 1
const run24 = 'bench'.padEnd(24, '0')
const firstUnix = 1_790_000_000

/** The GitOps repositories of the research: so many apps in so many environments, and commits. */
export const sizes = {
  small: { name: 'small', apps: 20, envs: 3, commits: 201 },
  medium: { name: 'medium', apps: 500, envs: 5, commits: 2_001 },
  large: { name: 'large', apps: 5_000, envs: 5, commits: 25_001 },
}

const envNames = ['production', 'staging', 'development', 'testing', 'preview']
export const envOf = (at) => envNames[at]
export const appOf = (at) => `app-${String(at + 1).padStart(4, '0')}`
export const envsOf = ({ envs }) => envNames.slice(0, envs)

const labels = ({ app, env }) => `  labels: { app: ${app}, env: ${env} }\n`

const objects = {
  'configmap.yaml': ({ app, env }) =>
    configMap(app, env, {
      labels: labels({ app, env }),
      data: `  DATABASE_HOST: ${app}-db.${env}.svc.cluster.local\n`,
    }),
  'deployment.yaml': ({ app, env, sha }) =>
    deployment(app, `registry.example.com/acme/${app}:${sha}`, {
      labels: labels({ app, env }),
      container: `          envFrom: [{ configMapRef: { name: ${app} } }]
          ports: [{ containerPort: 8080 }]
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits: { memory: 256Mi }
`,
    }),
  'service.yaml': ({ app }) => service(app, 'port: 80, targetPort: 8080'),
}

/** What a release of a number looks like on every surface of the repository. */
export function releaseOf({ app, env, number }) {
  const sha = shaOf(number, run24)
  const id = `r-${String(number).padStart(15, '0')}`
  const repositoryName = `acme/${app}`
  return {
    ...{ app, env, id, artifactId: `${app}-${sha}`, triggeredBy: 'ada' },
    version: {
      ...{ repositoryName, sha, branch: 'main', event: 'push', sourceBranch: '', targetBranch: '' },
      ...{ authorName: 'Ada Lovelace', authorEmail: 'ada@example.com', tag: '' },
      ...{ committerName: 'Ada Lovelace', committerEmail: 'ada@example.com' },
      message: `Show the price with tax, change ${number}`,
      url: `https://github.com/acme/${app}/commit/${sha}`,
    },
    decisionId: `d-${String(number).padStart(15, '0')}`,
    ...{ policyVersion: `sha256:${sha.slice(0, 16)}`, created: firstUnix + number },
  }
}

/** A release as the writer takes it: the folder is replaced, and the message has six trailers. */
export function plannedCommit({ app, env, number }) {
  const release = releaseOf({ app, env, number })
  const { sha } = release.version
  const files = new Map(
    Object.entries(objects).map(([name, text]) => [name, text({ app, env, sha })]),
  )
  files.set('release.json', `${JSON.stringify(release, null, 2)}\n`)
  const message = `[Gimlet] ${env}/${app} release ${release.artifactId}

Release-Id: ${release.id}
Artifact-Id: ${release.artifactId}
Triggered-By: ada
Decision-Id: ${release.decisionId}
Policy-Version: ${release.policyVersion}
Source-Commit: ${sha}
`
  const change = { kind: 'replace', folder: `${env}/${app}`, files }
  return { change, message, unix: firstUnix + number }
}

/** Numbers from 0 to 1 that are the same in each run. */
function randomFrom(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Releases for ever, some apps and environments far more often than others. */
export function* releasesOf({ apps, envs }, { seed, from }) {
  const random = randomFrom(seed)
  for (let number = from; ; number++) {
    const app = appOf(Math.floor(apps * random() ** 2))
    yield { app, env: envOf(Math.floor(envs * random() ** 2)), number }
  }
}

const text = (value) => `data ${Buffer.byteLength(value)}\n${value}\n`

/** One commit in the language of `git fast-import`. */
export function commitStream({ change, message, unix }, { ref = 'refs/heads/main', mark, from }) {
  const parts = [`commit ${ref}\n`]
  if (mark) parts.push(`mark :${mark}\n`)
  parts.push(`committer bench <bench@example.com> ${unix} +0000\n`, text(message))
  if (from) parts.push(`from ${from}\n`)
  if (change.folder) parts.push(`D ${change.folder}\n`)
  for (const [name, value] of change.files)
    parts.push(`M 100644 inline ${change.folder}${change.folder && '/'}${name}\n${text(value)}`)
  return parts.join('')
}

function* wholeStream(size) {
  yield 'commit refs/heads/main\n'
  yield `committer bench <bench@example.com> ${firstUnix} +0000\n${text('The GitOps repository begins')}`
  for (const env of envsOf(size))
    for (let at = 0; at < size.apps; at++) {
      const { change } = plannedCommit({ app: appOf(at), env, number: 0 })
      for (const [name, value] of change.files)
        yield `M 100644 inline ${change.folder}/${name}\n${text(value)}`
    }
  const releases = releasesOf(size, { seed: 1, from: 1 })
  for (let made = 1; made < size.commits; made++)
    yield commitStream(plannedCommit(releases.next().value), {})
  yield 'done\n'
}

const shared = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
export const isInMemory = shared !== tmpdir()
let folder

/** Takes a folder away; one that a git still tidies goes with the process. */
export function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  } catch (error) {
    if (error.code !== 'ENOTEMPTY') throw error
  }
}

/** A folder for what a run writes: in memory where the system offers that. Gone with the process. */
export function workFolder() {
  if (!folder) {
    folder = mkdtempSync(join(shared, 'gimletd-bench-'))
    process.on('exit', () => remove(folder))
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  }
  return folder
}

/** The bare repository of a size, packed with bitmaps; made once on this machine, then kept. */
async function kept(size) {
  const cache = join(tmpdir(), `gimletd-bench-repositories-${version}`)
  const path = join(cache, `${size.name}.git`)
  if (existsSync(path)) return path
  console.log(`making the ${size.name} repository; the next run finds it in ${cache}`)
  mkdirSync(cache, { recursive: true })
  const made = mkdtempSync(join(cache, 'new-'))
  await git(made, ['init', '--quiet', '--bare', '--initial-branch=main'])
  const args = ['fast-import', '--quiet', '--done']
  await git(made, ['-c', 'fastimport.unpackLimit=1', ...args], { input: wholeStream(size) })
  await git(made, ['-c', 'pack.threads=2', 'repack', '-a', '-d', '-q', '--write-bitmap-index'])
  await git(made, ['pack-refs', '--all'])
  for (const [key, value] of Object.entries(hostConfig)) await git(made, ['config', key, value])
  renameSync(made, path)
  return path
}

/** A host serves partial clones, and has a reflog here so that pushes can be counted. */
const hostConfig = {
  'uploadpack.allowFilter': 'true',
  'uploadpack.allowAnySHA1InWant': 'true',
  'http.receivepack': 'true',
  'core.logAllRefUpdates': 'true',
}

const inMemory = new Map()

/** A copy to push to. Packs are never written again, so that copies may share them. */
export async function copyOf(size, name) {
  const from = inMemory.get(size.name) ?? join(workFolder(), `${size.name}.git`)
  if (!inMemory.has(size.name)) await run('/', ['cp', '-a', await kept(size), from])
  inMemory.set(size.name, from)
  const to = join(workFolder(), name)
  await run('/', ['cp', '-al', from, to])
  // The config alone is changed where it lies.
  await run('/', ['cp', '--remove-destination', join(from, 'config'), join(to, 'config')])
  return to
}

export const tipOf = (repository) => git(repository, ['rev-parse', 'refs/heads/main'])
