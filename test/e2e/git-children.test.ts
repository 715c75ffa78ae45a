import { delimiter, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { programsOf } from '../support/processes.ts'
import { endPrograms, startProgram } from '../support/program.ts'
import { putScript, tempFolder } from '../support/temp.ts'

afterEach(endPrograms)

test.skipIf(process.platform !== 'linux')(
  'F11: a server that is told to stop while the git host hangs leaves no git behind',
  async () => {
    const folder = await tempFolder()
    await putScript(folder, 'bin/ssh', '#!/bin/sh\ntrap "" INT\nsleep 1000 &\nsleep 1000\n')
    const dataDir = join(folder, 'data')
    const program = await startProgram(dataDir, {
      PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
      GITOPS_REPO: 'ssh://git@example.invalid/gitops.git',
    })
    const asked = fetch(`${program.url}/readyz`).catch(() => undefined)
    const clone = join(dataDir, 'clone.git')
    await eventually(() => expect(programsOf(clone).join()).toContain('sleep'))
    expect(await program.stop()).toBe(0)
    await eventually(() => expect(programsOf(clone)).toEqual([]))
    await asked
  },
)
