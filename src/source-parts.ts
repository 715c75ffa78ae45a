import type { Config } from './config.ts'
import type { Sha } from './domain/names.ts'
import type { Sources } from './domain/sources.ts'
import type { ReadSources } from './gitops/source-paths.ts'
import type { GitopsAccess } from './gitops-access.ts'
import { type ManifestSet, manifestLoader } from './manifest/manifest-set.ts'
import { loadPolicies, type PolicySet } from './policy/policy.ts'
import { mayBeOld, namesOfNow } from './release/names-of-now.ts'
import type { Place } from './settings.ts'
import type { ReleaseStore } from './store/releases.ts'
import type { RepositoryNameStore } from './store/repository-names.ts'

/** How policies and manifests are read from where they lie. */
export type ReadPlace = (place: Place) => ReadSources

type Given = {
  /** Reads a folder of this machine, or of the GitOps repository. */
  readonly read: ReadPlace
  readonly releases: Pick<ReleaseStore, 'bindings'>
  readonly names: RepositoryNameStore
}

/** Policies and manifests as a tip has them. */
export function sourceParts(config: Config, { read, releases, names }: Given) {
  const manifests = parsedOnce(read(config.manifests), manifestLoader())
  // Who is called what is known from GitHub only.
  const isNamed = config.github !== null
  return {
    policies: parsedOnce<PolicySet>(read(config.policies), loadPolicies),
    manifests: async (tip: Sha): Promise<ManifestSet> => {
      const set = await manifests(tip)
      if (!isNamed) return set
      const known = await names.names()
      // The bindings are many, and needed only where a repository was renamed.
      return mayBeOld(set, known) ? namesOfNow(set, known, await releases.bindings()) : set
    },
  }
}

/** Policies that lie in the GitOps repository can be proposed there, in pull requests. */
export const proposedOf = (
  { policies: { kind, folder } }: Config,
  { proposed }: Pick<GitopsAccess, 'proposed'>,
) => (kind === 'branch' ? { folder, read: proposed(folder) } : null)

/** Reads sources as often as it is asked to, and parses them again only when they changed. */
function parsedOnce<T>(
  read: (tip: Sha) => Promise<Sources>,
  parse: (sources: Sources) => T,
): (tip: Sha) => Promise<T> {
  let last: { sources: Sources; parsed: T } | undefined
  return async (tip) => {
    const sources = await read(tip)
    if (last?.sources !== sources) last = { sources, parsed: parse(sources) }
    return last.parsed
  }
}
