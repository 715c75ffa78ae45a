import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { endPrograms, runToEnd, startProgram } from '../support/program.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

const program = [process.execPath, resolve('dist/cli/gimlet.js')]

describe('the gimlet program', () => {
  it('does the whole job against a real server', async () => {
    const server = await startProgram(tempFolder())
    const env = { GIMLET_SERVER: server.url, GIMLET_TOKEN: server.token }
    const gimlet = (...words: readonly string[]) => runToEnd([...program, ...words], env)
    const push = async (id: string, sha: string, branch: string) => {
      const file = join(server.dataDir, 'artifact.json')
      const version = { repositoryName: 'acme/web', sha, branch, event: 'push' }
      const items = [{ name: 'image', repository: 'registry.example.com/web', tag: sha }]
      writeFileSync(file, JSON.stringify({ id, version, items }))
      return gimlet('artifact', 'push', '-f', file, '--wait')
    }

    const first = await push('web-one', 'aaaaaaaa', 'main')
    expect(first.code).toBe(0)
    expect(first.stderr).toContain('web → staging')
    await push('web-feature', 'bbbbbbbb', 'feature/x')
    const denied = await gimlet('release', 'web-feature', 'production')
    expect(denied.code).toBe(3)
    expect(denied.stderr).toContain('staging')
    expect((await gimlet('release', 'web', 'production')).code).toBe(0)
    await push('web-two', 'cccccccc', 'main')
    const diff = await gimlet('diff', 'web', 'production')
    expect(diff.code).toBe(0)
    expect(diff.stdout).toContain('+          image: "registry.example.com/web:cccccccc"')
    expect((await gimlet('release', 'web', 'production')).code).toBe(0)
    expect((await gimlet('rollback', 'web', 'production')).code).toBe(0)
    const { stdout: status } = await gimlet('status', 'web', '--env', 'production', '-o', 'json')
    expect(JSON.parse(status).web.artifactId).toBe('web-one')
    const history = await gimlet('release', 'history', '--env', 'production', '--app', 'web')
    expect(history.stdout.split('\n')).toHaveLength(5)
    expect(history.stdout).toContain('rolled back')
    const explained = await gimlet('explain', 'web-feature')
    expect(explained.stdout).toContain('feature/x')
    expect((await gimlet('delete', 'web', 'production')).code).toBe(0)
    expect((await gimlet('rollback', 'web', 'production')).code).toBe(1)
  })

  it('plays the demo to its end', async () => {
    const { code, stdout } = await runToEnd([...program, 'demo'])
    expect(code).toBe(0)
    expect(stdout).toContain('[Gimlet] production/web rollback to')
    expect(stdout).toContain('denied')
  })
})
