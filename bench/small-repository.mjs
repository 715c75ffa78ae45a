import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { shaOf } from './artifact.mjs'

/** The small GitOps repository of the research: 20 apps, 3 environments, three objects and a release file each. */
export const apps = Array.from({ length: 20 }, (_, at) => `app-${String(at + 1).padStart(2, '0')}`)
const envs = ['development', 'staging', 'production']
const run = 'bench'.padEnd(24, '0')

const configMap = (app, env) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${app}
data:
  ENV: ${env}
  LOG_LEVEL: info
`
const deployment = (app, image) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${app}
spec:
  replicas: 3
  selector: { matchLabels: { app: ${app} } }
  template:
    metadata: { labels: { app: ${app} } }
    spec:
      containers:
        - name: ${app}
          image: "${image}"
`
const service = (app) => `apiVersion: v1
kind: Service
metadata:
  name: ${app}
spec:
  selector: { app: ${app} }
  ports: [{ port: 80 }]
`

/** The manifest from which GimletD writes the same three objects. */
export function manifestOf(app, env) {
  const image = '{{ .image.repository }}:{{ .image.tag }}'
  const objects = [configMap(app, env), deployment(app, image), service(app)].join('---\n')
  return `app: ${app}\nenv: ${env}\nmanifests: |\n${objects.replaceAll(/^(?=.)/gm, '  ')}`
}

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
  git(['-C', repository, 'fast-import', '--quiet', '--done', '--force'], stream)

/** Makes a bare repository with every app in every environment; equal each time. */
export async function makeRepository(folder) {
  mkdirSync(folder, { recursive: true })
  await git(['init', '--quiet', '--bare', '--initial-branch=main', folder])
  const every = apps.flatMap((app) => envs.map((env) => filesOf({ app, env, version: 0 })))
  const files = Object.assign({}, ...every)
  await importInto(folder, commitStream({ app: '*', env: '*', version: 0, files }))
  return folder
}

function git(args, input = '') {
  return new Promise((done, failed) => {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }
    const child = spawn('git', args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.once('error', failed)
    child.once('close', (code) =>
      code === 0 ? done(text.trim()) : failed(new Error(`git ${args[2]} ended with ${code}`)),
    )
    child.stdin.end(input)
  })
}
