import { join } from 'node:path'
import { loadPolicies } from '../policy/policy.ts'
import { problemsIn } from '../policy/proof.ts'
import { exitCodes } from './exit-codes.ts'
import { readPolicyFiles } from './policy-files.ts'
import type { Terminal } from './terminal.ts'

/** Checks a folder of policies as the server would read it; each problem is a line. */
export function policyCheck(folder: string, { out, err, paint }: Terminal): number {
  const sources = readPolicyFiles(folder)
  if (!sources) {
    err(paint.red(`There is no folder ${folder} to read policies from`))
    return exitCodes.usage
  }
  const policies = loadPolicies(sources)
  const { triggers, gates, objects, invalid } = policies
  for (const { file, pointer, message } of problemsIn(policies))
    out(`${join(folder, file)} ${pointer}: ${paint.red(message)}`)
  const counts = `${counted(triggers, 'trigger', 'triggers')}, ${counted(gates, 'gate', 'gates')} and ${counted(objects, 'object policy', 'object policies')} in ${folder}`
  const broken = counted(invalid, 'file', 'files')
  if (invalid.length > 0) err(paint.red(`${broken} cannot be used; ${counts} can`))
  else out(paint.green(`${counts}: all can be used`))
  return invalid.length > 0 ? exitCodes.failed : exitCodes.done
}

const counted = (all: readonly unknown[], one: string, many: string): string =>
  `${all.length} ${all.length === 1 ? one : many}`
