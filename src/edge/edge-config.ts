import { type Config, type ConfigProblems, readConfig } from '../config.ts'

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
  const refused = refusals(settings)
  const config = readConfig({ ...settings, GITOPS_WRITER: 'github' }, null)
  if (!('problems' in config) && refused.length === 0) return { ...config, setup: null }
  const problems = 'problems' in config ? config.problems : []
  // Of the writer it would say that there is another one, which there is not here.
  const others = problems.filter((problem) => !problem.startsWith('GITOPS_WRITER'))
  return { problems: [...refused, ...others.map(withoutGit)] }
}

/** A problem without the advice to go by git. */
const withoutGit = (problem: string): string =>
  problem.replace(/[;,] or set (?:that|GITOPS_WRITER) to git$/, '')

/** What has to be there, and what a Worker has not, with the way out. */
function refusals(given: Settings): string[] {
  const isSet = (...keys: readonly string[]) => keys.every((key) => given[key] !== undefined)
  const folderOf = (key: 'POLICIES' | 'MANIFESTS') =>
    given[key]?.startsWith('gitops:')
      ? []
      : [
          `${key} is a folder of a machine; expected gitops:<folder>, a folder of the GitOps repository`,
        ]
  const unless = (isThere: boolean, sentence: string) => (isThere ? [] : [sentence])
  return [
    ...unless(
      /^(?:libsql|https?):/.test(given.GIMLET_DB_URL ?? ''),
      'GIMLET_DB_URL is no remote database; expected a libsql: or https: URL, since there is no disk',
    ),
    ...unless(
      isSet('GITOPS_REPO'),
      'GITOPS_REPO is not set; expected https://github.com/<owner>/<name>',
    ),
    ...unless(
      given.GITOPS_WRITER === 'github',
      'GITOPS_WRITER is not github; take it away: there is no git program',
    ),
    ...unless(
      isSet('GITOPS_TOKEN') || isSet('APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET'),
      'Nobody may commit; set APP_ID, PRIVATE_KEY and WEBHOOK_SECRET of the GitHub App, or GITOPS_TOKEN',
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

const viaFlux = 'write render: helmrelease into manifests with a chart: Flux renders them'
