import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { githubSecret, githubServer } from '../support/github-server.ts'
import { slackSecret, slackServer, users } from '../support/slack-server.ts'

/** Names of what nobody may learn a piece of by trying; `hash` is a digest, of which pieces are worth nothing. */
const secretName = /\b\w*(?:secret|token|password|credential|signature|cookie)$/i
/** The signature of a folder is what tells whether its files have changed. */
const noSecrets = ['signature !== signature']

describe('A3: how long a comparison takes tells nothing', () => {
  test('no secret is compared sign by sign', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    const found = files
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        readFileSync(join('src', file), 'utf8')
          .split('\n')
          .filter(isCompared)
          .map((line) => `${file}: ${line.trim()}`),
      )
    expect(found).toEqual([])
  })

  test.each([
    { line: 'if (given === webhookSecret) return', want: true },
    { line: "return token !== request.headers.get('x')", want: true },
    { line: 'if (token === undefined) return', want: false },
    { line: "if (kind === 'token') return", want: false },
    { line: 'if (signature.length === signatureBytes) return', want: false },
  ])('which would be seen: $line: $want', ({ line, want }) => {
    expect(isCompared(line)).toBe(want)
  })

  const cuts = (secret: string) => ['', secret.slice(0, 1), secret.slice(0, -1), `${secret}0`, secret.repeat(20)] // biome-ignore format: one value

  test('a secret of any other length is 401: of the API, of GitHub and of Slack', async () => {
    const { server, github } = await githubServer({}, onTestFinished)
    for (const token of cuts(server.adminToken))
      expect((await server.call('/api/whoami', { token })).status).toBe(401)
    const url = `${server.url}/api/github/webhooks`
    const { sender } = await slackServer({}, onTestFinished)
    const statuses = [
      ...cuts(githubSecret)
        .filter(Boolean)
        .map((secret) => github.sender(url, { secret }).ping()),
      ...cuts('0'.repeat(64)).map((digits) =>
        github.sender(url, { secret: githubSecret }).ping({ signature: `sha256=${digits}` }),
      ),
      ...cuts(slackSecret)
        .filter(Boolean)
        .map((secret) => sender.command('whoami', { user: users.alice, secret })),
      ...cuts('0'.repeat(64)).map((digits) =>
        sender.command('whoami', { user: users.alice, signature: `v0=${digits}` }),
      ),
    ].map(async (answer) => (await answer).status)
    expect(new Set(await Promise.all(statuses))).toEqual(new Set([401]))
  })
})

/** True for a line that compares a secret with something that is no literal. */
function isCompared(line: string): boolean {
  if (noSecrets.some((known) => line.includes(known))) return false
  return [...line.matchAll(/([\w.?]+)\s*[=!]==?\s*([\w.?'"`]+)/g)].some(
    ([, one = '', other = '']) => {
      const isPlain = /^(?:undefined|null|true|false|\d+|['"`].*)$/
      return [one, other].some((name) => secretName.test(name)) && !isPlain.test(other) && !isPlain.test(one) // biome-ignore format: one line
    },
  )
}
