import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { isRefusal } from '../../src/domain/fault.ts'
import { isArtifactId, isLabel, isRepository } from '../../src/domain/names.ts'
import { appNameOf } from '../../src/manifest/app-name.ts'
import { loadManifests } from '../../src/manifest/manifest-set.ts'
import { posted } from '../support/builders.ts'
import { corpus, inputsOf } from './hostile/corpus.ts'
import {
  expectNo,
  expectUntouched,
  expectWhole,
  hostileWorld,
  type World,
} from './hostile/world.ts'

let world: World
let refs: string

beforeAll(async () => {
  world = await hostileWorld(afterAll)
  refs = await world.refs()
})

/** How many of each kind there are at least. */
const shares: readonly (readonly [readonly string[], number])[] = [
  [['A12-names', 'A17-refs'], 300],
  [['A15-arguments'], 150],
  [['A11-urls'], 200],
  [['A29-html', 'A30-texts'], 200],
  [['A6-hooks', 'A19-keys'], 200],
  [['A20-policies'], 300],
  [['A14-yaml'], 100],
  [['A36-sql'], 60],
  [['A18-trailers'], 40],
]

it('the corpus has at least 1,500 inputs, each once and each named', () => {
  for (const [name, all] of corpus) {
    expect([name, new Set(all.map(({ input }) => input)).size]).toEqual([name, all.length])
    expect([name, new Set(all.map(({ is }) => is)).size]).toEqual([name, all.length])
  }
  const different = new Set([...corpus.values()].flat().map(({ input }) => input))
  expect(different.size).toBeGreaterThanOrEqual(1_500)
  for (const [names, atLeast] of shares)
    expect([names, inputsOf(...names).length >= atLeast]).toEqual([names, true])
})

const names = inputsOf('A12-names', 'A17-refs', 'A15-arguments', 'A36-sql')
const part = encodeURIComponent
/** What a branch may be called, since it is asked for below `refs/heads/` only. */
const branches = new Set(['FETCH_HEAD', 'refs/replace/x'])
/** What anybody may be called who is a user. */
const plainWord = /^[A-Za-z0-9][\w.:@-]{0,62}$/
/** Half a surrogate pair, which has no form in an address. */
const half = /\p{Surrogate}/u
const inAddress = names.filter(({ input }) => !half.test(input))

