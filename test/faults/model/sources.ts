import { createHash } from 'node:crypto'
import type { Sources } from '../../../src/domain/sources.ts'
import { manifest } from '../../support/builders.ts'

/** Policies or manifests as they would be read from a folder. */
export function sourcesOf(files: ReadonlyMap<string, string>): Sources {
  const digest = createHash('sha256').update(JSON.stringify([...files]))
  return { version: `sha256:${digest.digest('hex').slice(0, 16)}`, files }
}

/** The same sources for as long as the files are the same. */
export function keptSources(files: () => ReadonlyMap<string, string>): () => Sources {
  let last = sourcesOf(files())
  return () => {
    const now = sourcesOf(files())
    if (now.version !== last.version) last = now
    return last
  }
}

/** The manifest of an app's previews: each object has to have a name of its own. */
export const previewManifest = (extra: string): string =>
  manifest({ env: 'preview', extra: `${extra}preview: true\n` }).replace(
    'name: web',
    'name: "{{ .APP }}"',
  )
