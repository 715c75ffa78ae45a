import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createClient } from '@libsql/client'
import { afterEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Artifact } from '../../src/domain/artifact.ts'
import type { EventView } from '../../src/domain/outcome.ts'
import type { Release } from '../../src/domain/release.ts'
import {
  endPrograms,
  git,
  type Program,
  runToEnd,
  startProgram,
  until,
} from '../support/program.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

const artifact = (sha: string, branch = 'main') => ({
  id: `web-${sha}`,
  version: { repositoryName: 'acme/web', sha, branch, event: 'push', message: 'a change' },
  items: [{ name: 'image', repository: 'registry.example.com/acme/web', tag: sha.slice(0, 8) }],
})
const one = '1'.repeat(40)
const two = '2'.repeat(40)

const over = (server: Program, id: string) =>
  until(async () => {
    const { json } = await server.call('GET', `/api/event?id=${id}`)
    const event = json as EventView
    return !['new', 'held'].includes(event.status) && event
  })

const post = async (server: Program, sha: string, branch?: string) => {
  const { status, json } = await server.call('POST', '/api/artifact', artifact(sha, branch))
  expect(status).toBe(201)
  return over(server, (json as Artifact).id)
}

const release = async (server: Program, env: string, artifactId: string) => {
  const asked = { env, app: 'web', artifactId }
  const { json } = await server.call('POST', '/api/releases', asked)
  return over(server, (json as { id: string }).id)
}

describe('the shipped policies and manifests', () => {
  it('send the default branch to staging, and to production only what runs there', async () => {
    const server = await startProgram(tempFolder())
    const arrival = await post(server, one)
    expect(arrival.releases.map(({ env, app }) => `${env}/${app}`)).toEqual(['staging/web'])

    const branch = await post(server, two, 'feature/x')
    expect(branch.releases).toEqual([])
    const denied = await release(server, 'production', `web-${two}`)
    expect(denied.status).toBe('denied')
    expect(denied.statusDesc).toContain('staging')

    const released = await release(server, 'production', `web-${one}`)
    expect(released.status).toBe('processed')
    expect(released.gitopsHashes[0]?.hash).toBe(await git(server.gitops, 'rev-parse', 'main'))
    const files = await git(
      server.gitops,
      'ls-tree',
      '-r',
      '--name-only',
      'main',
      'production/web/',
    )
    expect(files.split('\n')).toEqual([
      'production/web/deployment-web.yaml',
      'production/web/release.json',
      'production/web/service-web.yaml',
    ])
    expect(await server.stop()).toBe(0)
  })

  it('let an app be rolled back and deleted', async () => {
    const server = await startProgram(tempFolder())
    await post(server, one)
    await post(server, two)
    const rollback = await server.call('POST', '/api/rollback?env=staging&app=web')
    expect(rollback.status).toBe(201)
    const back = await over(server, (rollback.json as { id: string }).id)
    expect(back.releases[0]?.version.sha).toBe(one)
    const { json: history } = await server.call('GET', '/api/releases?env=staging&app=web')
    expect(
      (history as Release[]).map(({ version, rolledBack }) => [version.sha, rolledBack]),
    ).toEqual([
      [one, false],
      [two, true],
      [one, false],
    ])
    const { status, json } = await server.call('POST', '/api/delete?env=staging&app=web')
    expect(status).toBe(200)
    await over(server, (json as { id: string }).id)
    expect(await git(server.gitops, 'ls-tree', '--name-only', 'main', 'staging/')).toBe('')
    const { json: left } = await server.call('GET', '/api/status?env=staging&app=web')
    expect(left).toEqual({ web: null })
  })
})

