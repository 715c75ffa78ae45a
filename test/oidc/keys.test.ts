import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { isRefusal } from '../../src/domain/fault.ts'
import { tokenVerifier } from '../../src/oidc/verify.ts'
import { settableClock } from '../support/clock.ts'
import { keylessServer } from '../support/keyless-server.ts'
import { githubClaims, newKey, oidcIssuer, type TestIssuer } from '../support/oidc-issuer.ts'

const audience = 'https://gimlet.example.com'

/** A verifier of one issuer, whose clock moves while it waits. */
function verifierOf({ url }: Pick<TestIssuer, 'url'>) {
  const clock = settableClock(new Date().toISOString())
  const warned: string[] = []
  const log = { warn: (_: object, text: string) => void warned.push(text) }
  const pause = async (ms: number) => clock.moveMs(ms)
  const verify = tokenVerifier(
    { clock, pause, log },
    { audience, issuers: [{ issuer: url, kind: 'github' }] },
  )
  const claims = (given: object = {}) => {
    const nowUnix = Math.floor(clock.nowMs() / 1000)
    const times = { iat: nowUnix, nbf: nowUnix, exp: nowUnix + 300 }
    return githubClaims({ issuer: url, audience }, { ...times, ...given })
  }
  /** `taken`, or the code of what was refused. */
  const look = async (token: string) => {
    const run = await verify(token, () => true)
    return isRefusal(run) ? run.code : 'taken'
  }
  return { verify, clock, warned, claims, look }
}

describe('the keys of an issuer', () => {
  let issuer: TestIssuer
  beforeEach(async () => {
    issuer = await oidcIssuer(onTestFinished)
  })

  test('are read once, however many tokens come at once', async () => {
    const { look, claims } = verifierOf(issuer)
    const tokens = await Promise.all(Array.from({ length: 50 }, () => issuer.sign(claims())))
    expect(new Set(await Promise.all(tokens.map(look)))).toEqual(new Set(['taken']))
    expect(issuer.state.keyReads).toBe(1)
  })

  test('are not read at all for an issuer that ci.json does not have', async () => {
    const { verify, claims } = verifierOf(issuer)
    expect(await verify(await issuer.sign(claims()), () => false)).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('No entry of ci.json is of the issuer'),
    })
    expect(issuer.state.reads).toBe(0)
  })

  test('are read again for a key that is not known, one reading for all that wait', async () => {
    const { look, claims } = verifierOf(issuer)
    expect(await look(await issuer.sign(claims()))).toBe('taken')
    await issuer.rotate()
    const tokens = await Promise.all(Array.from({ length: 50 }, () => issuer.sign(claims())))
    expect(new Set(await Promise.all(tokens.map(look)))).toEqual(new Set(['taken']))
    expect(issuer.state.keyReads).toBe(2)
  })

  test('A8: tokens of keys that are nobody’s make it read every two seconds at most', async () => {
    const { look, claims, clock } = verifierOf(issuer)
    const attacker = await newKey()
    const fromMs = clock.nowMs()
    for (let round = 0; round < 10; round++) {
      const tokens = await Promise.all(
        Array.from({ length: 20 }, () => issuer.sign(claims(), {}, attacker)),
      )
      const codes = await Promise.all(tokens.map(look))
      expect(new Set(codes)).toEqual(new Set(['unauthenticated']))
    }
    const seconds = (clock.nowMs() - fromMs) / 1_000
    expect(issuer.state.keyReads).toBeLessThanOrEqual(seconds / 2 + 1)
  })

  test('F32: are kept while the issuer is away, for a day', async () => {
    const { look, claims, clock, warned } = verifierOf(issuer)
    expect(await look(await issuer.sign(claims()))).toBe('taken')
    issuer.state.instead = (_, response) => void response.writeHead(503).end()
    clock.moveMs(11 * 60_000)
    const reads = issuer.state.reads
    for (let count = 0; count < 5; count++)
      expect(await look(await issuer.sign(claims()))).toBe('taken')
    // It is not asked at every token, and told in the log.
    expect(issuer.state.reads).toBe(reads + 1)
    expect(warned).toHaveLength(1)
    clock.moveMs(24 * 60 * 60_000)
    expect(await look(await issuer.sign(claims()))).toBe('overloaded')
    issuer.state.instead = null
    expect(await look(await issuer.sign(claims()))).toBe('taken')
  })

  test('end ten minutes after they are withdrawn, also where nothing came meanwhile', async () => {
    const { look, claims, clock } = verifierOf(issuer)
    const old = issuer.state.signing
    expect(await look(await issuer.sign(claims()))).toBe('taken')
    await issuer.rotate()
    issuer.state.published = [issuer.state.signing.jwk]
    clock.moveMs(10 * 60_000 + 1)
    expect(await look(await issuer.sign(claims(), {}, old))).toBe('unauthenticated')
    expect(await look(await issuer.sign(claims()))).toBe('taken')
  })

  test('may be of an elliptic curve', async () => {
    const { look, claims } = verifierOf(issuer)
    const key = await newKey('ES256')
    issuer.state.published = [key.jwk]
    expect(await look(await issuer.sign(claims(), {}, key))).toBe('taken')
  })
})

