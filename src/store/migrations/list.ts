import { start } from './0001-start.ts'
import { controls } from './0002-controls.ts'
import { notifications } from './0003-notifications.ts'
import { github } from './0004-github.ts'
import { githubSurfaces } from './0005-github-surfaces.ts'
import { previews } from './0006-previews.ts'
import { githubChecks } from './0007-github-checks.ts'
import { repositoryNames } from './0008-repository-names.ts'
import { foreignCommits } from './0009-foreign-commits.ts'
import { leases } from './0010-leases.ts'
import { openByApp } from './0011-open-by-app.ts'
import { runningByRelease } from './0012-running-by-release.ts'
import { repositories } from './0013-repositories.ts'
import { resumed } from './0014-resumed.ts'
import { tokens } from './0015-tokens.ts'
import { health } from './0016-health.ts'
import { formerTokens } from './0017-former-tokens.ts'
import { keptSources } from './0018-kept-sources.ts'
import { seenBranches } from './0019-seen-branches.ts'
import { audit } from './0020-audit.ts'

export type Migration = { readonly number: number; readonly statements: readonly string[] }

/** Every migration in order. One that was released is never changed, only followed. */
export const migrations: readonly Migration[] = [
  { number: 1, statements: start },
  { number: 2, statements: controls },
  { number: 3, statements: notifications },
  { number: 4, statements: github },
  { number: 5, statements: githubSurfaces },
  { number: 6, statements: previews },
  { number: 7, statements: githubChecks },
  { number: 8, statements: repositoryNames },
  { number: 9, statements: foreignCommits },
  { number: 10, statements: leases },
  { number: 11, statements: openByApp },
  { number: 12, statements: runningByRelease },
  { number: 13, statements: repositories },
  { number: 14, statements: resumed },
  { number: 15, statements: tokens },
  { number: 16, statements: health },
  { number: 17, statements: formerTokens },
  { number: 18, statements: keptSources },
  { number: 19, statements: seenBranches },
  { number: 20, statements: audit },
]