describe('a server', () => {
  it('F2, F6: that is killed again and again loses nothing and does nothing twice', async () => {
    const dataDir = tempFolder()
    const ids: string[] = []
    for (let round = 0; round < 6; round++) {
      const server = await startProgram(dataDir)
      for (let at = 0; at < 3; at++) {
        const sha = `${round}${at}`.repeat(20)
        const { status } = await server.call('POST', '/api/artifact', artifact(sha))
        expect(status).toBe(201)
        ids.push(`web-${sha}`)
      }
      // Each round dies a little later on its way from the first claim to the last push.
      await new Promise((done) => setTimeout(done, round * 25))
      await server.kill()
    }
    const server = await startProgram(dataDir)
    for (const id of ids) expect((await over(server, id)).status).toBe('processed')
    const log = await git(
      server.gitops,
      'log',
      '--reverse',
      '--format=%(trailers:key=Artifact-Id,valueonly,separator=%x2C)',
      'main',
      '--',
      'staging/web',
    )
    expect(log.split('\n')).toEqual(ids)
    const { json } = await server.call('GET', '/api/releases?env=staging&app=web&limit=100')
    expect((json as Release[]).map((one) => one.artifactId).reverse()).toEqual(ids)
    await git(server.gitops, 'fsck', '--strict')
  })

  it('F36: ends on SIGTERM with a last line that says so', async () => {
    const server = await startProgram(tempFolder())
    await server.call('POST', '/api/artifact', artifact(one))
    expect(await server.stop()).toBe(0)
    expect(JSON.parse(server.lines.at(-1) ?? '')).toMatchObject({ msg: 'stopped' })
  })

  it('writes its logs as JSON, without its token, and keeps the token to itself', async () => {
    const server = await startProgram(tempFolder(), { LOG_LEVEL: 'trace' })
    await fetch(`${server.url}/api/status?env=staging&access_token=${server.token}`)
    await server.stop()
    for (const line of server.lines) expect(JSON.parse(line)).toHaveProperty('msg')
    expect(server.lines.join('\n')).not.toContain(server.token)
    const { stdout } = await runToEnd(['stat', '-c', '%a', join(server.dataDir, 'admin.token')])
    expect(stdout.trim()).toBe('600')
  })

  it('ends with 78 and names key, value and expectation when a setting is wrong', async () => {
    const env = { PORT: 'eighty', GITOPS_REPO: 'ext::sh -c id' }
    const { code, stderr } = await runToEnd([process.execPath, resolve('dist/main.js')], env)
    expect(code).toBe(78)
    expect(stderr).toContain('PORT is "eighty"; expected a port from 0 to 65535')
    expect(stderr).toContain('GITOPS_REPO')
  })

  it('ends with 78 and says what to do when commits cannot be signed', async () => {
    const env = {
      GIMLET_DATA_DIR: tempFolder(),
      PORT: '0',
      GITOPS_SIGNING_KEY_FILE: '/nowhere/key',
    }
    const { code, stderr } = await runToEnd([process.execPath, resolve('dist/main.js')], env)
    expect(code).toBe(78)
    expect(stderr).toContain('GITOPS_SIGNING_KEY_FILE, /nowhere/key: there is no such file')
  })

  it('F39: does not touch a database that a newer program wrote', async () => {
    const dataDir = tempFolder()
    await (await startProgram(dataDir)).stop()
    const client = createClient({ url: `file:${join(dataDir, 'gimlet.db')}` })
    await client.execute('insert into migrations values (999, 0)')
    client.close()
    await expect(startProgram(dataDir)).rejects.toThrow('start the newer gimletd')
  })

  it('has a set-up page until github.yaml is there, and then GitHub', async () => {
    const dataDir = tempFolder()
    const first = await startProgram(dataDir)
    const page = await fetch(`${first.url}/setup`)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('GIMLET_URL')])
    const deliver = ({ url }: Program) => fetch(`${url}/api/github/webhooks`, { method: 'POST' })
    expect((await deliver(first)).status).toBe(404)
    await first.stop()
    const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    writeFileSync(
      join(dataDir, 'github.yaml'),
      stringify({
        APP_ID: '1',
        PRIVATE_KEY: pem.export({ type: 'pkcs1', format: 'pem' }),
        WEBHOOK_SECRET: 'a-webhook-secret',
      }),
    )
    // Nobody answers there: this test calls nothing of the internet.
    const nobody = { GHE_HOST: '127.0.0.1:9', GHE_PROTOCOL: 'http', HOST: '127.0.0.1' }
    const second = await startProgram(dataDir, nobody)
    expect((await fetch(`${second.url}/setup`)).status).toBe(404)
    expect((await deliver(second)).status).not.toBe(404)
    expect(await second.stop()).toBe(0)
    writeFileSync(join(dataDir, 'github.yaml'), 'APP_ID: 1')
    await expect(startProgram(dataDir)).rejects.toThrow('ended with 78: gimletd cannot start; correct these settings:\n  github.yaml needs') // biome-ignore format: one claim
  })

  it('F25: serves with an invalid policy file, says so, and denies what it could touch', async () => {
    const policies = tempFolder()
    writeFileSync(
      join(policies, 'broken.json'),
      '{"kind": "gate", "env": "production", "require": {"==": [1]}}',
    )
    const server = await startProgram(tempFolder(), { POLICIES: policies })
    await post(server, one)
    const ready = await server.call('GET', '/readyz')
    expect(ready.status).toBe(200)
    expect(JSON.stringify(ready.json)).toContain('broken.json')
    const denied = await release(server, 'production', `web-${one}`)
    expect(denied).toMatchObject({ status: 'denied' })
    expect(denied.statusDesc).toContain('broken.json')
    expect((await release(server, 'staging', `web-${one}`)).status).toBe('processed')
    // Mended while the server runs: the next decision sees it.
    writeFileSync(
      join(policies, 'broken.json'),
      '{"kind": "gate", "env": "production", "require": true}',
    )
    expect((await release(server, 'production', `web-${one}`)).status).toBe('processed')
  })

  it('A25: decides by the policies on the branch as it is now, also when it said no before', async () => {
    const folder = tempFolder()
    const [bare, tree] = [join(folder, 'gitops.git'), join(folder, 'tree')]
    await git(folder, 'init', '-q', '--bare', '-b', 'main', bare)
    await git(folder, 'clone', '-q', bare, tree)
    const commit = async (rule: boolean) => {
      mkdirSync(join(tree, 'policies'), { recursive: true })
      writeFileSync(join(tree, 'policies/gate.json'), `{"kind": "gate", "require": ${rule}}`)
      await git(tree, 'add', '--all')
      await git(tree, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'policy')
      await git(tree, 'push', '-q', 'origin', 'HEAD:main')
    }
    await commit(false)
    const env = { GITOPS_REPO: bare, POLICIES: 'gitops:policies' }
    const server = await startProgram(tempFolder(), env)
    await post(server, one)
    expect((await release(server, 'staging', `web-${one}`)).status).toBe('denied')
    await commit(true)
    expect((await release(server, 'staging', `web-${one}`)).status).toBe('processed')
    await git(tree, 'pull', '-q', 'origin', 'main')
    await commit(false)
    expect((await release(server, 'staging', `web-${one}`)).status).toBe('denied')
  })

  it('tells a manifest that does not parse or names an unknown variable', async () => {
    const manifests = tempFolder()
    const inner =
      'apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: web\n  data:\n    x: "{{ .nope }}"\n'
    mkdirSync(join(manifests, 'web'))
    writeFileSync(join(manifests, 'web/a.yaml'), `app: web\nenv: staging\nmanifests: |\n  ${inner}`)
    const server = await startProgram(tempFolder(), { MANIFESTS: manifests })
    const arrival = await post(server, one)
    expect(arrival.status).toBe('denied')
    expect(arrival.events[0]?.statusDesc).toContain('nope')
    const environments = [{ app: 'web', env: 'staging', manifests: 'a: [' }]
    const refused = await server.call('POST', '/api/artifact', { ...artifact(two), environments })
    expect(refused.status).toBe(422)
    expect((await server.call('GET', `/api/artifacts/web-${two}`)).status).toBe(404)
  })
})