describe('A8: an issuer that answers wrong is as one that is away', () => {
  const elsewhere = 'http://127.0.0.1:1/keys'
  const json = (body: unknown) => JSON.stringify(body)
  test.each([
    {
      name: 'discovery of another issuer',
      discovery: () => json({ issuer: 'https://other.example.com', jwks_uri: elsewhere }),
    },
    {
      name: 'keys at another host',
      discovery: (url: string) => json({ issuer: url, jwks_uri: elsewhere }),
    },
    { name: 'no keys', discovery: (url: string) => json({ issuer: url }) },
    {
      name: 'keys that are a file',
      discovery: (url: string) => json({ issuer: url, jwks_uri: 'file:///etc/passwd' }),
    },
    { name: 'no JSON', discovery: () => '<html>' },
    { name: '5 MB', discovery: () => json({ padding: 'x'.repeat(5_000_000) }) },
    { name: '5 MB of keys', keys: () => json({ keys: [], padding: 'x'.repeat(5_000_000) }) },
    { name: 'keys that are a list', keys: () => '[]' },
    { name: 'a redirect of its keys', keys: () => null },
    { name: 'a redirect', discovery: () => null },
  ])('$name', async ({ discovery, keys }) => {
    const issuer = await oidcIssuer(onTestFinished)
    const { look, claims } = verifierOf(issuer)
    const real = json({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` })
    issuer.state.instead = (request, response) => {
      if (request.url === '/moved') return response.end(real)
      const isKeys = request.url === '/keys'
      const text = isKeys
        ? (keys ?? (() => json({ keys: [] })))()
        : (discovery ?? (() => real))(issuer.url)
      if (text === null) return response.writeHead(302, { location: '/moved' }).end()
      response.end(text)
    }
    expect(await look(await issuer.sign(claims()))).toBe('overloaded')
    issuer.state.instead = null
    expect(await look(await issuer.sign(claims()))).toBe('taken')
  })
})

describe('a server under load', () => {
  test('F32: keys that are rotated under load cost no token that is valid', async () => {
    const { issuer, post, token, server } = await keylessServer(afterAll)
    const rounds = 8
    const posts = 50
    const answers: number[] = []
    for (let round = 0; round < rounds; round++) {
      // A key is published while the one before it is still in use; the one before that is gone.
      issuer.state.published = issuer.state.published.slice(-1)
      const before = issuer.state.signing
      const load = async (count: number) => {
        const jwts = await Promise.all(Array.from({ length: count }, () => token()))
        const posted = await Promise.all(jwts.map((jwt) => post(jwt)))
        answers.push(...posted.map(({ status }) => status))
      }
      const running = load(posts / 2)
      await issuer.rotate()
      const late = issuer.sign(
        githubClaims({ issuer: issuer.url, audience: server.url }),
        {},
        before,
      )
      await Promise.all([
        running,
        load(posts / 2),
        post(await late).then(({ status }) => answers.push(status)),
      ])
    }
    expect(answers).toEqual(Array.from({ length: rounds * (posts + 1) }, () => 201))
  })
})
