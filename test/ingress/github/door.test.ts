import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { githubSecret, githubServer, shas } from '../../support/github-server.ts'

const previous = 'the-webhook-secret-of-before'

/** The server, and a comment that would release something if it were taken. */
async function atTheDoor(environment: Record<string, string> = {}) {
  const here = await githubServer({ environment }, onTestFinished)
  await here.push('web-1', shas.one)
  const { sender, pull, github, server, until, replies } = here
  await sender.comment(pull, '/gimlet release staging', { isLost: true })
  const payload = github.deliveries.at(-1)!.request.payload
  const body = JSON.stringify(payload)
  const send = async (bytes: string | Uint8Array, headers: Record<string, string>) =>
    (
      await fetch(`${server.url}/api/github/webhooks`, {
        method: 'POST',
        body: bytes,
        headers: { 'content-type': 'application/json', 'x-github-event': 'issue_comment', 'x-github-delivery': crypto.randomUUID(), ...headers }, // biome-ignore format: one value
      })
    ).status
  return {
    ...here,
    ...{ payload, body, send },
    /** What is taken after all of it is answered, and nothing before it was. */
    async nothingHappened() {
      await sender.comment(pull, '/gimlet status')
      await until(() => expect(replies()).toHaveLength(1))
      expect(replies()[0]?.body).toContain('| environment | app |')
      expect(await here.releases('staging')).toEqual([])
    },
  }
}

const sign = (body: string | Uint8Array, secret = githubSecret, hash = 'sha256') =>
  `${hash}=${createHmac(hash, secret).update(body).digest('hex')}`
const signed = (body: string | Uint8Array, secret?: string) => ({
  'x-hub-signature-256': sign(body, secret),
})

describe('A1: what GitHub did not sign is 401, and nothing happens', () => {
  it('by any of the ways to sign it wrongly', async () => {
    const { body, send, nothingHappened } = await atTheDoor()
    const good = sign(body)
    const forged: Record<string, Record<string, string>> = {
      'no signature': {},
      'an empty one': { 'x-hub-signature-256': '' },
      'a wrong secret': signed(body, 'another-secret-of-nobody'),
      'an empty secret': { 'x-hub-signature-256': sign(body, '') },
      'the secret that Probot falls back to': signed(body, 'development'),
      'a secret of before that was not configured': signed(body, previous),
      'sha1 alone': { 'x-hub-signature': sign(body, githubSecret, 'sha1') },
      'sha1 in the place of sha256': { 'x-hub-signature-256': sign(body, githubSecret, 'sha1') },
      'one that is cut off': { 'x-hub-signature-256': good.slice(0, -1) },
      'one with more behind it': { 'x-hub-signature-256': `${good}0` },
      'one without its name': { 'x-hub-signature-256': good.slice('sha256='.length) },
      'one in capitals': { 'x-hub-signature-256': good.toUpperCase() },
      'two of them': { 'x-hub-signature-256': `${good}, ${good}` },
      'one of other bytes': signed(`${body} `),
    }
    const answers: Record<string, number> = {}
    for (const [name, headers] of Object.entries(forged)) answers[name] = await send(body, headers)
    expect(answers).toEqual(Object.fromEntries(Object.keys(forged).map((name) => [name, 401])))
    await nothingHappened()
  })

  it('as a form, which GitHub can send, too', async () => {
    const { sender, payload, nothingHappened } = await atTheDoor()
    const contentType = 'application/x-www-form-urlencoded'
    expect((await sender.event('issue_comment', payload, { contentType })).status).toBe(401)
    await nothingHappened()
  })

  it('with a secret that is none, the server does not start', async () => {
    for (const secret of ['development', 'short'])
      await expect(
        githubServer({ environment: { WEBHOOK_SECRET: secret } }, onTestFinished),
      ).rejects.toThrow('WEBHOOK_SECRET')
  })
})

