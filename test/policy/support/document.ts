import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shippedFiles } from './policies.ts'

const doc = readFileSync(join(import.meta.dirname, '../../../docs/policies.md'), 'utf8')

/** Every policy in docs/policies.md. */
export const blocks = [...doc.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text)
/** The policies of the cookbook, by the heading that they stand under. */
export const documented = new Map(
  doc
    .split('\n### ')
    .slice(1)
    .map((section) => [
      section.split('\n')[0] ?? '',
      /```json\n([\s\S]*?)```/.exec(section)?.[1] ?? '',
    ]),
)
export const shipped = shippedFiles()