describe('A12 A15 A17 A36: a name that is none', () => {
  it('is no label, no id that leads anywhere, and no repository', () => {
    for (const { is, input } of names) expect([is, isLabel(input)]).toEqual([is, false])
    for (const { is, input } of inputsOf('A12-names'))
      if (isArtifactId(input) || isRepository(input))
        expect([is, input]).toEqual([is, expect.not.stringMatching(/\.\.|^[-/.]|\p{Cc}|\s/u)])
  })

  it('is refused by every route that takes one, and changes nothing', async () => {
    const { server } = world
    for (const { is, input } of names) {
      const target = { env: 'production', app: 'web', artifactId: 'web-1' }
      expectNo(is, await server.post('/api/releases', { ...target, app: input }))
      expectNo(is, await server.post('/api/releases', { ...target, env: input }))
      expectNo(is, await server.post('/api/locks', { env: input, reason: 'x' }))
    }
    for (const { is, input } of inAddress) {
      const value = part(input)
      expectNo(is, await server.post(`/api/rollback?env=${value}&app=web`, ''))
      expectNo(is, await server.post(`/api/delete?env=production&app=${value}`, ''))
      expectNo(is, await server.call(`/api/releases?env=${value}&app=web`))
      const look = await server.call(`/api/artifacts/${value}`)
      expect([is, look.status < 500]).toEqual([is, true])
    }
    await expectUntouched(world, refs)
  })

  it('is the login of nobody, unless it is a plain word', async () => {
    for (const { is, input } of names) {
      const { status } = await world.server.post('/api/user', { login: input, roles: ['viewer'] })
      if (status === 201) expect([is, input]).toEqual([is, expect.stringMatching(plainWord)])
      // 409 is of one that was taken before.
      else expect([is, status]).toEqual([is, expect.toBeOneOf([409, 422])])
    }
    await expectUntouched(world, refs)
  })

  it('is no app and no environment of a manifest', () => {
    for (const { is, input } of names)
      for (const about of [{ app: input }, { env: input }]) {
        const text = JSON.stringify({
          app: 'web',
          env: 'staging',
          namespace: 'x',
          manifests: 'kind: X',
          ...about,
        })
        const { manifests, problems } = loadManifests({
          version: 'v',
          files: new Map([['one.yaml', text]]),
        })
        expect([is, manifests.length, problems.length > 0]).toEqual([is, 0, true])
      }
  })

  it('is no address and no branch of the GitOps repository in the settings', () => {
    const url = 'https://git.example.com/a/b.git'
    const taken = (settings: Record<string, string>) => !('problems' in readConfig(settings, null))
    for (const { is, input } of inputsOf('A15-arguments', 'A17-refs')) {
      const isBranch = taken({ GITOPS_REPO: url, GITOPS_BRANCH: input })
      expect([is, isBranch]).toEqual([is, branches.has(input)])
      // A path may be called nearly anything; what git takes for an option or a helper is none.
      if (taken({ GITOPS_REPO: input }))
        expect([is, input]).toEqual([is, expect.not.stringMatching(/^-|^\w+::|\p{Cc}/u)])
    }
  })

  it('names no branch that a preview could take for another app, or for none', () => {
    const app = 'web-{{ .BRANCH | sanitizeDNSName }}'
    for (const { is, input } of names) {
      const named = appNameOf(app, new Map([['BRANCH', input]]))
      if (!isRefusal(named))
        expect([is, isLabel(named), named.startsWith('web')]).toEqual([is, true, true])
    }
  })

  it('filters nothing out of the database but what it names (A36)', async () => {
    const { server } = world
    const all = inputsOf('A36-sql')
    for (const { is, input } of all.filter((one) => !half.test(one.input)))
      for (const path of [
        'artifacts?app',
        'artifacts?branch',
        'artifacts?repository',
        'releases?env=production&app',
        'audit?actor',
        'audit?app',
        'event?id',
      ]) {
        const { status, body } = await server.call(`/api/${path}=${part(input)}`)
        expect([is, path, status < 500]).toEqual([is, path, true])
        if (status === 200) expect([is, path, body]).toEqual([is, path, []])
      }
    await expectUntouched(world, refs)
  })

  it('is refused in an artifact, for its app and environment', async () => {
    for (const { is, input } of names) {
      const environments = [{ app: input, env: 'staging', manifests: 'kind: X' }]
      const others = [{ app: 'web', env: input, manifests: 'kind: X' }]
      for (const given of [environments, others])
        expectNo(
          is,
          await world.server.post('/api/artifact', posted({ id: 'web-9', environments: given })),
        )
    }
    await expectUntouched(world, refs)
  })

  it('is refused on the command line before anything is asked, or by the server', async () => {
    for (const { is, input } of names) {
      const { code, err, out } = await world.gimlet('rollback', 'web', `--env=${input}`)
      expect([is, code !== 0, `${err}${out}`.length > 0]).toEqual([is, true, true])
    }
    await expectUntouched(world, refs)
  })

  it('is refused in Slack, with an answer', async () => {
    for (const { is, input } of names.filter((one) => !half.test(one.input))) {
      const words = `release web@${input} ${input}`
      const { status } = await world.bySlack.command(words, { user: world.user })
      expect([is, status]).toEqual([is, 200])
    }
    await expectUntouched(world, refs)
  })

  it('is refused in a comment on a pull request', async () => {
    for (const { is, input } of inputsOf('A15-arguments', 'A17-refs').filter(
      (_, at) => at % 6 === 0,
    )) {
      const { status } = await world.byGithub.comment(world.pull, `/gimlet rollback web ${input}`)
      expect([is, status < 500]).toEqual([is, true])
    }
    await expectUntouched(world, refs)
  })
})

it('the repository is as it was when all of this has come to rest', async () => {
  await expectWhole(world)
  await expectUntouched(world, refs)
})
