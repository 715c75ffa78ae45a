import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { gimletIn } from '../support/gimlet.ts'
import { keylessServer } from '../support/keyless-server.ts'
import { type Claims, runSha } from '../support/oidc-issuer.ts'
import { tempFolder } from '../support/temp-folder.ts'

const events = ['push', 'pull_request', 'merge_group']
const { audience, server, token } = await keylessServer(afterAll, [{ events }])

/** GitHub's door in a job, where its program asks for tokens of the run. */
async function door(claims: Claims): Promise<string> {
  const http = createServer(async (request, response) => {
    const aud = new URL(String(request.url), 'http://door').searchParams.get('audience')
    response.end(JSON.stringify({ value: await token({ aud, ...claims }) }))
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  onTestFinished(() => void http.close())
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/?v=1`
}

const head = 'd'.repeat(40)
const queued = 'gh-readonly-queue/main/pr-7-aaaa'

test.each([
  {
    name: 'a push',
    job: { GITHUB_EVENT_NAME: 'push', GITHUB_REF: 'refs/heads/main', GITHUB_SHA: runSha },
    event: {},
    claims: {},
    want: { event: 'push', branch: 'main', sha: runSha },
  },
  {
    name: 'a tag',
    job: { GITHUB_EVENT_NAME: 'push', GITHUB_REF: 'refs/tags/v1.2.3', GITHUB_SHA: runSha },
    event: {},
    claims: { ref: 'refs/tags/v1.2.3', ref_type: 'tag' },
    want: { event: 'tag', tag: 'v1.2.3', branch: '' },
  },
  {
    name: 'a pull request',
    job: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/7/merge' },
    event: { pull_request: { number: 7, head: { sha: head, ref: 'fix' }, base: { ref: 'main' } } },
    claims: {
      ...{ event_name: 'pull_request', ref: 'refs/pull/7/merge' },
      ...{ head_ref: 'fix', base_ref: 'main' },
    },
    want: { event: 'pr', sha: head, sourceBranch: 'fix', targetBranch: 'main' },
  },
  {
    name: 'a merge queue',
    job: { GITHUB_EVENT_NAME: 'merge_group', GITHUB_REF: `refs/heads/${queued}` },
    event: {
      merge_group: {
        head_sha: head,
        head_ref: `refs/heads/${queued}`,
        base_ref: 'refs/heads/main',
      },
    },
    claims: { event_name: 'merge_group', ref: `refs/heads/${queued}`, sha: head },
    want: { event: 'pr', sha: head, sourceBranch: queued, targetBranch: 'main' },
  },
])('the program posts $name with nothing but the job’s own identity', async (given) => {
  const folder = tempFolder()
  const path = join(folder, 'event.json')
  writeFileSync(path, JSON.stringify(given.event))
  const gimlet = gimletIn({
    ...{ GITHUB_ACTIONS: 'true', GITHUB_REPOSITORY: 'acme/web', GITHUB_EVENT_PATH: path },
    ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_RUN_ID: '1', ...given.job },
    ...{ GIMLET_SERVER: audience, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' },
    ACTIONS_ID_TOKEN_REQUEST_URL: await door(given.claims),
  })
  const flags = ['--image', 'registry.example.com/web:1', '--no-wait', '-o', 'json']
  const { code, out, err } = await gimlet('artifact', 'push', ...flags)
  expect([code, err]).toEqual([0, ''])
  const { body } = await server.call('/api/artifacts?limit=1')
  expect(body).toMatchObject([{ version: { ...given.want, repositoryId: 7 } }])
  expect(JSON.parse(out)).toBeTypeOf('object')
})
