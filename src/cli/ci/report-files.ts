import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Refusal, refuse } from '../../domain/fault.ts'

/** What is larger is no report of one build. */
const fileBytesMax = 64 * 1_048_576
const filesMax = 5_000

/** The text of a file that a flag names. */
export function textIn(path: string): string | Refusal {
  try {
    const { size } = statSync(path)
    if (size > fileBytesMax)
      return refuse('invalid', `${path} is larger than ${fileBytesMax / 1_048_576} MiB`)
    return readFileSync(path, 'utf8')
  } catch {
    return refuse('invalid', `There is no file ${path} to read`)
  }
}

/** The file itself, or the files of a folder with this ending, however deep. */
export function reportsIn(path: string, ending: string): readonly string[] | Refusal {
  try {
    if (!statSync(path).isDirectory()) return [path]
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith(ending))
      .sort()
    if (files.length === 0 || files.length > filesMax)
      return refuse('invalid', `${path} must hold 1 to ${filesMax} files that end in ${ending}`)
    return files.map((file) => join(path, file))
  } catch {
    return refuse('invalid', `There is no file ${path} to read`)
  }
}
