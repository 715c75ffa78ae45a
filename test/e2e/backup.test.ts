import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createClient } from '@libsql/client'
import { afterEach, expect, test } from 'vitest'
import { posted } from '../support/builders.ts'
import { endPrograms, type Program, runToEnd, startProgram, until } from '../support/program.ts'
import { tempFolder } from '../support/temp-folder.ts'

afterEach(endPrograms)

const besides = 8

/** Posts artifacts as fast as they are taken, until it is told to stop; answers those that were. */
function load(server: Program) {
  const accepted: string[] = []
  let isOver = false
  const one = async (worker: number) => {
    for (let number = 0; !isOver; number++) {
      const id = `web-${worker}-${number}`
      const body = posted({ id, version: { message: id } })
      const { status } = await server.call('POST', '/api/artifact', body)
      if (status === 201) accepted.push(id)
    }
  }
  const all = Promise.all(Array.from({ length: besides }, (_, worker) => one(worker)))
  const stop = () => {
    isOver = true
    return all
  }
  return { accepted, stop }
}

async function artifactsIn(file: string): Promise<ReadonlySet<string>> {
  const client = createClient({ url: `file:${file}` })
  const { rows } = await client.execute('select id from artifacts')
  client.close()
  return new Set(rows.map(({ id }) => String(id)))
}

test('F21: a backup under load holds all that was acknowledged before it began, and is restored after a kill', async () => {
  const folder = await tempFolder()
  const dataDir = join(folder, 'data')
  for (const name of ['policies', 'manifests']) mkdirSync(join(folder, name))
  const settings = {
    POLICIES: join(folder, 'policies'),
    MANIFESTS: join(folder, 'manifests'),
    GIMLET_DATA_DIR: dataDir,
  }
  const gimlet = (...words: readonly string[]) =>
    runToEnd([process.execPath, resolve('dist/cli/gimlet.js'), ...words], settings)
  const server = await startProgram(dataDir, settings)
  const { accepted, stop } = load(server)
  const files: string[] = []
  for (const number of [1, 2, 3]) {
    await until(async () => accepted.length > number * 50)
    const before = [...accepted]
    const file = join(folder, `backup-${number}.db`)
    files.push(file)
    const made = await gimlet('backup', file, '--output', 'json')
    expect([made.code, made.stderr]).toEqual([0, ''])
    const held = await artifactsIn(file)
    expect(before.filter((id) => !held.has(id))).toEqual([])
    expect(JSON.parse(made.stdout).counts.artifacts).toBe(held.size)
  }
  const last = files.at(-1) ?? ''
  expect((await gimlet('restore', last)).stderr).toContain('stop it, then restore')
  await stop()
  await server.kill()
  const restored = await gimlet('restore', last, '--output', 'json')
  expect([restored.code, restored.stderr]).toEqual([0, expect.stringContaining('read ')])
  const held = await artifactsIn(last)
  const again = await startProgram(dataDir, settings)
  const [oldest] = held
  expect((await again.call('GET', `/api/artifacts/${oldest}`)).status).toBe(200)
  const { lost } = JSON.parse(restored.stdout) as { lost: { what: string; count: number }[] }
  const posts = accepted.filter((id) => !held.has(id)).length
  expect(lost).toEqual([expect.objectContaining({ what: 'artifact posted', count: posts })])
  await again.stop()
})
