import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { artifactOf, newRun, shaOf } from './artifact.mjs'
import { lay, scratch, startChild, startGimletd } from './child.mjs'
import { pushedTipOf } from './git.mjs'
import { apps, signingSecret, team, user } from './slack-command.mjs'
import { commitStream, importInto, makeRepository, manifestOf } from './small-repository.mjs'

/** A server with Slack: a releaser, 200 apps in two environments, an artifact of each. */

const envs = ['staging', 'production']
const besides = 16
/** Until the arrivals at the start are dealt with. */
const restMs = 500
/** SIGTERM lets `--cpu-prof` write; a server that waits for a host that hangs would take its time. */
const endSignal = process.env.BENCH_NODE_FLAGS ? 'SIGTERM' : 'SIGKILL'

const people = {
  people: [{ login: 'alice', slack: { team, user }, roles: ['releaser'] }],
}
/** Of the branch `batch` an artifact is two releases; of all others none. */
const policies = {
  'people.json': JSON.stringify(people),
  ...Object.fromEntries(
    envs.map((env) => [
      `batch-to-${env}.json`,
      JSON.stringify({
        kind: 'trigger',
        on: 'artifact',
        env,
        when: { '==': [{ var: 'artifact.version.branch' }, 'batch'] },
      }),
    ]),
  ),
}
const manifests = Object.fromEntries(
  envs.flatMap((env) => apps.map((app) => [`${app}-${env}.yaml`, manifestOf(app, env)])),
)
const below = (folder, files) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]))

const commitsOf = (repository) =>
  Number(execFileSync('git', ['-C', repository, 'rev-list', '--count', 'main'], { env: gitEnv }))
const gitEnv = { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }

/** Starts what a server talks to and the server itself; `isHosted` puts git behind HTTP. */
export async function startBench({ isHosted }) {
  const folder = scratch()
  const remote = await makeRepository(join(folder, 'remote.git'))
  await importInto(
    remote,
    commitStream({
      ...{ app: '*', env: '*', version: 1, from: pushedTipOf(remote) },
      files: below('policies', policies),
    }),
  )
  lay(folder, { ...below('policies', policies), ...below('manifests', manifests) })
  const slack = await startChild('./slack-stand-in.mjs')
  const gitHost = isHosted
    ? await startChild('./git-host.mjs', { env: { GIT_HOST_FOLDER: folder } })
    : undefined
  const env = {
    GIMLET_DATA_DIR: join(folder, 'data'),
    GITOPS_REPO: gitHost ? `${gitHost.url}/remote.git` : remote,
    POLICIES: gitHost ? 'gitops:policies' : join(folder, 'policies'),
    MANIFESTS: join(folder, 'manifests'),
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_BOT_TOKEN: 'xoxb-bench-slack',
    SLACK_API_URL: `${slack.url}/api/`,
    SLACK_CHANNEL: '#releases',
  }
  let server = await startGimletd(folder, env)
  await postAll(server, { branch: 'main', count: apps.length })
  await pause(restMs)
  return {
    slackOrigin: slack.url,
    port: () => server.port,
    commits: () => commitsOf(remote),
    calls: async () => (await (await fetch(`${slack.url}/bench/calls`)).json()).calls,
    /** Posts artifacts that triggers make so many releases of. */
    batch: (releases) => postAll(server, { branch: 'batch', count: releases / envs.length }),
    hangGit: () => fetch(`${gitHost.url}/bench/hang`),
    hangSlack: () => fetch(`${slack.url}/bench/hang`),
    async restart() {
      await server.kill()
      // Not startGimletd, which asks for a token: nobody has to answer anything yet.
      const more = { GIMLET_ADMIN_TOKEN: 'bench-administrator-token' }
      server = await startChild('../dist/main.js', { cwd: folder, env: { ...env, ...more } })
    },
    async end() {
      for (const one of [server, slack, gitHost]) await one?.end(endSignal)
    },
  }
}

async function postAll({ url, token }, { branch, count }) {
  const run = newRun()
  let next = 0
  const post = async () => {
    for (let number = next++; number < count; number = next++) {
      const repository = `acme/${apps[number % apps.length]}`
      const response = await fetch(`${url}/api/artifact`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(artifactOf({ repository, branch, sha: shaOf(number, run) })),
      })
      if (response.status !== 201) throw new Error(`not accepted: ${await response.text()}`)
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: besides }, post))
}
