import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sources } from '../domain/sources.ts'

/** The policies of a folder and their tests; `null` when there is no such folder. */
export function readPolicyFiles(folder: string): Sources | null {
  const listed = (path: string): string[] =>
    readdirSync(join(folder, path), { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.json'))
      .map(({ name }) => join(path, name))
  try {
    const hasTests = readdirSync(folder).includes('tests')
    const paths = [...listed(''), ...(hasTests ? listed('tests') : [])]
    const files = new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
    return { version: folder, files }
  } catch {
    return null
  }
}
