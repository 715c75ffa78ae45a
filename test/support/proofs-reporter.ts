import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import { proofsFolder } from './figures.ts'

/** Leaves what became of each test of a file, for `npm run proofs`; a later run of the file replaces it. */
export class ProofsReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const file = relative(process.cwd(), module.moduleId)
    const tests = [...module.children.allTests()].map((test) => ({
      name: test.fullName,
      state: test.result().state,
    }))
    const folder = join(proofsFolder, 'tests')
    mkdirSync(folder, { recursive: true })
    const name = `${module.project.name} ${file.replaceAll('/', ' ')}.json`
    writeFileSync(join(folder, name), JSON.stringify({ file, tests }))
  }
}
