import { mkdirSync } from 'node:fs'
import { shaOf } from './artifact.mjs'
import { git } from './git.mjs'
import { configMap, deployment, manifestOf as manifestWith, service } from './objects.mjs'

/** The small GitOps repository of the research: 20 apps, 3 environments, three objects and a release file each. */
export const apps = Array.from({ length: 20 }, (_, at) => `app-${String(at + 1).padStart(2, '0')}`)
const envs = ['development', 'staging', 'production']
const run = 'bench'.padEnd(24, '0')

/** The manifest from which GimletD writes the same three objects. */
export const manifestOf = (app, env) => manifestWith(app, env, [service(app)])

function filesOf({ app, env, version }) {
  const sha = shaOf(version, run)
  const release = { app, env, version: { repositoryName: `acme/${app}`, sha, branch: 'main' } }
  return {
    [`${env}/${app}/configmap-${app}.yaml`]: configMap(app, env),
    [`${env}/${app}/deployment-${app}.yaml`]: deployment(app, `registry.example.com/${app}:${sha}`),
    [`${env}/${app}/service-${app}.yaml`]: service(app),
    [`${env}/${app}/release.json`]: `${JSON.stringify({ ...release, message: 'x'.repeat(800) })}\n`,
  }
}

/** One commit for `git fast-import`, on `from` or as the first one. */
export function commitStream({ app, env, version, from, files = filesOf({ app, env, version }) }) {
  const message = `[Gimlet] ${env}/${app} ${version}`
  const lines = [
    'commit refs/heads/main',
    'mark :1',
    `committer bench <bench@example.com> ${1_790_000_000 + (version ?? 0)} +0000`,
    `data ${Buffer.byteLength(message)}\n${message}`,
    ...(from ? [`from ${from}`] : []),
    ...Object.entries(files).map(
      ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}`,
    ),
  ]
  return `${lines.join('\n')}\nget-mark :1\ndone\n`
}

/** Imports commits and answers the last one's id. */
export const importInto = (repository, stream) =>
  git(repository, ['fast-import', '--quiet', '--done', '--force'], { input: stream })

/** Makes a bare repository with every app in every environment; equal each time. */
export async function makeRepository(folder) {
  mkdirSync(folder, { recursive: true })
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main'])
  const every = apps.flatMap((app) => envs.map((env) => filesOf({ app, env, version: 0 })))
  const files = Object.assign({}, ...every)
  await importInto(folder, commitStream({ app: '*', env: '*', version: 0, files }))
  return folder
}
