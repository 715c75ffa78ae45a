import type { Config } from '../config.ts'
import { Fault } from '../domain/fault.ts'
import { loadManifests } from '../manifest/manifest-set.ts'
import { type Check, fine, warning, wrong } from './check.ts'
import { type AskedInstallations, type Installed, installationOf } from './github-installations.ts'
import type { Environment } from './settings.ts'
import { sourcesOf } from './sources.ts'

type Of = { readonly config: Config; readonly environment: Environment }

/** Looks whether the app is installed in the repositories that manifests name. */
export async function repositoryChecks(of: Of, asked: AskedInstallations): Promise<Check[]> {
  // Where the app is installed is told as not known already.
  if (asked.kind !== 'known') return []
  try {
    const sources = await sourcesOf('manifests', of)
    if (sources === null)
      return [
        warning(
          'repositories',
          'are named by manifests in the GitOps repository, which the server gets when it starts; start it',
        ),
      ]
    const { manifests, previews, templated } = loadManifests(sources)
    const names = [...manifests, ...previews, ...templated].flatMap(
      ({ repository }) => repository ?? [],
    )
    return namedChecks(asked, withOwner(names))
  } catch (error) {
    const why = error instanceof Fault ? error.message : 'something broke'
    return [wrong('repositories', `the manifests could not be read (${why}); correct MANIFESTS`)]
  }
}

/** Each once, whatever its case; a name without owner could be anyone's. */
const withOwner = (names: readonly string[]): string[] => [
  ...new Map(
    names.filter((name) => name.includes('/')).map((name) => [name.toLowerCase(), name]),
  ).values(),
]

function namedChecks(asked: Installed, names: readonly string[]): Check[] {
  if (names.length === 0)
    return [
      warning(
        'repositories',
        'no manifest names one, so each app belongs to the repository of its name; write repository: owner/name into the manifests',
      ),
    ]
  const absent = names.filter((name) => installationOf(asked, name) === undefined)
  if (absent.length === 0)
    return [
      fine('repositories', `the app is installed in all that manifests name: ${names.join(', ')}`),
    ]
  return absent.map((name) =>
    warning(
      'repositories',
      asked.isComplete
        ? `the app is not installed in ${name}, which a manifest names; add it to the installation, or correct the manifest`
        : `whether the app is installed in ${name} is not known: not all repositories were looked at; look in the settings of the installation`,
    ),
  )
}
