import { isRefusal } from '../domain/fault.ts'
import type { Sources } from '../domain/sources.ts'
import { inWholeFolder } from '../domain/whole-folders.ts'
import {
  type Entry,
  isManifest,
  isPreview,
  type Manifest,
  type ManifestProblem,
  type PreviewManifest,
  problemOf,
  readManifest,
} from './manifest.ts'
import { parseYaml } from './parse-yaml.ts'

/** Every manifest of a folder, at most one for an app and environment, and what is wrong with the rest. */
export type ManifestSet = {
  readonly version: string
  readonly manifests: readonly Manifest[]
  /** Those that are for pull requests. */
  readonly previews: readonly PreviewManifest[]
  /** Those whose app has another name for each artifact. */
  readonly templated: readonly Manifest[]
  readonly problems: readonly ManifestProblem[]
}

/** Reads every YAML document of every `.yaml` and `.yml` file. Never throws: what is wrong is listed. */
export const loadManifests = (sources: Sources): ManifestSet => manifestLoader()(sources)

/** The same, for one who loads again and again: a file that has not changed is not parsed again. */
export function manifestLoader(): (sources: Sources) => ManifestSet {
  let known = new Map<string, { text: string; entries: readonly Entry[] }>()
  return (sources) => {
    const read = new Map<string, { text: string; entries: readonly Entry[] }>()
    // What a chart or a kustomization is made of is no manifest.
    const isPart = inWholeFolder(sources.files.keys())
    for (const [file, text] of [...sources.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!/\.ya?ml$/.test(file) || isPart(file)) continue
      const before = known.get(file)
      read.set(file, before?.text === text ? before : { text, entries: entriesOf(file, text) })
    }
    known = read
    return setOf(
      sources,
      [...read.values()].flatMap(({ entries }) => entries),
    )
  }
}

function setOf({ version, files }: Sources, entries: readonly Entry[]): ManifestSet {
  const groups = byTarget(entries.filter(isManifest))
  const clear = groups
    .flatMap((group) => (group.length === 1 ? group : []))
    .map((manifest) => (needsFiles(manifest) ? { ...manifest, files } : manifest))
  return {
    version,
    manifests: clear.filter((manifest) => !isPreview(manifest) && manifest.appTemplate === null),
    previews: clear.filter(isPreview),
    templated: clear.filter(({ appTemplate }) => appTemplate !== null),
    problems: [...entries.filter(isProblem), ...groups.flatMap(ambiguity)],
  }
}

const needsFiles = ({ chart, kustomize }: Manifest): boolean => chart !== null || kustomize !== null

const isProblem = (entry: Entry): entry is ManifestProblem => !isManifest(entry)

function entriesOf(file: string, text: string): readonly Entry[] {
  const documents = parseYaml(text)
  // Without its YAML nothing says which app a file is about: it could be any.
  if (isRefusal(documents)) return [problemOf({ file, message: documents.message })]
  return documents
    .filter(({ value }) => value !== null)
    .map((document) =>
      document.value instanceof Map
        ? readManifest(Object.fromEntries(document.value), {
            file,
            written: { source: text, document },
          })
        : problemOf({ file, message: 'must be a mapping with app, env and manifests' }),
    )
}

function byTarget(manifests: readonly Manifest[]): readonly (readonly Manifest[])[] {
  const groups = new Map<string, Manifest[]>()
  for (const manifest of manifests) {
    const target = `${manifest.env}/${manifest.app}${isPreview(manifest) ? ' preview' : ''}`
    groups.set(target, [...(groups.get(target) ?? []), manifest])
  }
  return [...groups.values()]
}

/** Two manifests for one app and environment: none is used, because nothing says which one is meant. */
function ambiguity(group: readonly Manifest[]): readonly ManifestProblem[] {
  const [first] = group
  if (!first || group.length === 1) return []
  const { file, app, env } = first
  const files = [...new Set(group.map((manifest) => manifest.file))].join(' and ')
  const message = `app ${app} has more than one manifest for env ${env}, in ${files}; keep one`
  return [problemOf({ file, message, app, env })]
}