describe('A39: a secret that is rotated', () => {
  it('is good as well as the one before it, while that is configured', async () => {
    const { body, send, until, releases } = await atTheDoor({ WEBHOOK_SECRET_PREVIOUS: previous })
    expect(await send(body, signed(body, 'another-secret-of-nobody'))).toBe(401)
    expect(await send(body, signed(body, previous))).toBe(202)
    await until(async () => expect(await releases('staging')).toHaveLength(1))
    const other = body.replace('staging', 'production')
    expect(await send(other, signed(other))).toBe(202)
    await until(async () => expect(await releases('production')).toHaveLength(1))
  })
})

describe('A4: what is verified are the bytes that came', () => {
  it('so that bytes which only read the same are 401', async () => {
    const { body, send, payload, nothingHappened } = await atTheDoor()
    const changed = {
      'another environment': body.replace('staging', 'production'),
      'one space more': body.replace('{', '{ '),
      'written anew': JSON.stringify(payload, null, 1),
      'with a mark of its encoding': `\ufeff${body}`,
      packed: gzipSync(body),
      'cut off': body.slice(0, -1),
    }
    const answers: Record<string, number> = {}
    for (const [name, bytes] of Object.entries(changed))
      answers[name] = await send(bytes, signed(body))
    expect(answers).toEqual(Object.fromEntries(Object.keys(changed).map((name) => [name, 401])))
    await nothingHappened()
  })

  it('of two keys of one name the last one counts, for everything that looks', async () => {
    const { body, send, until, replies, releases } = await atTheDoor()
    const twice = body.replace('"action":"created"', '"action":"created","action":"deleted"')
    expect(twice).not.toBe(body)
    expect(await send(twice, signed(twice))).toBe(202)
    expect(await send(body, signed(body))).toBe(202)
    await until(async () => expect(await releases('staging')).toHaveLength(1))
    await until(() => expect(replies()).toHaveLength(1))
  })
})

describe('A2: a delivery that is played again', () => {
  it('has no second effect, under its number, another one, or none', async () => {
    const { body, send, sender, pull, until, replies, releases } = await atTheDoor()
    const first = { 'x-github-delivery': crypto.randomUUID(), ...signed(body) }
    expect(await send(body, first)).toBe(202)
    await until(async () => expect(await releases('staging')).toHaveLength(1))
    for (const id of [first['x-github-delivery'], crypto.randomUUID(), ''])
      expect(await send(body, { ...first, 'x-github-delivery': id })).toBe(202)
    await sender.comment(pull, '/gimlet status')
    await until(() => expect(replies()).toHaveLength(2))
    expect(await releases('staging')).toHaveLength(1)
  })

  it('is nothing under the name of another event', async () => {
    const { body, send, nothingHappened } = await atTheDoor()
    for (const name of ['pull_request', 'push', 'delete', 'installation', 'repository', 'ping'])
      expect(await send(body, { ...signed(body), 'x-github-event': name })).toBe(202)
    await nothingHappened()
  })
})

describe('A5, A6: what is no delivery at all', () => {
  it.each([
    ['a space', ' '],
    ['no JSON', '{"action":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a word', '"created"'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00)],
    ['a hundred thousand levels', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a hundred levels', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
  ])('%s is told so', async (_, body) => {
    const { send, nothingHappened } = await atTheDoor()
    expect(await send(body, signed(body))).toBe(typeof body === 'string' ? 400 : 401)
    await nothingHappened()
  })

  it('an event without a name, or with one that is none', async () => {
    const { body, send, nothingHappened } = await atTheDoor()
    for (const name of ['', 'issue comment', '../push', '__proto__.x', 'x'.repeat(61)])
      expect(await send(body, { ...signed(body), 'x-github-event': name })).toBe(400)
    for (const name of ['constructor', '__proto__', 'error', 'hasownproperty'])
      expect(await send(body, { ...signed(body), 'x-github-event': name })).toBe(202)
    await nothingHappened()
  })

  it('a body of more than 25 MiB is refused, signed or not', async () => {
    const { send, nothingHappened } = await atTheDoor()
    const body = `{"a":"${' '.repeat(25 << 20)}"}`
    expect(await send(body, signed(body))).toBe(413)
    expect(await send(body, {})).toBe(413)
    await nothingHappened()
  })
})
