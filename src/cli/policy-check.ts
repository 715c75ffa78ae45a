import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPolicies } from '../policy/policy.ts'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Checks a folder of policies as the server would read it; each problem is a line. */
export function policyCheck(folder: string, { out, err, paint }: Terminal): number {
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  } catch {
    err(paint.red(`There is no folder ${folder} to read policies from`))
    return exitCodes.usage
  }
  const files = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  const { triggers, gates, invalid } = loadPolicies({ version: folder, files })
  for (const { file, problems } of invalid)
    for (const { pointer, message } of problems)
      out(`${join(folder, file)} ${pointer}: ${paint.red(message)}`)
  const counts = `${triggers.length} triggers and ${gates.length} gates in ${folder}`
  if (invalid.length > 0) err(paint.red(`${invalid.length} files cannot be used; ${counts} can`))
  else out(paint.green(`${counts}: all can be used`))
  return invalid.length > 0 ? exitCodes.failed : exitCodes.done
}
