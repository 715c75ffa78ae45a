import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Release } from '../domain/release.ts'
import { diffText } from '../messages/event-text.ts'
import { Client } from './client.ts'
import { run } from './run.ts'
import { startThrowAway } from './serve.ts'
import type { Terminal } from './terminal.ts'

type Server = Awaited<ReturnType<typeof startThrowAway>>

/** What a scene needs: it is played with the real program against the real server. */
type Stage = {
  readonly server: Server
  readonly terminal: Terminal
  readonly folder: string
}

/** Plays the main job against a throw-away server, with the commands that a person would type. */
export async function demo(terminal: Terminal): Promise<number> {
  const server = await startThrowAway()
  const folder = await mkdtemp(join(tmpdir(), 'gimlet-demo-ci-'))
  try {
    await play({ server, terminal, folder })
    return 0
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function play(stage: Stage): Promise<void> {
  const { terminal } = stage
  terminal.out(`A server is up at ${stage.server.url}, with an empty GitOps repository.`)

  title(stage, 'CI built main. It posts the version, and a policy sends it to staging.')
  await ci(stage, first)
  await commit(stage, 'staging', 'files')

  title(stage, 'Somebody wants a feature branch in production. A policy says no, and why.')
  await ci(stage, feature)
  await gimlet(stage, 'release', feature.id, 'production')

  title(stage, 'What runs in staging may go on to production.')
  await gimlet(stage, 'release', 'web', 'production', '--reason', 'the prices are right now')
  await commit(stage, 'production', 'files')

  title(stage, 'A second version: what would change is seen before it is done.')
  await ci(stage, second)
  await gimlet(stage, 'diff', 'web', 'production')
  await gimlet(stage, 'release', 'web', 'production')
  await gimlet(stage, 'status')

  title(stage, 'It was not a good one. One commit brings back the files of before.')
  await gimlet(stage, 'rollback', 'web', 'production', '--reason', 'checkout is slow')
  await commit(stage, 'production', 'changes')
  await gimlet(stage, 'history', 'web', 'production')

  terminal.out('\nThat was the whole job. Now with your own: npm start')
}

const title = ({ terminal }: Stage, text: string) => terminal.out(`\n${terminal.paint.bold(text)}`)

/** Runs a command as it would be typed, and shows it. */
async function gimlet({ server, terminal }: Stage, ...words: readonly string[]): Promise<void> {
  const typed = words.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ')
  terminal.out(`\n${terminal.paint.dim('$')} gimlet ${typed}`)
  const environment = { GIMLET_SERVER: server.url, GIMLET_TOKEN: server.adminToken }
  await run(words, { ...terminal, err: terminal.out, environment })
}

/** What a CI job does at the end of a build. */
async function ci(stage: Stage, artifact: { id: string }): Promise<void> {
  const file = join(stage.folder, 'artifact.json')
  writeFileSync(file, JSON.stringify(artifact))
  const { terminal, server } = stage
  terminal.out(`\n${terminal.paint.dim('$')} gimlet artifact push -f artifact.json --wait`)
  const environment = { GIMLET_SERVER: server.url, GIMLET_TOKEN: server.adminToken }
  const words = ['artifact', 'push', '-f', file, '--wait']
  await run(words, { ...terminal, err: terminal.out, environment })
}

/** Shows the newest GitOps commit of an environment. */
async function commit(stage: Stage, env: string, what: 'files' | 'changes'): Promise<void> {
  const { server, terminal } = stage
  const client = new Client(server.url, server.adminToken)
  const { json } = await client.send({ verb: 'history', filter: { env, limit: 1 } })
  const [release] = json as readonly Release[]
  if (!release) return
  const shown = await server.show(release.gitopsRef, what)
  terminal.out(`\n${diffText(shown, terminal.paint)}`)
}

const versionOf = (about: { sha: string; branch: string; message: string }) => ({
  id: `web-${about.sha.slice(0, 12)}`,
  version: {
    ...about,
    repositoryName: 'acme/web',
    event: 'push',
    authorName: 'Ada Lovelace',
    url: `https://github.com/acme/web/commit/${about.sha}`,
  },
  items: [
    { name: 'image', repository: 'registry.example.com/acme/web', tag: about.sha.slice(0, 8) },
  ],
})

const first = versionOf({
  sha: '6f1b2a9c0d4e5f60718293a4b5c6d7e8f9012345',
  branch: 'main',
  message: 'Show the price with tax',
})
const feature = versionOf({
  sha: '9a8b7c6d5e4f30211203f4e5d6c7b8a901234567',
  branch: 'feature/one-click',
  message: 'Try a one-click checkout',
})
const second = versionOf({
  sha: 'c0ffee12d4e5f60718293a4b5c6d7e8f90123456',
  branch: 'main',
  message: 'Round prices to cents',
})
