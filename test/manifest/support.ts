import type { Artifact } from '../../src/domain/artifact.ts'
import { parseArtifact } from '../../src/domain/artifact.ts'
import { isRefusal, type Refusal } from '../../src/domain/fault.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'

/** A manifest around Kubernetes objects. */
export const manifestWith = (manifests: string, given: Partial<Manifest> = {}): Manifest => ({
  file: 'web/production.yaml',
  app: 'web',
  appTemplate: null,
  env: 'production',
  namespace: 'default',
  namespaces: null,
  validate: false,
  chart: null,
  values: '',
  render: 'helm',
  kustomize: null,
  strategicMergePatches: '',
  json6902Patches: [],
  files: null,
  repository: null,
  repositoryId: null,
  workflow: null,
  manifests,
  preview: null,
  deploy: [],
  cleanup: null,
  ...given,
})

/** A stored artifact from what CI posts, with the least that a version needs. */
export function artifactWith(body: Record<string, unknown>): Artifact {
  const { version, ...rest } = body
  const parsed = parseArtifact({
    version: { repositoryName: 'owner/web', sha: '017d995e', ...(version as object | undefined) },
    ...rest,
  })
  if (isRefusal(parsed)) throw new Error(parsed.message)
  return {
    ...parsed,
    id: parsed.id ?? 'web-017d995e',
    created: 0,
    version: { ...parsed.version, created: parsed.version.created ?? 0 },
  }
}

/** The sentence of a refusal; anything else fails the test. */
export function refusalOf(value: unknown | Refusal): string {
  if (!isRefusal(value)) throw new Error(`no refusal: ${String(value)}`)
  return value.message
}

/** The files of a rendered manifest; a refusal fails the test. */
export function filesOf(value: ReadonlyMap<string, string> | Refusal): Record<string, string> {
  if (isRefusal(value)) throw new Error(value.message)
  return Object.fromEntries(value)
}

const mebibyte = 1_048_576
const fill = (piece: string): string => piece.repeat(Math.floor(mebibyte / piece.length))

const levels = (count: number): string =>
  Array.from({ length: count }, (_, at) =>
    at === 0 ? '&a0 [x, x, x, x]' : `&a${at} [${`*a${at - 1}, `.repeat(4)}]`,
  )
    .map((level) => `- ${level}`)
    .join('\n')

/** Texts of at most 1 MiB that cost a careless reader its memory, its stack or its time. */
export const bombs: readonly { name: string; text: string }[] = [
  { name: 'nested lists', text: fill('[') },
  { name: 'nested mappings, which end the process without a limit', text: fill('{') },
  { name: 'nested block lists', text: fill('- ') },
  { name: 'nested explicit keys', text: fill('? ') },
  {
    name: 'nested block mappings',
    text: Array.from({ length: 1400 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
  },
  { name: 'aliases of aliases', text: levels(12) },
  {
    name: 'many anchors',
    text: Array.from({ length: 40_000 }, (_, at) => `- &a${at} x\n- *a${at}`).join('\n'),
  },
  { name: 'anchors on one node', text: fill('&a ') },
  { name: 'tags', text: fill('! ') },
  { name: 'quotes', text: fill('"') },
  { name: 'closing braces', text: fill('}') },
  { name: 'directives', text: fill('%\n') },
  { name: 'documents', text: fill('a\n---\n') },
  { name: 'document ends', text: fill('...\n') },
  { name: 'line ends', text: fill('\n') },
  { name: 'empty keys', text: fill('?\n') },
  { name: 'many keys', text: Array.from({ length: 90_000 }, (_, at) => `k${at}:`).join('\n') },
  { name: 'opening templates', text: `a: |\n${fill('  {{\n').slice(0, 1_000_000)}` },
  { name: 'templates', text: `a: |\n${fill('  {{ .x }}\n').slice(0, 1_000_000)}` },
  { name: 'more than 1 MiB', text: 'x'.repeat(mebibyte + 1) },
]
