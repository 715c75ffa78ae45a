import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'
import { someonesGit } from '../support/temp.ts'
import { inputsOf } from './hostile/corpus.ts'
import { expectWhole } from './hostile/world.ts'

const texts = inputsOf('A18-trailers', 'A30-texts', 'A29-html')

/** The trailers of each of the server's commits, as git reads them. */
const trailersOf = async (remote: string) => {
  const text = await someonesGit(remote, 'log', '--format=%(trailers:only,unfold)%x00', 'main')
  return text.split('\0').map((one) => one.trim().split('\n').filter(Boolean))
}

it('A18: no reason of a release adds a trailer to its commit, or changes one', async () => {
  // Without Slack and GitHub, whose pace all that is told of so many releases would wait for.
  const server = await testServer({}, onTestFinished)
  const remote = join(server.folder, 'data/gitops.git')
  const app = (at: number) => `told-${at}`
  const environments = texts.map((_, at) => ({
    app: app(at),
    env: 'production',
    manifests: `kind: ConfigMap\napiVersion: v1\nmetadata: {name: ${app(at)}}\n`,
  }))
  const { status } = await server.post('/api/artifact', posted({ id: 'told', environments }))
  expect(status).toBe(201)
  // An app for each text, so that each makes a commit and they go out in batches.
  const asked = new Map<string, string>()
  for (const [at, { is, input }] of texts.entries()) {
    const target = { env: 'production', app: app(at), artifactId: 'told' }
    const answer = await server.post('/api/releases', { ...target, reason: input })
    if (answer.status === 201) asked.set((answer.body as { id: string }).id, is)
    else expect([is, answer.status]).toEqual([is, 422])
  }
  expect(asked.size).toBeGreaterThan(300)
  for (const [id, is] of asked)
    expect([is, (await server.ended(id)).status]).toEqual([is, 'processed'])
  const found = (await trailersOf(remote)).filter((trailers) => trailers.length > 0)
  const names = [
    'Release-Id',
    'Artifact-Id',
    'Triggered-By',
    'Decision-Id',
    'Policy-Version',
    'Source-Commit',
    'Audit-Head',
  ]
  for (const trailers of found)
    expect(trailers.map((one) => one.split(':', 1)[0])).toEqual(names.slice(0, trailers.length))
  // Subject, reason and trailers: a reason is one line, whatever it was.
  const bodies = await someonesGit(remote, 'log', '--format=%B%x00', 'main')
  const parts = bodies.split('\0').map((one) => one.trim().split(/\s*\n\n\s*/))
  expect(parts.filter(([, reason = '']) => reason.startsWith('Reason: "')).length).toBeGreaterThan(
    300,
  )
  for (const [subject = '', ...rest] of parts.filter(([one]) => one?.startsWith('[Gimlet]')))
    expect([
      subject,
      rest.length <= 2,
      rest[0]?.startsWith('Reason: ') ? rest[0].split('\n').length : 1,
    ]).toEqual([subject, true, 1])
  const ids = found.map(([first = '']) => first.replace('Release-Id: ', ''))
  expect([...asked.keys()].filter((id) => !ids.includes(id))).toEqual([])
  expect(found.flat().filter((one) => one.includes('forged'))).toEqual([])
  await expectWhole({ server, remote }, [...asked.keys()])
})
