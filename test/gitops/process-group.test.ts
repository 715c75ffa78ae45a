import { readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { delimiter, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gitIn } from '../../src/gitops/git.ts'
import { eventually } from '../support/eventually.ts'
import { programsOf } from '../support/processes.ts'
import { putScript, someonesGit, tempFolder } from '../support/temp.ts'

const gone = (folder: string) => eventually(() => expect(programsOf(folder)).toEqual([]))

/** A host that takes the connection and never says a word. */
async function silentHost(): Promise<string> {
  const host: Server = createServer(() => undefined)
  await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    host.closeAllConnections()
    host.close()
  })
  const address = host.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/gitops.git`
}

/** An ssh that connects to nobody, with a helper of its own. */
async function silentSsh(folder: string) {
  const script = '#!/bin/sh\ntrap "" INT\nsleep 1000 &\nsleep 1000\n'
  await putScript(folder, 'bin/ssh', script)
  return { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` }
}

/** Longer than a program takes to start or to say its next word on a slow machine. */
const silenceMs = 3_000

async function bare(environment: Readonly<NodeJS.ProcessEnv> = process.env) {
  const folder = await tempFolder()
  await someonesGit(folder, 'init', '--quiet', '--bare', '.')
  return { folder, git: gitIn(folder, environment, silenceMs) }
}

describe.skipIf(process.platform !== 'linux')('F11: a git that is silent for too long', () => {
  test('is ended with what it started, over HTTP', async () => {
    const { folder, git } = await bare()
    const url = await silentHost()
    const fetching = git(['fetch', url])
    await eventually(() => expect(programsOf(folder).join()).toContain('remote-http'))
    await expect(fetching).rejects.toMatchObject({ name: 'GitFailure' })
    await expect(fetching).rejects.toThrow('silent for 3 seconds')
    await gone(folder)
  })

  test('is ended with what it started, over ssh, also when that does not listen', async () => {
    const environment = await silentSsh(await tempFolder())
    const { folder, git } = await bare(environment)
    const fetching = git(['fetch', 'ssh://git@example.invalid/gitops.git'])
    await eventually(() => expect(programsOf(folder).join()).toContain('sleep'))
    await expect(fetching).rejects.toThrow('silent')
    await gone(folder)
  })

  test('takes its locks away first', async () => {
    const { folder, git } = await bare()
    await putScript(folder, 'hooks/reference-transaction', '#!/bin/sh\nsleep 1000\n')
    const tree = (await someonesGit(folder, 'hash-object', '-t', 'tree', '-w', '/dev/null')).trim()
    const commit = (await someonesGit(folder, 'commit-tree', '-m', 'x', tree)).trim()
    await expect(git(['update-ref', 'refs/heads/x', commit])).rejects.toThrow('silent')
    await gone(folder)
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    expect(left.filter((name) => name.endsWith('.lock'))).toEqual([])
  })

  test('is not one that goes on speaking', async () => {
    const { git, folder } = await bare()
    await putScript(folder, 'bin/ssh', '#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8; do echo $n >&2; sleep 0.5; done; exit 7\n') // biome-ignore format: one line
    await someonesGit(folder, 'config', 'core.sshCommand', join(folder, 'bin/ssh'))
    const fetching = git(['fetch', 'ssh://git@example.invalid/gitops.git'])
    await expect(fetching).rejects.not.toThrow('silent')
    await expect(fetching).rejects.toThrow('8')
  })
})
