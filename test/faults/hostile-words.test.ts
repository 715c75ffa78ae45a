import MarkdownIt from 'markdown-it'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { code, words } from '../../src/messages/github/markdown.ts'
import { clean } from '../../src/messages/paint.ts'
import { eventually } from '../support/eventually.ts'
import { answered } from '../support/slack-server.ts'
import { someonesGit } from '../support/temp.ts'
import { inputsOf } from './hostile/corpus.ts'
import { expectWhole, hostileWorld, ofWeb, type World } from './hostile/world.ts'

let world: World

beforeAll(async () => {
  world = await hostileWorld(afterAll)
})

const texts = inputsOf('A18-trailers', 'A30-texts', 'A29-html')
const moves = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u
it('A30: a reason names nobody in Slack and links nowhere, in the channel and in an answer', async () => {
  const { server, slack } = world
  const some = texts.filter((_, at) => at % 12 === 0)
  const kept = []
  for (const { input } of some) {
    const { status, body } = await server.post('/api/locks', { env: 'testing', reason: input })
    if (status !== 201) continue
    const shown = await answered({ slack, sender: world.bySlack }, 'locks', { user: world.user })
    kept.push(shown)
    await server.call(`/api/locks/${(body as { id: string }).id}`, { method: 'DELETE' })
  }
  expect(kept.length).toBeGreaterThan(some.length / 2)
  await server.post('/api/artifact', ofWeb({ id: 'loud' }))
  const reason = '<!channel> <@U0001> <https://evil.example|click>'
  await server.post('/api/releases', { env: 'staging', app: 'web', artifactId: 'loud', reason })
  const said = () => JSON.stringify(slack.messages())
  await eventually(() => expect(said()).toContain(reason))
  expect(JSON.stringify(kept)).toContain('evil.example')
  const marks = [kept, slack.messages(), slack.ephemerals].flatMap(marksIn)
  const live = /<!(?:channel|here|everyone|subteam|date)|<@|<#|<mailto|evil\.example(?:\/\w+)?[|>]/
  expect(marks.filter((text) => live.test(text))).toEqual([])
  expect(slack.problems).toEqual([])
})

const reader = new MarkdownIt({ html: true, linkify: true })

it('A30: a comment on GitHub links nowhere and names nobody because of what was typed at it', async () => {
  const { github, byGithub, pull } = world
  const own = (body: string) =>
    reader.parse(body, {}).flatMap((one) => [one, ...(one.children ?? [])])
  for (const { is, input } of texts) {
    const kinds = [words(input), code(input)].flatMap((text) => own(`so: ${text} end`))
    expect([is, kinds.filter(({ type }) => /link|image|html|heading|list/.test(type))]).toEqual([
      is,
      [],
    ])
  }
  const lines = texts
    .filter((_, at) => at % 12 === 0)
    .map(({ input }) => `/gimlet release "${input.replaceAll(/[\n\r\0"]/g, ' ')}" production`)
  const commentsOf = 5
  for (let at = 0; at < lines.length; at += commentsOf)
    await byGithub.comment(pull, lines.slice(at, at + commentsOf).join('\n'))
  const answers = () => github.storedComments.filter(({ author }) => author !== 'alice')
  const wanted = Math.ceil(lines.length / commentsOf)
  await eventually(() => expect(answers().length).toBeGreaterThanOrEqual(wanted))
  expect(answers().some(({ body }) => body.includes('evil.example'))).toBe(true)
  for (const { body } of answers()) {
    const attributes = own(body).flatMap(({ attrs }) => attrs ?? [])
    expect(attributes.filter(([, value]) => `${value}`.includes('evil.example'))).toEqual([])
    expect(body.replaceAll(/(`+)[^`]*\1/g, '')).not.toMatch(/@owner|<img|<a /)
  }
})

it('A30: what artifacts say is shown on a terminal without codes that move, hide or turn', async () => {
  for (const { is, input } of texts)
    expect([is, clean(input)]).toEqual([is, expect.not.stringMatching(moves)])
  const taken = []
  for (const [at, { is, input }] of texts.entries()) {
    const said = { message: input, authorName: input, committerName: input, url: input }
    const { status } = await world.server.post(
      '/api/artifact',
      ofWeb({ id: `says-${at}`, version: said }),
    )
    expect([is, status < 500]).toEqual([is, true])
    if (status === 201) taken.push(`says-${at}`)
  }
  expect(taken.length).toBeGreaterThan(100)
  const lists = [
    await world.gimlet('artifacts', 'web', '--limit=500'),
    await world.gimlet('history', 'web', 'production'),
    await world.gimlet('status', '--env=production'),
  ]
  for (const { code, out } of lists) {
    expect(code).toBe(0)
    expect(out.split('\n').filter((line) => moves.test(line.replaceAll('\t', '')))).toEqual([])
  }
})

/** The trailers of each of the server's commits, as git reads them. */
const trailersOf = async (remote: string) => {
  const text = await someonesGit(remote, 'log', '--format=%(trailers:only,unfold)%x00', 'main')
  return text.split('\0').map((one) => one.trim().split('\n').filter(Boolean))
}

it('A18: no reason of a release adds a trailer to its commit, or changes one', async () => {
  const { server, remote } = world
  const app = (at: number) => `told-${at}`
  const environments = texts.map((_, at) => ({
    app: app(at),
    env: 'production',
    manifests: `kind: ConfigMap\napiVersion: v1\nmetadata: {name: ${app(at)}}\n`,
  }))
  const { status } = await server.post('/api/artifact', ofWeb({ id: 'told', environments }))
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
  await expectWhole(world, [...asked.keys()])
})

/** What Slack reads as marks: text of its own kind, and none of what is plain. */
function marksIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(marksIn)
  if (typeof value !== 'object' || value === null) return []
  const { type, text, ...rest } = value as Record<string, unknown>
  // Rich text and plain text are shown as they stand.
  if (type === 'plain_text' || type === 'text') return []
  return [...marksIn(text), ...Object.values(rest).flatMap(marksIn)]
}
