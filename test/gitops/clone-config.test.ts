import { existsSync } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openClone } from '../../src/gitops/clone.ts'
import { newWriter, putScript, tempFolder } from '../support/temp.ts'

/** A server whose ssh writes down how it was called. */
async function recorded(data: string, sshKeyFile?: string) {
  const folder = await tempFolder()
  const record = join(folder, 'record')
  await putScript(folder, 'bin/ssh', `#!/bin/sh\nprintf '%s\\n' "$@" >>${record}\nexit 255\n`)
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env.PATH}`
  const dataDir = join(folder, data)
  await mkdir(dataDir, { recursive: true })
  const remote = { url: 'ssh://git@example.invalid/gitops.git', branch: 'main', sshKeyFile }
  const git = await openClone(join(dataDir, 'clone.git'), remote, { ...process.env, PATH })
  const refused = newWriter(git, remote.url).refresh()
  await expect(refused).rejects.toMatchObject({ code: 'gitops_unreachable' })
  return { dataDir, args: (await readFile(record, 'utf8')).split('\n') }
}

describe('ssh', () => {
  test('keeps one connection, whose socket only the server may reach', async () => {
    const { args, dataDir } = await recorded('data', '/keys/it’s mine')
    expect(args).toContain('ControlMaster=auto')
    expect(args).toContain(`ControlPath="${join(dataDir, 'ssh')}/%C"`)
    expect(args).toContain('/keys/it’s mine')
    expect((await stat(join(dataDir, 'ssh'))).mode & 0o777).toBe(0o700)
  })

  test('connects anew each time when the path is too long for a socket', async () => {
    const { args, dataDir } = await recorded('a-long-folder-name/'.repeat(6))
    expect(args).toContain('BatchMode=yes')
    expect(args.join()).not.toContain('Control')
    expect(existsSync(join(dataDir, 'ssh'))).toBe(false)
  })
})
