import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { PlannedCommit } from '../../src/domain/change.ts'
import { pushFault } from '../../src/gitops/failure.ts'
import { type Git, GitFailure } from '../../src/gitops/git.ts'
import { pausing } from '../../src/gitops/pausing.ts'
import { posted } from '../support/builders.ts'
import { testServer } from '../support/server.ts'
import { putScript, tempGitops } from '../support/temp.ts'

const put: PlannedCommit = {
  change: { kind: 'replace', folder: 'production/web', files: new Map([['a.yaml', 'a']]) },
  message: 'a release\n',
  unix: 1_700_000_000,
}
const yes = () => Promise.resolve(true)

/** A host that answers everything with this status, and counts. */
async function host(status: number) {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(status).end('no')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { url: `http://127.0.0.1:${port}/gitops.git`, asked: () => asked }
}

describe('F28: a push that is refused', () => {
  const hooks = [
    { name: 'by a rule, is so for good, with the host’s words', hook: 'echo "GH013: Repository rule violations" >&2; exit 1', end: { kind: 'refused' }, says: 'GH013' }, // biome-ignore format: one row
    { name: 'because the host broke, is tried again', hook: 'kill -9 $PPID', end: { code: 'gitops_unreachable' }, says: 'pushing' }, // biome-ignore format: one row
  ]
  test.each(hooks)('$name', async ({ hook, end, says }) => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    await putScript(gitops.remote, 'hooks/pre-receive', `#!/bin/sh\n${hook}\n`)
    const result = await gitops.writer.commit(tip, [put], yes).catch((error: unknown) => error)
    expect(result).toMatchObject(end)
    expect(JSON.stringify({ ...(result as object), message: String(result) })).toContain(says)
    expect(await gitops.tipOfRemote()).toBe(tip)
  })

  test('because somebody holds the ref of the host just now, is tried again', async () => {
    const gitops = await tempGitops()
    const tip = await gitops.writer.tip()
    await putScript(gitops.remote, 'refs/heads/main.lock', '')
    const busy = gitops.writer.commit(tip, [put], yes)
    await expect(busy).rejects.toMatchObject({ code: 'gitops_unreachable' })
  })

  test.each([
    { stderr: 'remote: Permission to owner/gitops.git denied to bot.\nfatal: unable to access: The requested URL returned error: 403' }, // biome-ignore format: one row
    { stderr: 'fatal: Authentication failed for ‘https://host/’' },
    { stderr: 'git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.' }, // biome-ignore format: one row
  ])('F32: for who we are, is not a rule of the host: $stderr', ({ stderr }) => {
    const fault = pushFault(new GitFailure('push', 128, { stderr }), 'the token of GITOPS_TOKEN')
    expect(fault).toMatchObject({ code: 'gitops_forbidden' })
    expect(fault.message).toContain('the token of GITOPS_TOKEN')
  })
})

describe('F32: credentials that the host refuses', () => {
  test.each([401, 403])('are named on /readyz at %s, and accepting goes on', async (status) => {
    const { url, asked } = await host(status)
    const token = 'canary-token-0123456789'
    const environment = { GITOPS_REPO: url, GITOPS_TOKEN: token }
    const server = await testServer({ environment }, onTestFinished)
    for (let time = 0; time < 3; time++) {
      const { status: ready, body } = await server.call('/readyz')
      expect(ready).toBe(503)
      expect(JSON.stringify(body)).toContain('the token of GITOPS_TOKEN')
      expect(JSON.stringify(body)).not.toContain(token)
    }
    expect((await server.post('/api/artifact', posted())).status).toBe(201)
    const before = asked()
    for (let time = 0; time < 5; time++) await server.call('/readyz')
    expect(asked()).toBe(before)
  })

  test('are an outage neither: a host that is away is told as such', async () => {
    const { url } = await host(500)
    const environment = { GITOPS_REPO: url, GITOPS_TOKEN: 'canary-token-0123456789' }
    const server = await testServer({ environment }, onTestFinished)
    const { body } = await server.call('/readyz')
    expect(JSON.stringify(body)).toContain('fetching the GitOps repository')
    expect(JSON.stringify(body)).not.toContain('GITOPS_TOKEN')
  })

  test('F23: are shown again after half a minute, wherever the clock on the wall jumps', async () => {
    const refusal = new GitFailure('fetch', 128, {
      stderr: 'The requested URL returned error: 403',
    })
    let tries = 0
    let monotonicMs = 0
    const git = pausing(
      () => {
        tries++
        return Promise.reject(refusal)
      },
      () => monotonicMs,
    )
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    await expect(git(['fetch'])).rejects.toThrow('403')
    vi.setSystemTime(0)
    monotonicMs = 30_001
    await expect(git(['fetch'])).rejects.toThrow('403')
    expect(tries).toBe(2)
  })

  test('are shown again after half a minute, not before, and taken when they are right', async () => {
    let nowMs = 1_000
    let isRight = false
    const ran: string[] = []
    const host403: Git = ([command = '']) => {
      ran.push(command)
      const stderr = 'fatal: The requested URL returned error: 403'
      return isRight
        ? Promise.resolve('')
        : Promise.reject(new GitFailure(command, 128, { stderr }))
    }
    const git = pausing(host403, () => nowMs)
    for (let time = 0; time < 3; time++) await expect(git(['fetch'])).rejects.toThrow('403')
    expect(ran).toEqual(['fetch'])
    await expect(git(['rev-parse'])).rejects.toThrow()
    expect(ran).toEqual(['fetch', 'rev-parse'])
    nowMs += 29_999
    await expect(git(['push'])).rejects.toThrow('403')
    isRight = true
    nowMs += 1
    await git(['push'])
    await git(['push'])
    expect(ran).toEqual(['fetch', 'rev-parse', 'push', 'push'])
  })
})
