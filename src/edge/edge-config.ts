import { type Config, type ConfigProblems, readConfig } from '../config.ts'
import { githubRepositoryAt } from '../domain/github-repository.ts'
import { websiteOf } from '../settings.ts'

/** A Worker has no folders: policies and manifests lie in the GitOps repository. */
const defaults = {
  POLICIES: 'gitops:policies',
  MANIFESTS: 'gitops:manifests',
  GITOPS_WRITER: 'github',
}

type Settings = Readonly<Record<string, string | undefined>>

/**
 * The settings of a Worker, out of its bindings; or a sentence for each that is wrong, is missing or
 * cannot be had there.
 */
export function edgeConfig(bindings: Readonly<Record<string, unknown>>): Config | ConfigProblems {
  const texts = Object.entries(bindings).filter(
    (binding): binding is [string, string] => typeof binding[1] === 'string' && binding[1] !== '',
  )
  const settings = { ...defaults, ...Object.fromEntries(texts) }
  // Read as if for git first: what GitHub's API needs is said here, where git is no way out.
  const read = readConfig({ ...settings, GITOPS_WRITER: 'git' }, null)
  const problems = [...refusals(settings), ...('problems' in read ? read.problems : [])]
  if (problems.length > 0) return { problems }
  const config = readConfig(settings, null)
  return 'problems' in config ? config : { ...config, setup: null }
}

/** What has to be there, and what a Worker has not, with the way out. */
function refusals(given: Settings): string[] {
  const isSet = (...keys: readonly string[]) => keys.every((key) => given[key] !== undefined)
  const folderOf = (key: 'POLICIES' | 'MANIFESTS') =>
    given[key]?.startsWith('gitops:')
      ? []
      : [
          `${key} is a folder of a machine; expected gitops:<folder>, a folder of the GitOps repository`,
        ]
  const protocol = given.GHE_PROTOCOL === 'http' ? 'http' : 'https'
  const website = websiteOf({ GHE_HOST: given.GHE_HOST, GHE_PROTOCOL: protocol })
  const unless = (isThere: boolean, sentence: string) => (isThere ? [] : [sentence])
  return [
    ...unless(
      /^(?:libsql|https?):/.test(given.GIMLET_DB_URL ?? ''),
      'GIMLET_DB_URL is no remote database; expected a libsql: or https: URL, since there is no disk',
    ),
    ...unless(
      isOnGithub(given.GITOPS_REPO, website),
      `GITOPS_REPO is ${isSet('GITOPS_REPO') ? 'no repository on GitHub' : 'not set'}; expected ${website}/<owner>/<name>`,
    ),
    ...unless(
      given.GITOPS_WRITER === 'github',
      'GITOPS_WRITER is not github; take it away: there is no git program',
    ),
    ...unless(
      isSet('GITOPS_TOKEN') || isSet('APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET'),
      'Nobody may commit; set APP_ID, PRIVATE_KEY and WEBHOOK_SECRET of the GitHub App, or GITOPS_TOKEN',
    ),
    ...unless(
      !isSet('GITOPS_SSH_KEY_FILE'),
      'GITOPS_SSH_KEY_FILE is set, and there is neither ssh nor a file; take it away',
    ),
    ...unless(
      !isSet('GITOPS_SIGNING_KEY_FILE'),
      'GITOPS_SIGNING_KEY_FILE is set, and there is no file; take it away: GitHub signs what its app commits',
    ),
    ...folderOf('POLICIES'),
    ...folderOf('MANIFESTS'),
    ...unless(
      isSet('GIMLET_ADMIN_TOKEN'),
      'GIMLET_ADMIN_TOKEN is not set; make one up: wrangler secret put GIMLET_ADMIN_TOKEN',
    ),
    ...unless(
      !isSet('SLACK_APP_TOKEN'),
      'SLACK_APP_TOKEN needs a connection that stays open; set SLACK_SIGNING_SECRET instead',
    ),
    ...Object.keys(given)
      .filter((key) => /^(?:HELM_|CHART_REPOSITORIES$)/.test(key))
      .map((key) => `${key} is set, and helm cannot run here; take it away, and ${viaFlux}`),
  ]
}

/** A website that is no address is told of as GHE_HOST. */
const isOnGithub = (address: string | undefined, website: string): boolean =>
  address !== undefined && (!URL.canParse(website) || githubRepositoryAt(address, website) !== null)

const viaFlux = 'write render: helmrelease into manifests with a chart: Flux renders them'
